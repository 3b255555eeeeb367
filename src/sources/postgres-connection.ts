import { describe, InvalidOptionError } from '../core/errors.ts'

/** What is used of a pool of `pg`. */
interface PgPool {
  connect(): Promise<PgPoolClient>
  // biome-ignore lint/suspicious/noExplicitAny: a pool has many ways to be asked, and all of them are passed on
  query(...query: any[]): any
}

interface PgPoolClient {
  // biome-ignore lint/suspicious/noExplicitAny: as for the pool
  query(...query: any[]): any
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean): void
}

/** What is used of a `PGlite`. */
interface PGliteDatabase {
  transaction<R>(work: (transaction: PGliteTransaction) => Promise<R>): Promise<R>
  // biome-ignore lint/suspicious/noExplicitAny: as for the pool
  query(...query: any[]): Promise<any>
}

interface PGliteTransaction {
  // biome-ignore lint/suspicious/noExplicitAny: as for the pool
  query(...query: any[]): Promise<any>
  exec(text: string): Promise<unknown>
}

/** What is used of the client of `postgres`. */
export interface PostgresJs extends PostgresJsQueries {
  begin(work: (client: PostgresJsQueries) => Promise<void>): Promise<unknown>
}

interface PostgresJsQueries {
  // biome-ignore lint/suspicious/noExplicitAny: values of any type, and rows of any
  (template: TemplateStringsArray, ...values: any[]): PromiseLike<any>
  // biome-ignore lint/suspicious/noExplicitAny: values of any type, and rows of any
  unsafe(text: string, values?: any[], options?: any): PostgresJsQuery
}

interface PostgresJsQuery
  // biome-ignore lint/suspicious/noExplicitAny: rows of any type
  extends PromiseLike<any> {
  cancel(): void
  // biome-ignore lint/suspicious/noExplicitAny: rows of any type
  simple(): PromiseLike<any>
}

/** What can give a connection to one transaction: a pool of `pg`, a `PGlite`, or a client of `postgres`. */
export type SnapshotDatabase = PgPool | PGliteDatabase | PostgresJs

/** One connection, for one transaction. */
export interface Connection {
  /** What queries are asked of. */
  readonly client: PgPoolClient | PGliteTransaction | PostgresJsQueries
  /** Begins a transaction, and runs these statements in it. */
  begin(statements: string): PromiseLike<unknown>
  run(statement: string): PromiseLike<unknown>
  /** By what it broke while nothing was asked of it, as far as the client says. */
  lostBy(): unknown
  /** Ends the transaction, and gives the connection back. */
  end(): Promise<void>
  /** Gets rid of a connection that has not answered this query yet, or is broken when there is none. */
  abandon(unanswered?: unknown): void
}

/** @throws {InvalidOptionError} for what gives no connection. */
export function admitDatabase(database: unknown): asserts database is SnapshotDatabase {
  const given = (typeof database === 'object' || typeof database === 'function') && database ? database : {}
  if (
    'begin' in given ||
    'transaction' in given ||
    ('connect' in given && !('release' in given || 'processID' in given))
  )
    return
  throw new InvalidOptionError(
    `The database is ${describe(database)}: give a pool of "pg", a PGlite, or a client of "postgres", which have a ` +
      'connection for each transaction.',
  )
}

export function connect(database: SnapshotDatabase): Promise<Connection> {
  if ('begin' in database) return connectPostgresJs(database)
  return 'transaction' in database ? connectPGlite(database) : connectPg(database)
}

async function connectPg(pool: PgPool): Promise<Connection> {
  const client = await pool.connect()
  let lostBy: unknown
  const lose = (error: Error): void => {
    lostBy ??= error // the next query would only say that there is no connection
  }
  client.on('error', lose)
  const release = (isBroken: boolean): void => {
    client.release(isBroken) // from here on its pool listens
    client.off('error', lose)
  }
  return {
    client,
    begin: (statements) => client.query(`begin; ${statements}`),
    run: (statement) => client.query(statement),
    lostBy: () => lostBy,
    end: async () => {
      await client.query('commit')
      release(false)
    },
    abandon: () => release(true),
  }
}

/** A PGlite begins and commits by itself, around a function that ends when the transaction may. */
function connectPGlite(database: PGliteDatabase): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(
      (client) =>
        new Promise<void>((end) => {
          const endAll = (): Promise<void> => {
            end()
            return transaction
          }
          const run = (statements: string): Promise<unknown> => client.exec(statements)
          resolve({ client, begin: run, run, lostBy: () => undefined, end: endAll, abandon: endAll })
        }),
    )
    transaction.catch(reject)
  })
}

/** This client too begins and ends by itself, and in no other way does it tell that a connection is lost. */
function connectPostgresJs(sql: PostgresJs): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let lostBy: unknown
    const transaction = sql.begin(
      (client) =>
        new Promise<void>((end) => {
          const endAll = async (): Promise<void> => {
            end()
            await transaction.catch(() => {}) // it gives the error of any query, also of those that were caught
          }
          const abandon = (unanswered?: unknown): void => {
            if (unanswered === undefined) return // what is broken, it gives up by itself, and must not be sent anything
            ;(unanswered as PostgresJsQuery).cancel()
            end()
          }
          resolve({
            client,
            begin: (statements) => client.unsafe(statements).simple(),
            run: (statement) => client.unsafe(statement),
            lostBy: () => lostBy,
            end: endAll,
            abandon,
          })
        }),
    )
    transaction.catch((error) => {
      lostBy = error
      reject(error)
    })
  })
}
