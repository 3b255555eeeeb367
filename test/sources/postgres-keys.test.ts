import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../../src/index.ts'
import {
  type InstallOptions,
  installSql,
  keyVersions,
  type PostgresClient,
  type PostgresKey,
  removeSql,
  renewEpochSql,
  runInSnapshot,
  snapshotVersion,
  tableVersions,
} from '../../src/integrations/postgres.ts'
import { CLIENTS } from '../support/postgres-clients.ts'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'

let server: PostgresServer
let pool: pg.Pool

beforeAll(async () => {
  server = await startServer()
  pool = server.pool
})

afterAll(() => server.stop())

const TENANT = { table: 'flights', column: 'tenant' }
const install = (options?: InstallOptions) => pool.query(installSql([TENANT], options))

beforeEach(async () => {
  await pool.query('drop table if exists flights, legs, whole')
  await pool.query('create table flights (id int primary key, tenant text, delay int)')
  await pool.query("insert into flights values (1, 'a', 1), (2, 'b', 2), (3, null, 3), (4, 'd', 4)")
  await install({ buckets: 65_536 })
})

const read = (keys: PostgresKey[], client: PostgresClient = pool, of = TENANT): Promise<unknown[]> => {
  const versions = keyVersions(client, of)
  return Promise.all(keys.map((key) => versions(key)))
}

/** Which of the keys get a new version by these statements. */
async function moved(
  sql: string,
  keys: PostgresKey[] = ['a', 'b', 'c', 'd', null],
  of = TENANT,
): Promise<PostgresKey[]> {
  const before = await read(keys, pool, of)
  await pool.query(sql)
  const after = await read(keys, pool, of)
  return keys.filter((_, index) => before[index] !== after[index])
}

describe('the version of a key moves', () => {
  it.each([
    ['insert', "insert into flights values (9, 'a', 9)", ['a']],
    ['the first row of it', "insert into flights values (9, 'c', 9)", ['c']],
    ['update', "update flights set delay = 7 where tenant = 'a'", ['a']],
    ['an update that moves a row to another key', "update flights set tenant = 'b' where tenant = 'a'", ['a', 'b']],
    ['delete', "delete from flights where tenant = 'b'", ['b']],
    [
      'an upsert',
      "insert into flights values (1, 'x', 5), (9, 'c', 1) on conflict (id) do update set tenant = 'b'",
      ['a', 'b', 'c'],
    ],
    ['truncate, as that of every key', 'truncate flights', ['a', 'b', 'c', 'd', null]],
    ['no value', 'delete from flights where tenant is null', [null]],
    ['a write of several', "delete from flights where tenant <> 'd'", ['a', 'b']],
    ['copy', "copy flights from program 'printf ''8\\tc\\t1\\n'''", ['c']],
    [
      'merge',
      "merge into flights f using (values (1), (7)) n (id) on f.id = n.id when matched then delete when not matched then insert values (n.id, 'c', 0)",
      ['a', 'c'],
    ],
    [
      'triggers that are told to rest',
      "begin; set local session_replication_role = 'replica'; delete from flights where id = 1; commit",
      ['a'],
    ],
    ['no row: not at all', "update flights set delay = 1 where tenant = 'c'", []],
    ['a rollback: not at all', 'begin; update flights set delay = 1; rollback', []],
  ] as const)('with %s', async (_write, sql, keys) => {
    expect(await moved(sql)).toEqual(keys)
  })

  it('with what a foreign key deletes', async () => {
    await pool.query('create table legs (flight int references flights on delete cascade)')
    await pool.query('insert into legs values (1), (2)')
    const flight = { table: 'legs', column: 'flight' }
    await pool.query(installSql([flight]))
    expect(await moved('delete from flights where id = 1', [1, 2], flight)).toEqual([1])
  })

  it('with a restart of the server', async () => {
    const before = await read(['a'])
    await server.restart()
    expect(await read(['a'])).not.toEqual(before)
  })

  it('with each of two overlapping transactions, and never before its data', async () => {
    await server.withTwo(async (a, b) => {
      await install({ shards: await server.shardsApart(a, b) })
      await a.query("begin; update flights set delay = 8 where tenant = 'a'")
      await b.query("begin; insert into flights values (9, 'a', 9)")
      const seen = [await read(['a'])]
      expect(await read(['a'])).toEqual(seen[0])
      for (const client of [b, a]) {
        await client.query('commit')
        seen.push(await read(['a']))
      }
      expect(new Set(seen.flat()).size).toBe(3)
    })
  })
})

