import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { counter, currentSession, detached, runInSession, versionedLruCache } from '../../src/index.ts'
import { installSql, runInSnapshot, snapshotClient, tableVersions } from '../../src/integrations/postgres.ts'
import { type RunningPostgres, startPostgres } from '../support/example-postgres.ts'
import { gate } from '../support/gate.ts'

let server: RunningPostgres
let pool: pg.Pool
const ends: (() => Promise<unknown>)[] = []

function poolOf(options: pg.PoolConfig = {}): pg.Pool {
  const made = new pg.Pool({ connectionString: server.url, ...options })
  made.on('error', () => {})
  made.on('connect', (client) => client.on('error', () => {}))
  ends.push(() => made.end())
  return made
}

beforeAll(async () => {
  server = await startPostgres()
  pool = poolOf()
})

afterAll(async () => {
  await Promise.all(ends.map((end) => end()))
  await server.stop()
})

const SCHEMA = `
drop table if exists flights, airports;
create table flights (id int primary key, delay int);
create table airports (id int primary key, delay int);
insert into flights values (1, 1);
insert into airports values (1, 1)`

beforeEach(async () => {
  await pool.query(SCHEMA)
  await pool.query(installSql(['flights', 'airports']))
})

const WRITE = 'with a as (update airports set delay = delay + 1) update flights set delay = delay + 1'

/** Two cached functions over two tables, which a writer moves together. */
function functionsOf(database = pool, before: () => unknown = () => undefined) {
  const db = snapshotClient(database)
  const tables = tableVersions(database, ['flights', 'airports'])
  const read = (table: string) => async () => {
    await before()
    return (await db.query(`select delay from ${table}`)).rows[0].delay as number
  }
  const flights = versionedLruCache(read('flights'), { version: tables.of(() => 'flights') })
  const airports = versionedLruCache(read('airports'), { version: tables.of(() => 'airports') })
  return { db, tables, flights, airports }
}

describe('a session in a snapshot', () => {
  it('sees one state, whatever is written meanwhile', async () => {
    const { flights, airports } = functionsOf()
    await runInSnapshot(pool, async () => {
      expect(await flights()).toBe(1)
      await pool.query(WRITE)
      expect(await airports()).toBe(1)
      expect(currentSession()?.versions()).toHaveLength(2)
    })
    expect([await flights(), await airports()]).toEqual([2, 2])
  })

  it('sees the state of its beginning, also where nothing was asked before the write', async () => {
    const { flights } = functionsOf()
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect(await flights()).toBe(1)
    })
    await runInSnapshot(pool, async () => expect(await flights()).toBe(2))
  })

  it('is given what a snapshot of the same versions has loaded, and so is any other session', async () => {
    const { flights } = functionsOf()
    for (let turn = 0; turn < 3; turn++) await runInSnapshot(pool, flights)
    await flights()
    expect(flights.stats()).toMatchObject({ loads: 1, hits: 3 })
  })

  it('is not given what was loaded outside of a snapshot, which may be newer than its version', async () => {
    const opened = gate()
    let isLate = true
    const { flights } = functionsOf(pool, () => isLate && opened.promise)
    await runInSnapshot(pool, async () => {
      const outside = detached(() => flights()) // reads the version that the snapshot sees
      await expect.poll(() => flights.stats().runningLoads).toBe(1)
      await pool.query(WRITE)
      isLate = false
      const own = flights()
      await expect.poll(() => flights.stats().loads + flights.stats().shared).toBe(2)
      opened.open()
      expect([await outside, await own]).toEqual([2, 1])
    })
    expect(flights.stats()).toMatchObject({ loads: 2, shared: 0 })
  })

  it('is not given such an output when it is kept, either', async () => {
    let write: (() => Promise<unknown>) | undefined = () => pool.query(WRITE)
    const { flights } = functionsOf(pool, () => write?.())
    await runInSnapshot(pool, async () => {
      expect(await detached(() => flights())).toBe(2)
      write = undefined
      expect(await flights()).toBe(1)
    })
    expect(flights.stats()).toMatchObject({ loads: 2, hits: 0 })
  })

  it('keeps nothing in place of what is newer', async () => {
    const { flights } = functionsOf()
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect(await detached(() => flights())).toBe(2)
      expect(await flights()).toBe(1)
    })
    expect(await flights()).toBe(2)
    expect(flights.stats()).toMatchObject({ loads: 2, overtaken: 1, hits: 1 })
  })

  it('makes outputs as old as the snapshot is', async () => {
    const { tables, db } = functionsOf()
    const load = async () => (await db.query('select 1')).rowCount
    const brief = versionedLruCache(load, { version: tables.of(() => 'flights'), ttl: 40 })
    await runInSnapshot(pool, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await brief()
    })
    await brief()
    expect(brief.stats()).toMatchObject({ loads: 2, expired: 1 })
  })

  it('is served nothing stale', async () => {
    const { tables, db } = functionsOf()
    const load = async () => (await db.query('select delay from flights')).rows[0].delay
    const flights = versionedLruCache(load, { version: tables.of(() => 'flights'), staleWhileRevalidate: 60_000 })
    await flights()
    await pool.query(WRITE)
    expect(await runInSnapshot(pool, flights)).toBe(2)
  })

  it('reads the versions of ten functions by one query', async () => {
    const { tables, db } = functionsOf()
    const version = [tables.of(() => 'flights'), tables.of(() => 'airports')]
    const load = async (index: number) => index
    const functions = Array.from({ length: 10 }, () => versionedLruCache(load, { version }))
    await runInSnapshot(pool, async () => {
      await Promise.all(functions.map((run, index) => run(index)))
      await Promise.all(functions.map((run, index) => run(index)))
    })
    expect(tables.stats().checks).toBe(1)
    expect(await db.query('select 1')).toMatchObject({ rowCount: 1 })
  })

  it('has batches of its own: what it sees, nobody else is given', async () => {
    const { tables } = functionsOf()
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      const [own, others] = await Promise.all([tables('flights'), detached(() => tables('flights'))])
      expect(own).not.toBe(others)
    })
  })
})

