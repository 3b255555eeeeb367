import { describe, InvalidOptionError } from '../core/errors.ts'

/** What is used of a pool or a client of `pg`, and of a `PGlite`. */
export interface QueryClient {
  query(text: string, values: string[]): PromiseLike<{ rows: unknown[] }>
}

/** What is used of a client of `postgres`. */
export interface UnsafeClient {
  unsafe(text: string, values: string[]): PromiseLike<readonly unknown[]>
}

/** What queries are asked of: a pool or a client of `pg`, a `PGlite`, or a client of `postgres`. */
export type PostgresClient = QueryClient | UnsafeClient

/** @param values texts alone: what becomes of any other value depends on the client, and on how it was set up. */
export async function rowsOf(client: PostgresClient, text: string, values: string[]): Promise<readonly unknown[]> {
  return 'query' in client ? (await client.query(text, values)).rows : client.unsafe(text, values)
}

/** @throws {InvalidOptionError} for what no query can be asked of. */
export function admitClient(client: unknown): asserts client is PostgresClient {
  const given = (typeof client === 'object' || typeof client === 'function') && client !== null ? client : {}
  const { query, unsafe } = given as { query?: unknown; unsafe?: unknown }
  if (typeof query === 'function' || (query === undefined && typeof unsafe === 'function')) return
  throw new InvalidOptionError(
    `The client is ${describe(client)}: give a pool or client of "pg", a PGlite, or a client of "postgres".`,
  )
}