describe('keys are what the type of the column makes equal', () => {
  it.each<[type: string, stored: string, equal: PostgresKey[], other: PostgresKey]>([
    ['int', '7', [7, 7n, '7', '07', ' 7 '], 8],
    ['bigint', '9007199254740993', [9007199254740993n, '9007199254740993'], 9007199254740992n],
    ['numeric(10, 2)', '1.5', [1.5, '1.50', '15e-1'], 1.51],
    ['float8', '-0', [0, '-0', '0.0'], 1],
    ['bool', 'true', [true, 't', 'yes'], false],
    [
      'uuid',
      'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
      ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      '00000000-0000-0000-0000-000000000000',
    ],
    ['char(5)', 'ab', ['ab', 'ab   '], 'a'],
    ['varchar(9)', 'ab', ['ab'], 'AB'],
    ['date', '2026-01-02', ['2026-01-02', '20260102'], '2026-01-03'],
    ['bytea', '\\x41', ['\\x41', 'A'], 'B'],
    ['short', 'ab', ['ab'], 'b'],
    ['mood', 'glad', ['glad'], 'sad'],
    ['int[]', '{1,2}', ['{1,2}', '{ 1, 2 }'], '{2,1}'],
    ['"Odd 100%s"', 'AB', ['ab', 'AB', 'aB'], 'b'],
  ])('%s', async (type, stored, equal, other) => {
    await pool.query(`
      drop table if exists typed; drop domain if exists short, "Odd 100%s"; drop type if exists mood;
      create collation if not exists "no Case" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create domain short text check (length(value) < 3); create type mood as enum ('glad', 'sad');
      create domain "Odd 100%s" text collate "no Case";
      create table typed ("the %s 'key'" ${type})`)
    const of = { table: 'typed', column: "the %s 'key'" }
    await pool.query(installSql([of], { buckets: 65_536 }))
    const sql = `insert into typed values ('${stored}')`
    expect(await moved(sql, [...equal, other], of)).toEqual(equal)
  })

  it('a key that is no value of the column fails alone', async () => {
    const ids = { table: 'flights', column: 'id' }
    await pool.query(installSql([ids]))
    const versions = keyVersions(pool, ids)
    const asked = ['abc', 1e30, '9\0', '\ud800', undefined, ['7'], 1]
    const outcomes = await Promise.allSettled(asked.map((key) => versions(key as number)))
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(6).fill('rejected'), 'fulfilled'])
    for (const outcome of outcomes.slice(0, 6)) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_INVALID_KEY' } })
    }
    await expect(versions('abc')).rejects.toThrow('"abc" (a string) is no value of the column "id" of "flights".')
    await expect(versions(undefined as never)).rejects.toThrow('A key of "flights" is undefined')
  })
})

describe('a session', () => {
  it('asks for all keys by one query, beside the tables', async () => {
    await pool.query(installSql(['flights']))
    const asked: string[] = []
    const client = {
      query: (text: string, values: string[]) => {
        asked.push(values[0] as string)
        return pool.query(text, values)
      },
    }
    const keys = keyVersions<string>(client, TENANT)
    const tables = tableVersions(client, ['flights'])
    const delays = versionedLruCache(async (tenant: string) => tenant, { version: keys })
    const both = versionedLruCache(async (tenant: string) => tenant, { version: [keys, tables.of(() => 'flights')] })
    const work = () =>
      runInSession(() => Promise.all(['a', 'b', 'a'].flatMap((tenant) => [delays(tenant), both(tenant)])))
    await work()
    expect(asked).toEqual(['["a","b"]', '["\\"flights\\""]'])
    await pool.query("update flights set delay = 0 where tenant = 'a'")
    await work()
    expect([delays.stats().loads, both.stats().loads]).toEqual([3, 4])
  })
})

describe('in a snapshot', () => {
  it('keys have the versions of its state', async () => {
    const tenants = keyVersions<string>(pool, TENANT)
    const before = await tenants('a')
    await runInSnapshot(pool, async () => {
      await pool.query("update flights set delay = 9 where tenant in ('a', 'b')")
      expect(await tenants('a')).toBe(before)
    })
    expect(await tenants('a')).not.toBe(before)
  })
})

