import type pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import {
  installSql,
  keyVersions,
  renewEpochSql,
  snapshotVersion,
  tableVersions,
} from '../../src/integrations/postgres.ts'
import { describeFaults, type Look, type VersionedSystem } from '../contracts/source-faults.ts'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'

let server: PostgresServer
let pool: pg.Pool

beforeAll(async () => {
  server = await startServer()
  pool = server.pool
})

afterAll(() => server.stop())

const VERSIONED = ['flights', { table: 'flights', column: 'tenant' }]
const value = (sql: string) => async () => Object.values((await pool.query(sql)).rows[0])[0]

const CHANGE = 'update flights set delay = delay + 1, updated_at = now() where id = 2'
const ADD = (id: number) => `insert into flights values (${id}, ${id})`

/** Each has the same data and the same history; what is not ours is bumped by a trigger as people write it. */
const SOURCES: Record<string, () => () => Promise<unknown>> = {
  '`tableVersions`': () => tableVersions(pool, ['flights']).of(() => 'flights'),
  '`keyVersions`': () => keyVersions(pool, { table: 'flights', column: 'tenant' }).of(() => 'a'),
  '`snapshotVersion`': () => snapshotVersion(pool).of(),
  '`max(updated_at)`': () => value('select max(updated_at)::text from flights'),
  '`count(*)`': () => value('select count(*) from flights'),
  'a sequence': () => value('select last_value from writes'),
}

for (const [row, versionOf] of Object.entries(SOURCES)) describeFaults(row, () => makeSystem(versionOf()))

async function makeSystem(version: () => Promise<unknown>): Promise<VersionedSystem> {
  await pool.query(`
    drop table if exists flights; drop sequence if exists writes; create sequence writes; select nextval('writes');
    create table flights (id int primary key, delay int, tenant text default 'a', updated_at timestamptz default now());
    insert into flights values (1, 10), (2, 20);
    create or replace function count_write() returns trigger language plpgsql as
      'begin perform nextval(''writes''); return null; end';
    create trigger count_write after insert or update or delete or truncate on flights
      for each statement execute function count_write()`)
  await pool.query(installSql(VERSIONED))
  const write = (sql: string) => pool.query(sql)
  const then =
    (...statements: string[]) =>
    async (look: Look) => {
      await look()
      for (const sql of statements) {
        await write(sql)
        await look()
      }
    }
  return {
    read: async () => (await pool.query("select id, delay from flights where tenant = 'a' order by id")).rows,
    version,
    faults: {
      'older commits last': (look) => overlap(look, 'older'),
      'older commits first': (look) => overlap(look, 'younger'),
      'rolled back': rolledBack,
      deleted: then('delete from flights where id = 1'),
      emptied: then('truncate flights'),
      'two writes in one tick': then(...inOneTick(11), ...inOneTick(12)),
      'backup restored': restored,
      restarted: async (look) => {
        await then(ADD(3))(look)
        await server.restart()
        await then(ADD(4))(look)
      },
      'old content again': async (look) => {
        await look()
        await write(ADD(9))
        await look.during(() => write('delete from flights where id = 9'))
        await write(ADD(9))
        await look()
      },
    },
  }
}

/** The older transaction changes a row, the younger one adds one. */
async function overlap(look: Look, last: 'older' | 'younger'): Promise<void> {
  await server.withTwo(async (older, younger) => {
    await pool.query(installSql(VERSIONED, { shards: await server.shardsApart(older, younger) }))
    await look()
    await older.query(`begin; ${CHANGE}`)
    await younger.query(`begin; ${ADD(3)}`)
    await look()
    for (const client of last === 'older' ? [younger, older] : [older, younger]) {
      await client.query('commit')
      await look()
    }
  })
}

async function rolledBack(look: Look): Promise<void> {
  await server.withTwo(async (writer) => {
    await look()
    await writer.query(`begin; ${ADD(3)}`)
    await look()
    await writer.query('rollback')
    await look()
    await pool.query(ADD(4))
    await look()
  })
}

/** The clock of a server can give two transactions one time, and many round it. */
const inOneTick = (delay: number): string[] => [
  `update flights set delay = ${delay}, updated_at = timestamptz 'tomorrow' where id = 1`,
]

/** All tables are put back with their triggers disabled, as `pg_restore --data-only --disable-triggers` does. */
async function restored(look: Look): Promise<void> {
  const counters = ['epochs', 'shards', 'key_epochs', 'key_shards']
  const kept = ['flights', ...counters.map((name) => `versioned_lru_cache.${name}`)]
  const copies = kept.map((table, index) => ({ table, copy: `backup_${index}` }))
  await look()
  for (const { table, copy } of copies)
    await pool.query(`drop table if exists ${copy}; create table ${copy} as table ${table}`)
  const writes = await value('select last_value from writes')()
  await pool.query(ADD(3))
  await look()
  await pool.query(`
    begin; alter table flights disable trigger all; delete from flights;
    ${counters.map((name) => `delete from versioned_lru_cache.${name};`).join(' ')}
    ${copies.map(({ table, copy }) => `insert into ${table} table ${copy};`).join(' ')}
    alter table flights enable trigger all; select setval('writes', ${writes}); commit`)
  await pool.query(renewEpochSql(['flights']))
  await pool.query(ADD(4))
  await look()
}
