import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../../src/index.ts'
import { installSql, tableVersions } from '../../src/integrations/postgres.ts'
import { type RunningPostgres, startPostgres } from '../support/example-postgres.ts'

let server: RunningPostgres
let admin: pg.Pool
const ends: (() => Promise<unknown>)[] = []

/** What a request asks by. */
interface Database {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
  /** Takes a connection, and gives what gives it back. */
  take(): Promise<() => void>
}

function openPg(max: number, connectionTimeoutMillis = 1000): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.url, max, connectionTimeoutMillis })
  pool.on('error', () => {}) // what is asked of it next says what is wrong
  pool.on('connect', (client) => client.on('error', () => {})) // also of one that is taken, and idle
  ends.push(() => pool.end())
  return pool
}

function openPool(max: number): Database {
  const pool = openPg(max)
  const take = async () => {
    const client = await pool.connect()
    return () => client.release()
  }
  return { query: (text, values) => pool.query(text, values), take }
}

function openPostgresJs(max: number): Database {
  const sql = postgres(server.url, { max, backoff: false })
  ends.push(() => sql.end({ timeout: 0 })) // it would wait for connections that it has lost
  const take = async () => {
    const reserved = await sql.reserve()
    return () => reserved.release()
  }
  return { query: async (text, values) => ({ rows: await sql.unsafe(text, values as never[]) }), take }
}

beforeAll(async () => {
  server = await startPostgres()
  admin = openPg(5)
})

afterAll(async () => {
  await Promise.all(ends.map((end) => end()))
  await server.stop()
})

beforeEach(async () => {
  await admin.query('drop table if exists flights; create table flights (delay int); insert into flights values (1)')
  await admin.query(installSql(['flights']))
})

/** Requests that call a cached function, whose load may be told to hang. */
function serviceOf(database: Database, timeout?: number) {
  const service = { hangs: false }
  const tables = tableVersions(database, ['flights'], { timeout })
  const load = async () => {
    const { rows } = await database.query('select delay, pg_sleep($1) from flights', [service.hangs ? 30 : 0])
    return (rows as { delay: number }[])[0]?.delay
  }
  const flights = versionedLruCache(load, { name: 'flights', version: tables.of(() => 'flights') })
  const request = () => runInSession(() => flights())
  const requests = (count: number) => Promise.allSettled(Array.from({ length: count }, request))
  return Object.assign(service, { flights, tables, request, requests })
}

/** Ends the connections that wait for this, as soon as there are any. */
async function kill(waitsFor: 'Lock' | 'Timeout'): Promise<void> {
  const query = 'select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = $1'
  await expect.poll(async () => (await admin.query(query, [waitsFor])).rowCount).toBeGreaterThan(0)
}

/** While it works, no version can be read: checks hang. */
async function whileChecksHang(work: () => Promise<void>): Promise<void> {
  const client = await admin.connect()
  try {
    await client.query('begin; lock table versioned_lru_cache.shards in access exclusive mode')
    await work()
  } finally {
    await client.query('rollback')
    client.release()
  }
}

const CUT = /terminat|closed|reset|ECONN/i // each client has words of its own

/** That it works needs no restart; `postgres` may give the error of a lost connection to one more query. */
async function worksAgain({ request, flights, tables }: ReturnType<typeof serviceOf>): Promise<void> {
  await expect.poll(() => request().catch(String)).toBe(1)
  expect(flights.stats()).toMatchObject({ runningLoads: 0, runningChecks: 0 })
  expect(tables.stats()).toMatchObject({ runningChecks: 0 })
}

const failures = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((each) => (each.status === 'rejected' ? each.reason : each.value))

describe.each([
  ['a pool of pg', openPool],
  ['a client of postgres', openPostgresJs],
] as const)('every call settles, with the cause, and afterwards it works again: %s', (_name, open) => {
  it('a load whose connection is killed fails all who wait for it', async () => {
    const service = serviceOf(open(5))
    service.hangs = true
    const waiting = service.requests(5)
    await kill('Timeout')
    for (const failure of failures(await waiting)) expect(String(failure)).toMatch(CUT)
    expect(service.flights.stats()).toMatchObject({ loads: 1, loadErrors: 1, shared: 4 })
    service.hangs = false
    await worksAgain(service)
  })

  it('a check whose connection is killed fails all who wait for it, and those who asked later are checked anew', async () => {
    const service = serviceOf(open(5))
    let later: Promise<PromiseSettledResult<unknown>[]> | undefined
    await whileChecksHang(async () => {
      const waiting = service.requests(5)
      await expect.poll(() => service.tables.stats().runningChecks).toBe(1)
      later = service.requests(5)
      await kill('Lock')
      for (const failure of failures(await waiting)) expect(String(failure)).toMatch(CUT)
    })
    expect(new Set(failures((await later) ?? [])).size).toBe(1) // what one check gave
    await worksAgain(service)
    expect(service.tables.stats().checks).toBeLessThanOrEqual(4)
  })

  it('a check that hangs is cut off, for all who wait', async () => {
    const service = serviceOf(open(5), 50)
    await whileChecksHang(async () => {
      for (const failure of failures(await service.requests(5))) {
        expect(failure).toMatchObject({
          code: 'ERR_VERSION_TIMEOUT',
          message: expect.stringContaining('postgres tables did not answer for ("flights") within 50 ms'),
        })
      }
    })
    await worksAgain(service)
  })

  it('no free connection: the check is cut off', async () => {
    const database = open(1)
    const service = serviceOf(database, 50)
    const giveBack = await database.take()
    for (const failure of failures(await service.requests(5))) {
      expect(failure).toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
    }
    giveBack()
    await worksAgain(service)
  })

  it('a server that is restarted while checks and loads run', async () => {
    const [loading, checking] = [serviceOf(open(5)), serviceOf(open(5))]
    loading.hangs = true
    const loads = loading.requests(5)
    await expect.poll(() => loading.flights.stats().runningLoads).toBe(1)
    const lock = await admin.connect()
    lock.on('error', () => {})
    await lock.query('begin; lock table versioned_lru_cache.shards in access exclusive mode')
    const checks = checking.requests(5)
    await expect.poll(() => checking.tables.stats().runningChecks).toBe(1)
    await server.restart()
    for (const failure of failures([...(await loads), ...(await checks)])) expect(String(failure)).toMatch(CUT)
    lock.release(true)
    loading.hangs = false
    await worksAgain(loading)
    await worksAgain(checking)
  })
})

describe('a pool that gives up by itself', () => {
  it('says so in the error of the check', async () => {
    const pool = openPg(1, 50)
    const taken = await pool.connect()
    const service = serviceOf({ query: (text, values) => pool.query(text, values), take: async () => () => {} })
    await expect(service.request()).rejects.toThrow('timeout exceeded when trying to connect')
    taken.release()
    await worksAgain(service)
  })
})