describe.each(Object.entries(CLIENTS))('with %s', (_name, open) => {
  it('tables and keys have versions, missing ones too', { timeout: 60_000 }, async () => {
    const { client, run, close } = await open(server.url)
    const of = { table: 'typed', column: 'tenant' }
    const readAll = async () => [
      ...(await read(['a', null, 'b'], client, of)),
      await tableVersions(client, ['typed'])('typed'),
      await snapshotVersion(client)(),
    ]
    try {
      await run(
        'drop schema if exists versioned_lru_cache cascade; drop table if exists typed; create table typed (tenant text)',
      )
      const missing = { code: 'ERR_INVALID_VERSION', cause: { code: '42P01' } }
      await expect(keyVersions(client, of)('a')).rejects.toMatchObject(missing)
      await expect(tableVersions(client, ['typed'])('typed')).rejects.toMatchObject(missing)
      await run(removeSql(['typed', of]))
      await run(installSql(['typed', of]))
      const before = await readAll()
      expect(await readAll()).toEqual(before)
      await run("insert into typed values ('a'), (null)")
      const after = await readAll()
      expect(after.map((version, index) => version === before[index])).toEqual([false, false, true, false, false])
    } finally {
      await close()
    }
  })
})

describe('what is kept of keys', () => {
  it('has a bound, however many there are: the buckets, and a table for each', async () => {
    await install({ buckets: 8, shards: 1 })
    await pool.query('insert into flights select n, n::text, 0 from generate_series(10, 5000) n; truncate flights')
    const { rows } = await pool.query(
      "select count(*)::int as rows from versioned_lru_cache.key_shards where relation = 'flights'::regclass",
    )
    expect(rows[0].rows).toBe(9)
  })

  it('is of that column alone, and of none after it was removed', async () => {
    const delay = { table: 'flights', column: 'delay' }
    await pool.query(installSql(['flights', delay]))
    const before = await read(['a'])
    await pool.query(removeSql(['flights', delay]))
    expect(await read(['a'])).toEqual(before)
    await expect(read([1], pool, delay)).rejects.toThrow(
      'The column "delay" of "flights" has no working triggers for versions: run the SQL that installSql([{"table":"\\"flights\\"","column":"delay"}]) gives',
    )
    const { rows } = await pool.query(
      "select count(*)::int as rows from pg_trigger where tgrelid = 'flights'::regclass and not tgisinternal",
    )
    expect(rows[0].rows).toBe(4)
  })

  it('gives a new version to every key after a trigger was missing, other buckets, a new epoch, or a removal', async () => {
    const options = { buckets: 65_536 }
    const seen = [await read(['a', 'b'])]
    await install(options)
    expect(await read(['a', 'b'])).toEqual(seen[0])
    for (const change of [
      'alter table flights disable trigger user',
      installSql([TENANT], { buckets: 7 }),
      renewEpochSql(['flights']),
      renewEpochSql([TENANT]),
      removeSql([TENANT]),
      'drop table flights; create table flights (id int primary key, tenant text, delay int)',
    ]) {
      await pool.query(change)
      await install(options)
      seen.push(await read(['a', 'b']))
    }
    expect(new Set(seen.flat()).size).toBe(14)
  })

  it('follows a column that has another type, and tells one that has another name', async () => {
    const seen = await read(['a'])
    await pool.query('alter table flights alter tenant type varchar(9)')
    seen.push(...(await read(['a'])))
    await pool.query('alter table flights rename tenant to customer')
    await expect(read(['a'])).rejects.toThrow('There is no column "tenant" in a table "flights".')
    await pool.query("update flights set delay = 9 where customer = 'a'")
    await pool.query('alter table flights rename customer to tenant')
    seen.push(...(await read(['a'])))
    await pool.query(
      'alter table flights drop tenant; insert into flights values (77, 0); alter table flights add tenant text',
    )
    seen.push(...(await read(['a'])))
    expect(new Set(seen).size).toBe(4)
  })
})

describe('writers', () => {
  it('of the same keys in any order do not lock each other out', async () => {
    await pool.query('create table legs (id int primary key, tenant text)')
    const legs = { table: 'legs', column: 'tenant' }
    await pool.query(installSql([legs], { shards: 1 }))
    const insert = (from: number, order: string) =>
      pool.query(`insert into legs select ${from} + n, n::text from generate_series(1, 300) n order by n ${order}`)
    await Promise.all(Array.from({ length: 12 }, (_, index) => insert(index * 1000, index % 2 ? 'asc' : 'desc')))
  })

  it('of one hot key are spread over shards', async () => {
    await server.withTwo(async (a, b) => {
      await pool.query("insert into flights values (9, 'a', 9)")
      await install({ shards: await server.shardsApart(a, b) })
      await a.query('begin; update flights set delay = 1 where id = 1')
      await b.query('update flights set delay = 2 where id = 9')
      await a.query('commit')
    })
  })

  it('need no rights on the counters, which all may read', async () => {
    await pool.query('do $$ begin create role clerk; exception when duplicate_object then null; end $$')
    await pool.query('grant select, insert on flights to clerk')
    expect(await moved("begin; set local role clerk; insert into flights values (9, 'a', 9); commit")).toEqual(['a'])
    const client = await pool.connect()
    await client.query(
      "set role clerk; set timezone = 'Asia/Tokyo'; set bytea_output = 'escape'; set search_path = public",
    )
    expect(await read(['a', null], client)).toEqual(await read(['a', null]))
    client.release(true)
  })
})