describe('what is outside of a snapshot', () => {
  it('a function that also goes by another source, by a function of its own, or by none', async () => {
    const { tables, db } = functionsOf()
    const load = async (): Promise<number> => (await db.query('select delay from flights')).rows[0].delay
    const notes = counter({ name: 'notes' })
    const both = versionedLruCache(load, { version: [tables.of(() => 'flights'), notes.of(() => undefined)] as never })
    const own = versionedLruCache(load, { version: load })
    const bare = versionedLruCache(load, {})
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect([await both(), await own(), await bare()]).toEqual([2, 2, 2])
      expect(currentSession()?.versions()).toContainEqual({ source: 'load', key: '()', version: 2 })
    })
  })

  it('a version function that others wait for as well', async () => {
    const { db } = functionsOf()
    const checked = gate()
    const version = async () => {
      await checked.promise
      return (await db.query('select delay from flights')).rows[0].delay
    }
    const own = versionedLruCache(async () => 'loaded', { version })
    await runInSnapshot(pool, async () => {
      const first = detached(() => own())
      const inSnapshot = own()
      const follower = detached(() => own())
      await pool.query(WRITE)
      checked.open()
      await Promise.all([first, inSnapshot, follower])
      expect(currentSession()?.versions()).toMatchObject([{ version: 2 }])
    })
  })

  it('a sync version function stays sync, and one that fails is asked again', async () => {
    let fails = true
    const version = () => {
      if (fails) throw new Error('broken')
      return 1
    }
    const own = versionedLruCache(() => 'loaded', { version })
    await runInSnapshot(pool, () => {
      expect(() => own()).toThrow('broken')
      fails = false
      expect(own()).toBe('loaded')
    })
  })

  it('another session that begins in it, and what is detached', async () => {
    const { flights, db } = functionsOf()
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect(await runInSession(flights)).toBe(2)
      expect(await detached(() => db.query('select delay from flights'))).toMatchObject({ rows: [{ delay: 2 }] })
      expect(await runInSnapshot(pool, flights)).toBe(2)
      expect(await flights()).toBe(1)
    })
  })

  it('another database', async () => {
    const { flights } = functionsOf()
    const other = poolOf()
    await runInSnapshot(other, async () => {
      await pool.query(WRITE)
      expect(await flights()).toBe(2)
    })
  })

  it('a load of such a function, but not what that calls', async () => {
    const { flights } = functionsOf()
    const current = async () => (await pool.query('select delay from flights')).rows[0]?.delay
    const page = versionedLruCache(async () => [await flights(), await current()], { version: () => 'v1' })
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect(await page()).toEqual([1, 2])
      expect(await flights()).toBe(1)
    })
    expect(await page()).toEqual([2, 2])
  })
})

