import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { versionedLruCache } from '../../src/index.ts'
import { installSql, onTableChange, type TableChange, tableVersions } from '../../src/integrations/postgres.ts'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'

let server: PostgresServer
let pool: pg.Pool
const open: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await startServer()
  pool = server.pool
})

beforeEach(() => pool.query(`${TABLES}; ${INSTALL}`))

afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

afterAll(() => server.stop())

const TABLES =
  'drop table if exists flights, airports; create table flights (id int, tenant text); create table airports (id int)'
const TENANT = { table: 'flights', column: 'tenant' }
const INSTALL = `${installSql(['flights', 'airports'], { notify: true })}; ${installSql([TENANT], { notify: true })}`

/** What is heard, one after the other. */
function listening() {
  const heard: TableChange[] = []
  let wake: () => void = () => {}
  const next = async (count: number): Promise<TableChange[]> => {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return heard.splice(0)
  }
  const hear = (change: TableChange): void => {
    heard.push(change)
    wake()
  }
  return { hear, next }
}

const kill = (query: string) =>
  pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query ilike '${query}%' and pid <> pg_backend_pid()`,
  )

const DATABASES = {
  'a pool of pg': async () => {
    const database = server.poolOf()
    return { database, run: (sql: string) => pool.query(sql) }
  },
  postgres: async () => {
    const database = postgres(server.url, { max: 2, onnotice: () => {} })
    open.push(() => database.end())
    return { database, run: (sql: string) => pool.query(sql) }
  },
  'a PGlite': async () => {
    const database = await PGlite.create()
    open.push(() => database.close())
    await database.exec(`${TABLES}; ${INSTALL}`)
    return { database, run: (sql: string) => database.exec(sql) }
  },
}

describe.each(Object.entries(DATABASES))('onTableChange, with %s', (_name, connect) => {
  it('tells the tables and keys that each commit has written, until it is stopped', { timeout: 60_000 }, async () => {
    const { database, run } = await connect()
    const { hear, next } = listening()
    const stop = await onTableChange(database, ['public.flights'], hear)
    await run("begin; insert into flights values (7, 'z'); rollback")
    await run("insert into airports values (1); insert into flights values (1, 'a'), (2, 'b'), (3, null)")
    const flights = { table: 'public.flights' }
    const keys = await next(2)
    expect(keys).toContainEqual(flights)
    expect(keys.find(({ column }) => column !== undefined)?.keys).toHaveLength(3)
    expect(new Set(keys.flatMap(({ keys = [] }) => keys))).toEqual(new Set(['a', 'b', null]))
    await run("update flights set tenant = 'c' where id = 1")
    expect(await next(2)).toContainEqual({ ...flights, column: 'tenant', keys: ['a', 'c'] })
    await run('delete from flights where false')
    expect(await next(2)).toContainEqual({ ...flights, column: 'tenant', keys: [] })
    await run('insert into flights select n, n::text from generate_series(1, 200) n')
    expect(await next(2)).toContainEqual({ ...flights, column: 'tenant' })
    await run("insert into flights values (1, repeat('x', 9000))")
    expect(await next(2)).toContainEqual({ ...flights, column: 'tenant' })
    await run('truncate flights')
    expect(await next(2)).toContainEqual({ ...flights, column: 'tenant' })
    await stop()
    const others = listening()
    await onTableChange(database, ['airports'], others.hear)
    await run('insert into flights values (1); insert into airports values (1)')
    expect(await others.next(1)).toEqual([{ table: 'airports' }])
    const none = await Promise.race([next(1), 'none'])
    expect(none).toBe('none')
  })
})

describe('a hint', () => {
  it.each(['a pool of pg', 'postgres'] as const)('that is lost leaves nothing stale, and is told: %s', async (name) => {
    const { database } = await DATABASES[name]()
    const tables = tableVersions(pool, ['flights'])
    const count = versionedLruCache(
      async () => (await pool.query('select count(*)::int as n from flights')).rows[0].n,
      {
        version: tables.of(() => 'flights'),
      },
    )
    let lost: (error: unknown) => void = () => {}
    const told = new Promise((resolve) => {
      lost = resolve
    })
    await onTableChange(database, ['flights'], () => count.clear(), { onLost: lost })
    expect(await count()).toBe(0)
    await kill('listen')
    await pool.query('insert into flights values (1)')
    expect(await count()).toBe(1)
    expect(await told).toBeInstanceOf(Error)
  })

  it('whose connection is lost again, or that nobody wants to hear of, is told once or not at all', async () => {
    const database = server.poolOf()
    const errors: unknown[] = []
    const stop = await onTableChange(database, ['flights'], () => {}, { onLost: (error) => errors.push(error) })
    await stop()
    await stop()
    await onTableChange(database, ['flights'], () => {})
    await kill('listen')
    while (database.totalCount > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toEqual([])
  })

  it('is not given where it was not asked for: no transaction waits to notify', async () => {
    await pool.query(`${installSql(['flights'])}; ${installSql([TENANT])}`)
    const { hear, next } = listening()
    const stop = await onTableChange(pool, ['flights', 'airports'], hear)
    await pool.query('insert into flights values (1); insert into airports values (1)')
    expect(await next(1)).toEqual([{ table: 'airports' }])
    await stop()
  })

  it('cannot be had of a client that does not listen, nor of a table that is not there', async () => {
    const client = new pg.Client(server.url)
    const listen = (database: unknown) => onTableChange(database as pg.Pool, ['flights'], () => {})
    await expect(listen(client)).rejects.toThrow('The database is a Client: give a pool of "pg", a PGlite')
    await expect(listen(undefined)).rejects.toThrow('The database is undefined')
    await expect(onTableChange(pool, ['nowhere'], () => {})).rejects.toThrow('There is no table "nowhere"')
    await expect(onTableChange(pool, ['flights'], () => {}, { onlost: 1 } as never)).rejects.toThrow(
      'no option "onlost"',
    )
    const broken = {
      ...listenerOf(pool),
      connect: async () => ({
        on: () => {},
        release: () => {},
        query: async () => {
          throw new Error('no listening here')
        },
      }),
    }
    await expect(onTableChange(broken, ['flights'], () => {})).rejects.toThrow('no listening here')
  })
})

const listenerOf = (pool: pg.Pool) => ({
  totalCount: 1,
  query: (text: string, values: string[]) => pool.query(text, values),
})