describe('an older installation', () => {
  it('is brought up to date by the next one, and keeps the versions it has', async () => {
    await pool.query(installSql(['flights']))
    const before = await tableVersions(pool, ['flights'])('flights')
    await pool.query(`
      drop table versioned_lru_cache.key_epochs, versioned_lru_cache.key_shards;
      drop function versioned_lru_cache.bump_keys cascade;
      comment on function versioned_lru_cache.bump() is null;
      create or replace function versioned_lru_cache.bump() returns trigger language plpgsql as 'begin return null; end'`)
    await pool.query(installSql(['flights', TENANT]))
    expect(await tableVersions(pool, ['flights'])('flights')).toBe(before)
    expect(await moved("insert into flights values (9, 'a', 9)")).toEqual(['a'])
    expect(await tableVersions(pool, ['flights'])('flights')).not.toBe(before)
  })

  it('of a later revision is left as it is', async () => {
    await pool.query("comment on function versioned_lru_cache.bump() is 'Revision 99 of versioned-lru-cache'")
    await install()
    const { rows } = await pool.query("select obj_description('versioned_lru_cache.bump()'::regprocedure) as is")
    expect(rows[0].is).toContain('99')
    await pool.query("comment on function versioned_lru_cache.bump() is 'Revision 2 of versioned-lru-cache'")
  })

  it('that is in place takes no lock on the table', async () => {
    await server.withTwo(async (a, b) => {
      await a.query('begin; update flights set delay = 1')
      await b.query(installSql([TENANT], { buckets: 65_536 }))
      await a.query('rollback')
    })
  })
})

describe('what cannot be', () => {
  it('a column that is not there, or whose values cannot be told apart by a hash', async () => {
    await expect(pool.query(installSql([{ table: 'flights', column: 'nowhere' }]))).rejects.toThrow(
      'The table "flights" has no column nowhere.',
    )
    await pool.query('create table legs (data json)')
    await expect(pool.query(installSql([{ table: 'legs', column: 'data' }]))).rejects.toThrow(
      'could not identify a hash function',
    )
    await expect(read(['a'], pool, { table: 'nowhere', column: 'a' })).rejects.toThrow(
      'There is no column "a" in a table "nowhere".',
    )
    await pool.query('create table whole (tenant int) partition by list (tenant)')
    await expect(pool.query(installSql([{ table: 'whole', column: 'tenant' }]))).rejects.toThrow('cannot have versions')
  })

  it('a client inside a transaction that has written', async () => {
    await server.withTwo(async (client) => {
      await client.query('begin; update flights set delay = 1')
      await expect(read(['a'], client)).rejects.toThrow('inside a transaction that has written')
    })
  })

  it('a query that fails is told as it is', async () => {
    const failing = {
      query: async () => {
        throw new Error('no connection')
      },
    }
    await expect(read(['a'], failing)).rejects.toThrow('no connection')
  })

  it('other input', () => {
    const make = (keys: unknown) => () => keyVersions(pool, keys as typeof TENANT)
    expect(make('flights')).toThrow('The keys are "flights" (a string): give { table, column }.')
    expect(make({ table: 'flights' })).toThrow('The column is undefined: give a name such as "tenant".')
    expect(make({ table: 'flights', column: '' })).toThrow('The column is ""')
    expect(make({ table: 'flights', column: 'nul\0' })).toThrow('The column is')
    expect(make({ table: 'a.b.c', column: 'tenant' })).toThrow('A table is "a.b.c"')
    expect(make({ ...TENANT, columns: 1 })).toThrow('no option "columns". The options are "table", "column".')
    expect(() => keyVersions({} as never, TENANT)).toThrow('The client is an object')
    expect(() => keyVersions(pool, TENANT, { timeout: 0 })).toThrow('The option "timeout" is 0')
    expect(() => installSql([TENANT], { buckets: 65_537 })).toThrow(
      'The option "buckets" is 65537: give a whole number, 1 to 65536.',
    )
    expect(() => installSql([TENANT], { notify: 1 as never })).toThrow('The option "notify" is 1: give true or false.')
    expect(() => installSql([{ table: 'flights', column: '$versions$' }])).toThrow('rename it')
  })
})
