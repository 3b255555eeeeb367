import { runInSession, versionedLruCache } from '../../dist/index.js'
import { installSql, tableVersions } from '../../dist/integrations/postgres.js'
import { TABLES, withDatabase } from './sources/database.js'

const FUNCTIONS = 10
const TURNS = 200
const ONE = '1 request at a time'
const MANY = '100 requests at a time'
const AT_ONCE = { [ONE]: 1, [MANY]: 100 }

const SHARED = 'one source'
const OWN = 'a source for each function'

/**
 * Ten functions, of which each goes by both tables. What they load is kept: all that is asked of the database is versions.
 *
 * @param {import('pg').Pool} client
 * @param {string} candidate
 */
function functionsOf(client, candidate) {
  const shared = tableVersions(client, TABLES)
  return Array.from({ length: FUNCTIONS }, (_, index) => {
    const tables = candidate === SHARED ? shared : tableVersions(client, TABLES)
    return versionedLruCache(async () => index, { version: TABLES.map((table) => tables.of(() => table)) })
  })
}

/**
 * @param {string} variant
 * @param {string} candidate
 */
function measure(variant, candidate) {
  return withDatabase(async (open) => {
    const pool = open(10)
    await pool.query(installSql(TABLES))
    let queries = 0
    const query = (...asked) => {
      queries++
      return pool.query(...asked)
    }
    const functions = functionsOf({ query }, candidate)
    const request = () => runInSession(() => Promise.all(functions.map((run) => run())))
    const turn = () => Promise.all(Array.from({ length: AT_ONCE[variant] }, request))
    for (let warmUp = 0; warmUp < 20; warmUp++) await turn()
    queries = 0
    const began = performance.now()
    for (let count = 0; count < TURNS; count++) await turn()
    const requests = TURNS * AT_ONCE[variant]
    return { queries: queries / requests, rps: requests / ((performance.now() - began) / 1000) }
  })
}

export default {
  name: 'sources-batching',
  title: 'Queries for the versions of ten functions',
  about: `A request calls ten cached functions at once, each of which goes by the versions of two tables. Nothing is written, so
all is kept, and versions are all that the database is asked for. The queries are counted by the client: with one source
all that is asked for at the same time is one query, with a source for each function it is one for each.`,
  rounds: 3,
  metrics: {
    queries: { title: 'queries per request', digits: 2, better: 'less' },
    rps: { title: 'requests per second', digits: 0, better: 'more' },
  },
  variants: [ONE, MANY],
  candidates: [
    { name: SHARED, how: 'one `tableVersions` for all ten' },
    { name: OWN, how: 'a `tableVersions` each' },
  ],
  measure,
  targets: [
    { metric: 'queries', variant: ONE, of: SHARED, atMost: 1 },
    { metric: 'queries', variant: MANY, of: SHARED, atMost: 0.01 },
  ],
}
