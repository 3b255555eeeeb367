import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { counter, currentSession, detached, runInSession, versionedLruCache } from '../../src/index.ts'
import { installSql, runInSnapshot, snapshotClient, tableVersions } from '../../src/integrations/postgres.ts'
import { type RunningPostgres, startPostgres } from '../support/example-postgres.ts'
import { Gate } from '../support/gate.ts'

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
function functionsOf(database = pool) {
  const db = snapshotClient(database)
  const tables = tableVersions(database, ['flights', 'airports'])
  const read = (table: string) => async () => (await db.query(`select delay from ${table}`)).rows[0].delay as number
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
    })
    expect([await flights(), await airports()]).toEqual([2, 2])
  })
})
