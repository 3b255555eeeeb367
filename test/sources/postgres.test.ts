import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { currentSession, runInSession, versionedLruCache } from '../../src/index.ts'
import {
  installSql,
  type PostgresClient,
  removeSql,
  renewEpochSql,
  snapshotVersion,
  tableVersions,
} from '../../src/integrations/postgres.ts'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'

let server: PostgresServer
let pool: pg.Pool

beforeAll(async () => {
  server = await startServer()
  pool = server.pool
})

afterAll(() => server.stop())

beforeEach(async () => {
  await pool.query('drop table if exists flights, airports, part, whole, legs')
  await pool.query('create table flights (id int primary key, delay int)')
  await pool.query('create table airports (id int primary key)')
  await pool.query('insert into flights values (1, 10), (2, 20)')
  await pool.query(installSql(['flights', 'airports']))
})

const versionOf = (table = 'flights', client: PostgresClient = pool) => tableVersions(client, [table])(table)

const snapshot = () => snapshotVersion(pool)()

const WRITES = {
  insert: 'insert into flights values (3, 30)',
  update: 'update flights set delay = 11 where id = 1',
  'an upsert': 'insert into flights values (1, 5) on conflict (id) do update set delay = 5',
  'a delete of an older row': 'delete from flights where id = 1',
  truncate: 'truncate flights',
}

describe.each([
  ['the version of a table', () => versionOf()],
  ['the version of the snapshot', snapshot],
] as const)('%s', (_name, read) => {
  it.each(Object.entries(WRITES))('moves with %s', async (_write, sql) => {
    const before = await read()
    await pool.query(sql)
    expect(await read()).not.toEqual(before)
  })

  it('is never there before its data', async () => {
    await server.withTwo(async (a) => {
      const before = await read()
      await a.query('begin; update flights set delay = 99 where id = 1')
      const during = await read()
      await a.query('commit')
      expect(await read()).not.toEqual(during)
      if (read !== snapshot) expect(during).toEqual(before)
    })
  })

  it('stays while nobody writes', async () => {
    const before = await read()
    await pool.query('select * from flights')
    expect(await read()).toEqual(before)
  })
})

describe('the version of a table', () => {
  it('stays with what was rolled back, and the next write gives one that nobody saw', async () => {
    const before = await versionOf()
    await pool.query('begin; update flights set delay = 0; rollback')
    expect(await versionOf()).toBe(before)
  })

  it('moves with an update that changes no row: a load too many, never one too few', async () => {
    const before = await versionOf()
    await pool.query('update flights set delay = 0 where false')
    expect(await versionOf()).not.toBe(before)
  })

  it('is another one after a restart of the server', async () => {
    const before = await versionOf()
    await server.restart()
    expect(await versionOf()).not.toBe(before)
  })

  it('is of that table alone', async () => {
    const before = await versionOf('airports')
    await pool.query('update flights set delay = 0')
    expect(await versionOf('airports')).toBe(before)
  })

  it('moves where triggers are told to rest, and with what a foreign key deletes', async () => {
    await pool.query('create table legs (flight int references flights on delete cascade)')
    await pool.query(installSql(['legs']))
    await pool.query('insert into legs values (1)')
    const before = [await versionOf('legs'), await versionOf()]
    await pool.query('delete from flights where id = 1')
    const after = [await versionOf('legs'), await versionOf()]
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).not.toBe(before[1])
    await pool.query("begin; set local session_replication_role = 'replica'; update flights set delay = 3; commit")
    expect(await versionOf()).not.toBe(after[1])
  })

  it('is kept by installing again, and a new one after the table lost its trigger, its versions or itself', async () => {
    const seen = [await versionOf()]
    await pool.query(installSql(['flights']))
    expect(await versionOf()).toBe(seen[0])
    await pool.query('alter table flights disable trigger all')
    await pool.query(installSql(['flights']))
    seen.push(await versionOf())
    await pool.query(removeSql(['flights']))
    await pool.query(installSql(['flights']))
    seen.push(await versionOf())
    await pool.query('drop table flights; create table flights (id int)')
    await pool.query(installSql(['flights'], { shards: 2 }))
    seen.push(await versionOf())
    await pool.query(renewEpochSql(['flights']))
    seen.push(await versionOf())
    expect(new Set(seen).size).toBe(5)
  })

  it('comes back when old counters are put back, and does not once the epoch is renewed', async () => {
    const before = await versionOf()
    await pool.query('create temp table backup as select 1') // another statement: nothing of the table moves
    await pool.query('update flights set delay = 5')
    await pool.query("delete from versioned_lru_cache.shards where relation = 'flights'::regclass")
    expect(await versionOf()).toBe(before)
    await pool.query(renewEpochSql(['flights']))
    expect(await versionOf()).not.toBe(before)
  })

  it('lets two writers whose connections have different shards write without waiting for each other', async () => {
    await server.withTwo(async (a, b) => {
      await pool.query(installSql(['flights'], { shards: await server.shardsApart(a, b) }))
      await a.query('begin; update flights set delay = 1 where id = 1')
      await b.query('update flights set delay = 2 where id = 2')
      await a.query('commit')
    })
  })

  it('counts for writers who may not touch the counters, and is read by all', async () => {
    await pool.query('do $$ begin create role clerk; exception when duplicate_object then null; end $$')
    await pool.query('grant select, insert on flights to clerk')
    const before = await versionOf()
    await pool.query('begin; set local role clerk; insert into flights values (9, 9); commit')
    expect(await versionOf()).not.toBe(before)
    const client = await pool.connect()
    await client.query('set role clerk')
    expect(await versionOf('flights', client)).toBe(await versionOf())
    expect(await snapshotVersion(client)()).toBeTypeOf('string')
    await expect(client.query('delete from versioned_lru_cache.shards')).rejects.toThrow('permission denied')
    client.release(true)
  })

  it('is the same for all connections, whatever their time zone and date style', async () => {
    const client = await pool.connect()
    await client.query("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set bytea_output = 'escape'")
    expect(await versionOf('flights', client)).toBe(await versionOf())
    client.release(true)
  })
})

