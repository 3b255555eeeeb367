import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** Runs one statement and gives its rows. */
export type Query = <Row>(sql: string, values?: unknown[]) => Promise<Row[]>

/** What the example needs of PostgreSQL, embedded or not. */
export interface Database {
  readonly query: Query
  /** Runs `work` in one transaction: all of it comes to be, or nothing. */
  transaction<R>(work: (query: Query) => Promise<R>): Promise<R>
  close(): Promise<void>
}

/** Connects to the server at `url`; without one, starts PostgreSQL inside this process, in memory. */
export async function openDatabase(url?: string): Promise<Database> {
  return url === undefined ? embedded(await PGlite.create()) : await connected(url)
}

function embedded(lite: PGlite): Database {
  return {
    query: async <Row>(sql: string, values?: unknown[]) => (await lite.query<Row>(sql, values)).rows,
    transaction: (work) =>
      lite.transaction((inside) =>
        work(async <Row>(sql: string, values?: unknown[]) => (await inside.query<Row>(sql, values)).rows),
      ),
    close: () => lite.close(),
  }
}

async function connected(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000 })
  pool.on('error', () => {}) // an idle connection broke: the pool opens another, and the next query says what is wrong
  await reach(pool)
  return {
    query: queryOf(pool),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  }
}

/** The address holds a password, so it is not repeated. */
async function reach(pool: pg.Pool): Promise<void> {
  try {
    await pool.query('select 1')
  } catch (error) {
    await pool.end()
    throw new Error(`The server of DATABASE_URL cannot be used: ${reasonOf(error)}`, { cause: error })
  }
}

/** A host with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function queryOf(client: pg.Pool | pg.PoolClient): Query {
  return async <Row>(sql: string, values?: unknown[]) => (await client.query(sql, values)).rows as Row[]
}

async function inTransaction<R>(pool: pg.Pool, work: (query: Query) => Promise<R>): Promise<R> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work(queryOf(client))
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    client.release(true) // closing the connection rolls back, also when it is the connection that failed
    throw error
  }
}