describe('the end of a snapshot', () => {
  it('waits for loads that it began, for which others may wait too', async () => {
    const opened = gate()
    const { flights } = functionsOf(pool, () => opened.promise)
    let follower: Promise<number> | undefined
    const whole = runInSnapshot(pool, async () => {
      void flights().catch(() => undefined)
      await expect.poll(() => flights.stats().runningLoads).toBe(1)
      follower = detached(() => flights())
      await expect.poll(() => flights.stats().shared).toBe(1)
      setTimeout(opened.open) // when this function has thrown
      throw new Error('gave up')
    })
    await expect(whole).rejects.toThrow('gave up')
    expect(await follower).toBe(1)
  })

  it('waits for checks on which loads follow', async () => {
    const { flights } = functionsOf()
    let abandoned: Promise<number> | undefined
    await runInSnapshot(pool, async () => {
      abandoned = flights()
    })
    expect(await abandoned).toBe(1)
  })

  it('is an error for what comes later', async () => {
    const { db, flights } = functionsOf()
    const late = gate()
    const outcomes: Promise<unknown>[] = []
    await runInSnapshot(pool, () => {
      outcomes.push(
        late.promise.then(() => db.query('select 1')),
        late.promise.then(() => flights()),
      )
    })
    late.open()
    for (const outcome of outcomes) await expect(outcome).rejects.toMatchObject({ code: 'ERR_INVALID_SESSION' })
  })

  it('gives the connection back, also after an error', async () => {
    const one = poolOf({ max: 1 })
    const { db } = functionsOf(one)
    for (const sql of ['select 1', 'select nonsense', 'insert into flights values (9, 9)']) {
      await runInSnapshot(one, () => db.query(sql)).catch(() => undefined)
      expect(one).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 })
    }
    expect(await one.query('insert into flights values (8, 8)')).toMatchObject({ rowCount: 1 })
  })
})

