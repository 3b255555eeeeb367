import pg from 'pg'
import { tsImport } from 'tsx/esm/api'

/** What the tests of the sources have, too: a real server, writers and sessions, and who judges them. */
const support = (name) => tsImport(`../../../test/support/${name}.ts`, import.meta.url)
const { startPostgres } = await support('example-postgres')
export const { call, Moments, READS, randomOf, SCHEMA, TABLES, WRITERS, Writers } = await support('database-load')
export const { faultsOf } = await support('state-checker')

/**
 * Runs the work with a PostgreSQL of its own that has the tables.
 *
 * @template T
 * @param {(open: (max: number) => pg.Pool) => Promise<T>} work
 */
export async function withDatabase(work) {
  const { url, stop } = await startPostgres()
  /** @type {pg.Pool[]} */
  const pools = []
  const open = (max) => {
    const pool = new pg.Pool({ connectionString: url, max })
    pool.on('error', () => {}) // the server ends connections that are about to close
    pools.push(pool)
    return pool
  }
  try {
    await open(1).query(SCHEMA)
    return await work(open)
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
    await stop()
  }
}

/**
 * @param {pg.Pool} pool
 * @param {number} count
 */
export function connections(pool, count) {
  return Promise.all(Array.from({ length: count }, () => pool.connect()))
}