describe('tables with any name', () => {
  it.each([['Odd'], ["o'dd"], ['back\\slash'], ['"with.dot"'], ['"two""quotes"'], ['odd schema.Table'], ['%s; drop']])(
    '%s',
    async (name) => {
      const sql = name.includes('schema') ? '"odd schema"."Table"' : name.startsWith('"') ? name : `"${name}"`
      await pool.query('create schema if not exists "odd schema"')
      await pool.query(`create table if not exists ${sql} (id int)`)
      await pool.query(installSql([name]))
      const before = await versionOf(name)
      await pool.query(`insert into ${sql} values (1)`)
      expect(await versionOf(name)).not.toBe(before)
      await pool.query(removeSql([name]))
      await expect(versionOf(name)).rejects.toThrow('no working triggers')
    },
  )
})

describe('one query', () => {
  it('reads all tables that ten functions of a session go by', async () => {
    const asked: unknown[] = []
    const client = {
      query: (text: string, values: string[]) => {
        asked.push(values)
        return pool.query(text, values)
      },
    }
    const tables = tableVersions(client, ['flights', 'airports'])
    const version = [tables.of(() => 'flights'), tables.of(() => 'airports')]
    const functions = Array.from({ length: 10 }, (_, index) => versionedLruCache(async () => index, { version }))
    await runInSession(async () => {
      expect(await Promise.all(functions.map((run) => run()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(currentSession()?.versions()).toHaveLength(2)
    })
    expect(asked).toEqual([['["\\"flights\\"","\\"airports\\""]']])
  })
})

describe('what cannot be', () => {
  it('a table without versions, or that is not there, is said with what to do', async () => {
    await pool.query(removeSql(['flights']))
    await expect(versionOf()).rejects.toThrow('run the SQL that installSql(["\\"flights\\""]) gives')
    await expect(versionOf('nowhere')).rejects.toThrow('There is no table "nowhere"')
    await expect(tableVersions(pool, ['flights'] as string[])('airports')).rejects.toThrow('add it to the list')
    expect(await versionOf('airports')).toBeTypeOf('string')
  })

  it('a table whose trigger is disabled', async () => {
    await pool.query('alter table flights disable trigger user')
    await expect(versionOf()).rejects.toThrow('no working triggers')
  })

  it('a table that is partitioned, inherits, or is a view', async () => {
    await pool.query('create table whole (id int) partition by list (id)')
    await pool.query('create table part partition of whole for values in (1)')
    await expect(pool.query(installSql(['whole']))).rejects.toThrow('cannot have versions')
    await expect(pool.query(installSql(['part']))).rejects.toThrow('cannot have versions')
    await expect(pool.query(installSql(['pg_catalog.pg_views']))).rejects.toThrow('cannot have versions')
  })

  it('a temporary table', async () => {
    await server.withTwo(async (client) => {
      await client.query('create temp table passing (id int)')
      await expect(client.query(installSql(['passing']))).rejects.toThrow('cannot have versions')
    })
  })

  it('two writers at one counter in repeatable read: the later one fails, and may try again', async () => {
    await pool.query(installSql(['flights'], { shards: 1 }))
    await server.withTwo(async (a, b) => {
      await b.query('begin isolation level repeatable read; select * from flights')
      await a.query('update flights set delay = 1 where id = 1')
      const write = () => b.query('update flights set delay = 2 where id = 2')
      await expect(write()).rejects.toMatchObject({ code: '40001' })
      await b.query('rollback')
      await write()
    })
  })

  it('a table that became a part of another one since', async () => {
    await pool.query('create table whole (like flights) partition by list (id)')
    await pool.query('alter table whole attach partition flights default')
    await expect(versionOf()).rejects.toThrow('no working triggers')
  })

  it('a client inside a transaction that has written', async () => {
    await server.withTwo(async (client) => {
      await client.query('begin; update flights set delay = 1')
      await expect(versionOf('flights', client)).rejects.toThrow('inside a transaction that has written')
      await expect(snapshotVersion(client)()).rejects.toThrow('inside a transaction that has written')
    })
  })

  it('a standby, for the snapshot', async () => {
    const standby = { query: async () => ({ rows: [{ standby: true, writing: false, version: 'x' }] }) }
    await expect(snapshotVersion(standby)()).rejects.toThrow('ask the primary')
  })

  it.each([[''], ['a.b.c'], ['a..b'], ['.a'], ['a.'], ['a"b'], ['nul\0'], [7], [undefined]])('the name %j', (name) => {
    for (const make of [installSql, removeSql, renewEpochSql]) {
      expect(() => make([name as string])).toThrow('give a name such as "flights" or "sales.flights"')
    }
  })

  it('other input', () => {
    expect(() => installSql([])).toThrow('at least one')
    for (const make of [installSql, removeSql, renewEpochSql]) {
      expect(() => make('flights' as never)).toThrow('The tables are "flights"')
    }
    expect(() => tableVersions(pool, 'flights' as never)).toThrow('The tables are "flights"')
    expect(() => installSql(['a'], { shards: 0 })).toThrow('The option "shards" is 0')
    expect(() => installSql(['a'], { shard: 1 } as never)).toThrow('no option "shard"')
    expect(() => installSql(['$versions$'])).toThrow('rename it')
    for (const client of [{}, { query: 'select 1' }, { query: 1, unsafe: () => [] }, null, 'postgres://…', undefined]) {
      expect(() => tableVersions(client as never, ['a'])).toThrow(
        'give a pool or client of "pg", a PGlite, or a client of',
      )
    }
    expect(() => snapshotVersion(undefined as never)).toThrow('The client is undefined')
    expect(() => snapshotVersion(pool, { timeout: 0 })).toThrow('The option "timeout" is 0')
    expect(() => tableVersions(pool, ['a'], { ttl: 1 } as never)).toThrow('no option "ttl"')
  })
})

describe('every call settles with the cause, and works again afterwards', () => {
  it('a pool with no free connection', async () => {
    const small = server.poolOf({ max: 1, connectionTimeoutMillis: 50 })
    const taken = await small.connect()
    const tables = tableVersions(small, ['flights'])
    await expect(tables('flights')).rejects.toThrow('timeout exceeded when trying to connect')
    taken.release()
    expect(await tables('flights')).toBe(await versionOf())
  })

  it('a query that hangs', async () => {
    const slow = server.poolOf({ max: 1 })
    let text: string | undefined = 'select pg_sleep(30)'
    const client = { query: (sql: string, values: string[]) => (text ? slow.query(text) : pool.query(sql, values)) }
    const tables = tableVersions(client, ['flights'], { timeout: 50 })
    await expect(tables('flights')).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
    text = undefined
    expect(await tables('flights')).toBe(await versionOf())
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'")
  })

  it('a connection that is killed in the middle of a check', async () => {
    const locked = await pool.connect()
    await locked.query('begin; lock table versioned_lru_cache.epochs')
    const own = server.poolOf({ max: 1, application_name: 'victim' })
    const tables = tableVersions(own, ['flights'])
    const outcome = tables('flights').catch((error: unknown) => error)
    const kill =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim' and wait_event_type = 'Lock'"
    while ((await pool.query(kill)).rowCount === 0);
    locked.release(true)
    expect(String(await outcome)).toContain('terminating connection')
    expect(await tables('flights')).toBe(await versionOf())
  })

  it('a server that is restarted in the middle of a check', async () => {
    const locked = await pool.connect()
    await locked.query('begin; lock table versioned_lru_cache.epochs')
    const tables = tableVersions(pool, ['flights'])
    const outcome = tables('flights').catch((error: unknown) => error)
    while ((await pool.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")).rowCount === 0);
    await server.restart()
    locked.release(true)
    expect(await outcome).toBeInstanceOf(Error)
    expect(await tables('flights')).toBeTypeOf('string')
  })
})