describe('when something fails in a snapshot', () => {
  it('a query that fails leaves the others as they are', async () => {
    const { db } = functionsOf()
    await runInSnapshot(pool, async () => {
      const [wrong, right] = await Promise.allSettled([db.query('select nonsense'), db.query('select 1 as one')])
      expect(wrong).toMatchObject({ reason: { code: '42703' } })
      expect(right).toMatchObject({ value: { rows: [{ one: 1 }] } })
      await pool.query(WRITE)
      expect((await db.query('select delay from flights')).rows).toEqual([{ delay: 1 }])
    })
  })

  it('a query that writes is refused', async () => {
    const { db } = functionsOf()
    await runInSnapshot(pool, async () => {
      await expect(db.query(WRITE)).rejects.toMatchObject({ code: '25006' })
    })
  })

  it('a connection that is killed', async () => {
    const { db, flights } = functionsOf()
    const killed = runInSnapshot(pool, async () => {
      const [{ pid }] = (await db.query('select pg_backend_pid() as pid')).rows
      await pool.query('select pg_terminate_backend($1)', [pid])
      return flights()
    })
    await expect(killed).rejects.toThrow(/terminat|connection/i)
    expect(await runInSnapshot(pool, flights)).toBe(1)
  })

  it('a server that is restarted in the middle', async () => {
    const { flights } = functionsOf()
    const cut = runInSnapshot(pool, async () => {
      await server.restart()
      return flights()
    })
    await expect(cut).rejects.toThrow(/terminat|connection/i)
    expect(await runInSnapshot(pool, flights)).toBe(1)
  })

  it('a query that hangs: the check is cut off, and the connection closed', async () => {
    const one = poolOf({ max: 1 })
    const { db } = functionsOf(one)
    const tables = tableVersions(one, ['flights'], { timeout: 50 })
    const hung = runInSnapshot(one, async () => {
      db.query('select pg_sleep(30)').catch(() => undefined)
      await tables('flights')
    })
    await expect(hung).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
    expect(await one.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'")
  })

  it('a load that hangs, and that its function does not wait for: it ends in time, and with it the connection', async () => {
    const one = poolOf({ max: 1 })
    const { db, tables } = functionsOf(one)
    const slow = versionedLruCache(async () => db.query('select pg_sleep(30)'), { version: tables.of(() => 'flights') })
    let load: Promise<unknown> | undefined
    const ended = runInSnapshot(
      one,
      async () => {
        load = slow()
        load.catch(() => undefined)
        await expect.poll(() => slow.stats().runningLoads).toBe(1)
        return 'ended'
      },
      { timeout: 100 },
    )
    expect(await ended).toBe('ended')
    await expect(load).rejects.toThrow()
    expect(await one.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'")
  })

  it('no free connection: it says so in time, and takes none later', async () => {
    const one = poolOf({ max: 1 })
    const taken = await one.connect()
    const late = runInSnapshot(one, () => 'never', { timeout: 50 })
    await expect(late).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT', message: expect.stringContaining('50 ms') })
    taken.release()
    expect(await runInSnapshot(one, () => 'now')).toBe('now')
    expect(one).toMatchObject({ totalCount: 1, idleCount: 1 })
  })

  it('a pool that fails', async () => {
    const broken = poolOf({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
    await expect(runInSnapshot(broken, () => 'never')).rejects.toThrow('ECONNREFUSED')
  })

  it.each([undefined, '55000'])('a server that takes no snapshot, with the code %s', async (code) => {
    const client = {
      query: () => Promise.reject(Object.assign(new Error('no snapshot'), { code })),
      on: () => undefined,
      off: () => undefined,
      release: () => undefined,
    }
    await expect(runInSnapshot({ connect: async () => client, query: () => undefined }, () => 'never')).rejects.toThrow(
      'no snapshot',
    )
  })

  /** A pool whose server leaves a statement without an answer until the connection is closed. */
  function silentAt(statement: string) {
    const released = gate<boolean | undefined>()
    const asked = gate()
    const release = (isBroken?: boolean): void => {
      released.open(isBroken)
      asked.fail(new Error('closed'))
    }
    const query = async (sql: string) => (sql.startsWith(statement) ? asked.promise : undefined)
    const client = { query, on: () => undefined, off: () => undefined, release }
    return { connect: async () => client, query: () => undefined, released: released.promise }
  }

  it('a server that does not answer when it is to take one', async () => {
    const database = silentAt('begin')
    const late = runInSnapshot(database, () => 'never', { timeout: 50 })
    await expect(late).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
    expect(await database.released).toBe(true)
  })

  it('a server that does not answer when it is to end one', async () => {
    const database = silentAt('commit')
    expect(await runInSnapshot(database, () => 'done', { timeout: 50 })).toBe('done')
    expect(await database.released).toBe(true)
  })
})

describe('other clients', () => {
  it('PGlite', async () => {
    const lite = await PGlite.create()
    await lite.exec(SCHEMA)
    await lite.query(installSql(['flights', 'airports']))
    const db = snapshotClient(lite)
    const tables = tableVersions(lite, ['flights'])
    const load = async () => (await db.query<{ delay: number }>('select delay from flights')).rows[0]?.delay
    const flights = versionedLruCache(load, { version: tables.of(() => 'flights') })
    await runInSnapshot(lite, async () => {
      expect(await flights()).toBe(1)
      await expect(db.query(WRITE)).rejects.toThrow('read-only')
      expect(await db.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    })
    await lite.query(WRITE)
    expect(await flights()).toBe(2)
    await expect(runInSnapshot(lite, () => Promise.reject(new Error('gave up')))).rejects.toThrow('gave up')
    await lite.close()
    await expect(runInSnapshot(lite, () => 'never')).rejects.toThrow('closed')
  })

  it('postgres', async () => {
    const sql = postgres(server.url, { max: 3 })
    ends.push(() => sql.end())
    const db = snapshotClient(sql)
    const id = 1
    await runInSnapshot(sql, async () => {
      const [wrong, right] = await Promise.allSettled([
        db`select nonsense`,
        db`select delay from flights where id = ${id}`,
      ])
      expect(wrong).toMatchObject({ reason: { code: '42703' } })
      expect(right).toMatchObject({ value: [{ delay: 1 }] })
      await sql.unsafe(WRITE)
      expect(await db.unsafe('select delay from flights where id = $1', [id])).toMatchObject([{ delay: 1 }])
    })
    expect(await db`select delay from flights`).toMatchObject([{ delay: 2 }])
    expect(await sql`select count(*)::int as n from pg_stat_activity where state like 'idle in%'`).toMatchObject([
      { n: 0 },
    ])
  })

  it('postgres, with a query that hangs and a connection that is killed', async () => {
    const sql = postgres(server.url, { max: 1 })
    ends.push(() => sql.end())
    const db = snapshotClient(sql)
    const tables = tableVersions(pool, ['flights'], { timeout: 50 })
    await runInSnapshot(sql, async () => {
      db`select pg_sleep(30)`.catch(() => undefined)
      await tables('flights')
    })
    expect(await db`select 1 as one`).toMatchObject([{ one: 1 }])
    const killed = runInSnapshot(sql, async () => {
      const [row] = await db`select pg_backend_pid() as pid`
      await pool.query('select pg_terminate_backend($1)', [row?.['pid']])
      await db`select 1`
    })
    await expect(killed).rejects.toThrow(/terminat|closed|reset/i)
    // This client may give the error of a connection once more to the first query of the next one.
    const again = () => runInSnapshot(sql, () => db`select 1 as one`).catch(String)
    await expect.poll(again).toMatchObject([{ one: 1 }])
  })
})

describe('wrong input', () => {
  it.each([[undefined], [7], [{}], [{ query: () => undefined }]])('the database %j', async (database) => {
    await expect(runInSnapshot(database as never, () => 1)).rejects.toThrow(
      'give a pool of "pg", a PGlite, or a client',
    )
    expect(() => snapshotClient(database as never)).toThrow('The database is')
  })

  it('a single client, which has no second connection', async () => {
    const client = await pool.connect()
    await expect(runInSnapshot(client as never, () => 1)).rejects.toThrow('The database is a Client')
    client.release()
  })

  it('options', async () => {
    await expect(runInSnapshot(pool, () => 1, { timeout: -1 })).rejects.toThrow('The option "timeout" is -1')
    await expect(runInSnapshot(pool, () => 1, { wait: 1 } as never)).rejects.toThrow('no option "wait"')
  })
})

function setUp() {
  const db = snapshotClient(pool)
  const tables = tableVersions(pool, ['flights', 'airports'])
  const delay = async (table: string): Promise<number> => (await db.query(`select delay from ${table}`)).rows[0].delay
  const flights = versionedLruCache(() => delay('flights'), { version: tables.of(() => 'flights') })
  const airports = versionedLruCache(() => delay('airports'), { version: tables.of(() => 'airports') })
  return { db, tables, delay, flights, airports }
}

describe('the session of a snapshot', () => {
  it('that is run once more is still in it', async () => {
    const { flights, airports } = setUp()
    await runInSnapshot(pool, async () => {
      const session = currentSession()
      expect(await flights()).toBe(1)
      await pool.query(WRITE)
      expect(await detached(() => session?.run(airports))).toBe(1)
      expect(await airports()).toBe(1)
    })
  })

  it('stays in it when a load that was outside of it has ended', async () => {
    const { flights, airports } = setUp()
    const ended = gate()
    let late: Promise<number> | undefined
    const page = versionedLruCache(
      async () => {
        late = ended.promise.then(() => airports())
        return 'page'
      },
      { version: () => 'v1' },
    )
    await runInSnapshot(pool, async () => {
      expect(await flights()).toBe(1)
      await page()
      await pool.query(WRITE)
      ended.open()
      expect(await late).toBe(1)
      expect(await airports()).toBe(1)
    })
  })
})

describe('a session that a function names', () => {
  it('keeps nothing of a snapshot that is over', async () => {
    const { tables, delay } = setUp()
    const request = {}
    const options = { version: tables.of(() => 'flights'), session: () => request }
    const one = versionedLruCache(() => delay('flights'), options)
    const other = versionedLruCache(() => delay('flights'), options)
    await runInSnapshot(pool, () => one())
    expect(await other()).toBe(1)
  })

  it('never gets data of one snapshot under the version of another', async () => {
    const { tables, delay } = setUp()
    const request = {}
    const session = () => request
    const first = versionedLruCache(() => delay('flights'), { version: tables.of(() => 'flights'), session })
    const version = [tables.of(() => 'flights'), tables.of(() => 'airports')]
    const both = versionedLruCache(() => delay('airports'), { version, session: () => currentRequest })
    let currentRequest: object | undefined = request
    await runInSnapshot(pool, async () => {
      await first()
      await pool.query('update airports set delay = delay + 1')
      await runInSnapshot(pool, () => both())
    })
    currentRequest = undefined
    expect(await both()).toBe(2)
  })

  it('sees what was acknowledged before it asked', async () => {
    const { tables, delay } = setUp()
    const request = {}
    const flights = versionedLruCache(() => delay('flights'), {
      version: tables.of(() => 'flights'),
      session: () => request,
    })
    await runInSnapshot(pool, async () => {
      await pool.query(WRITE)
      expect(await flights()).toBe(2)
    })
  })
})

describe('a snapshot', () => {
  it('that is taken in a load is what its session reads', async () => {
    const { flights, airports } = setUp()
    const page = versionedLruCache(
      () =>
        runInSnapshot(pool, async () => {
          const first = await flights()
          await pool.query(WRITE)
          return [first, await airports()]
        }),
      { version: () => 'v1' },
    )
    expect(await page()).toEqual([1, 1])
  })

  it('is not asked for another database', async () => {
    const other = new pg.Pool({ connectionString: server.url })
    ends.push(() => other.end())
    const { db } = setUp()
    await runInSnapshot(other, async () => {
      await pool.query(WRITE)
      expect((await db.query('select delay from flights')).rows).toEqual([{ delay: 2 }])
    })
  })

  it('keeps its outputs in place of those that are older than it, for other snapshots', async () => {
    const { flights } = setUp()
    await flights()
    await runInSnapshot(pool, flights)
    await runInSnapshot(pool, flights)
    expect(flights.stats()).toMatchObject({ loads: 2, hits: 1, overtaken: 0 })
  })

  it('that cannot be ended has its connection closed, and its function its result', async () => {
    const one = new pg.Pool({ connectionString: server.url, max: 1 })
    one.on('error', () => {})
    ends.push(() => one.end())
    const db = snapshotClient(one)
    const result = await runInSnapshot(one, async () => {
      const [{ pid }] = (await db.query('select pg_backend_pid() as pid')).rows
      await pool.query('select pg_terminate_backend($1)', [pid])
      return 'done'
    })
    expect(result).toBe('done')
    expect((await one.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})

describe('invalidate', () => {
  it.each(['invalidate', 'clear'] as const)('%s: what an older snapshot loads after it is not kept', async (how) => {
    const { tables, delay } = setUp()
    // airports are no part of the version: who writes them says so
    const flights = versionedLruCache(() => delay('airports'), { version: tables.of(() => 'flights') })
    await runInSnapshot(pool, async () => {
      await pool.query('update airports set delay = 2')
      detached(() => flights[how]())
      expect(await flights()).toBe(1)
    })
    expect(await flights()).toBe(2)
  })

  it('nobody joins what an older snapshot loads after it', async () => {
    const { tables, delay } = setUp()
    const opened = gate()
    let waits = true
    const flights = versionedLruCache(
      async () => {
        if (waits) await opened.promise
        return delay('airports')
      },
      { version: tables.of(() => 'flights') },
    )
    await runInSnapshot(pool, async () => {
      await pool.query('update airports set delay = 2')
      detached(() => flights.invalidate())
      const own = flights()
      await expect.poll(() => flights.stats().runningLoads + flights.stats().loads).toBeGreaterThan(0)
      waits = false
      const outside = detached(() => flights())
      await expect.poll(() => flights.stats().loads + flights.stats().shared).toBe(2)
      opened.open()
      expect([await own, await outside]).toEqual([1, 2])
    })
  })
})

describe('a query that waits its turn when the snapshot ends', () => {
  it('postgres: is not sent to a connection that others have by then', async () => {
    const sql = postgres(server.url, { max: 1 })
    ends.push(() => sql.end())
    const db = snapshotClient(sql)
    const queries: Promise<unknown>[] = []
    await runInSnapshot(sql, () => {
      queries.push(db`select pg_sleep(30)`, db`insert into flights values (7, 7)`)
      for (const query of queries) query.catch(() => undefined)
    })
    const [, queued] = await Promise.allSettled(queries)
    expect(queued).toMatchObject({ status: 'rejected', reason: { code: 'ERR_INVALID_SESSION' } })
    expect(await sql`select * from flights where id = 7`).toHaveLength(0)
  })

  it('pg: fails as late', async () => {
    const { db } = setUp()
    const queries: Promise<unknown>[] = []
    await runInSnapshot(pool, () => {
      queries.push(db.query('select pg_sleep(1)'), db.query('select 1'))
      for (const query of queries) query.catch(() => undefined)
    })
    const [, queued] = await Promise.allSettled(queries)
    expect(queued).toMatchObject({ status: 'rejected', reason: { code: 'ERR_INVALID_SESSION' } })
  })

  it('pg: one that fails, and one that hangs behind it', async () => {
    const { db } = setUp()
    const began = performance.now()
    await runInSnapshot(pool, () => {
      db.query('select nonsense').catch(() => undefined)
      db.query('select pg_sleep(3)').catch(() => undefined)
    })
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

describe('postgres', () => {
  it('a connection that comes too late is given back', async () => {
    const sql = postgres(server.url, { max: 1 })
    ends.push(() => sql.end())
    const taken = await sql.reserve()
    await expect(runInSnapshot(sql, () => 'never', { timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_VERSION_TIMEOUT',
    })
    taken.release()
    expect(await runInSnapshot(sql, () => 'now', { timeout: 500 })).toBe('now')
  })

  it('a session in a snapshot of it reads versions in it', async () => {
    const sql = postgres(server.url, { max: 3 })
    ends.push(() => sql.end())
    const db = snapshotClient(sql)
    const tables = tableVersions(sql, ['flights'])
    const flights = versionedLruCache(async () => (await db`select delay from flights`)[0]?.['delay'] as number, {
      version: tables.of(() => 'flights'),
    })
    await runInSnapshot(sql, async () => {
      await sql.unsafe(WRITE)
      expect(await flights()).toBe(1)
    })
    expect(await flights()).toBe(2)
  })
})

describe('pg', () => {
  it('a client that is no pool', async () => {
    const client = new pg.Client({ connectionString: server.url })
    await expect(runInSnapshot(client as never, () => 1)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    await client.end()
  })

  it('says by what an idle connection was lost', async () => {
    const { db } = setUp()
    const killed = runInSnapshot(pool, async () => {
      const [{ pid }] = (await db.query('select pg_backend_pid() as pid')).rows
      await pool.query('select pg_terminate_backend($1)', [pid])
      await new Promise((resolve) => setTimeout(resolve, 100))
      await db.query('select 1')
    })
    const error = await killed.catch((reason) => reason)
    expect([error.code, error.cause?.code]).toContain('57P01')
  })
})
