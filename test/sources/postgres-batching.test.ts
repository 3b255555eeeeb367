import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../../src/index.ts'
import { installSql, tableVersions } from '../../src/integrations/postgres.ts'
import { type RunningPostgres, startPostgres } from '../support/example-postgres.ts'

const TABLES = ['flights', 'airports'] as const
const FUNCTIONS = 10

let server: RunningPostgres
let pool: pg.Pool
let queries = 0

/** Counts what is asked of the pool. */
const client = {
  query(text: string, values: unknown[]) {
    queries++
    return pool.query(text, values)
  },
}

beforeAll(async () => {
  server = await startPostgres()
  pool = new pg.Pool({ connectionString: server.url })
  pool.on('error', () => {}) // the server ends connections that are about to close
  await pool.query('create table flights (id int); create table airports (id int)')
  await pool.query(installSql(TABLES))
})

afterAll(async () => {
  await pool.end()
  await server.stop()
})

/** Requests, all at once, of which each calls ten functions at once that go by two tables. */
async function queriesOf(requests: number, versionsOf: () => ReturnType<typeof tableVersions<'flights' | 'airports'>>) {
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => {
    const tables = versionsOf()
    return versionedLruCache(async () => index, {
      version: [tables.of(() => 'flights'), tables.of(() => 'airports')],
    })
  })
  const request = () => runInSession(() => Promise.all(functions.map((run) => run())))
  queries = 0
  const answers = await Promise.all(Array.from({ length: requests }, request))
  for (const answer of answers) expect(answer).toEqual(functions.map((_, index) => index))
  return queries
}

describe('ten functions that go by two tables', () => {
  it.each([1, 100])('ask for all versions by one query, with %i requests at once', async (requests) => {
    const shared = tableVersions(client, TABLES)
    expect(await queriesOf(requests, () => shared)).toBe(1)
  })

  it.each([1, 100])('ask by ten where each has a source of its own, with %i requests at once', async (requests) => {
    expect(await queriesOf(requests, () => tableVersions(client, TABLES))).toBe(FUNCTIONS)
  })

  it('ask once more for those who come while the query runs', async () => {
    const tables = tableVersions(client, TABLES)
    const first = tables('flights')
    await new Promise((resolve) => setImmediate(resolve)) // the query has been sent, and not answered
    const late = Array.from({ length: 100 }, () => runInSession(() => tables('flights')))
    await Promise.all([first, ...late])
    expect(tables.stats().checks).toBe(2)
  })
})
