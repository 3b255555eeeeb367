import { currentSnapshot } from '../core/context.ts'
import { admitDatabase, type PostgresJs, type SnapshotDatabase } from './postgres-connection.ts'
import { PostgresSnapshot } from './postgres-snapshot.ts'

/** Asks as the `query` of the pool does, or as the tagged template and `unsafe` of `postgres` do. */
export type SnapshotClient<D> = D extends { begin: unknown; unsafe: infer Unsafe }
  ? { (template: TemplateStringsArray, ...values: unknown[]): Promise<Record<string, unknown>[]>; unsafe: Unsafe }
  : D extends { query: infer Query }
    ? { query: Query }
    : never

const DATABASES = new WeakMap<object, SnapshotDatabase>()

/**
 * Makes a client that asks in the snapshot of the session, and asks the database itself where there is none. Loaders
 * ask by it. Queries give promises, and wait for each other in a snapshot.
 *
 * @throws {InvalidOptionError} for a database that has no connections to give.
 */
export function snapshotClient<D extends SnapshotDatabase>(database: D): SnapshotClient<D> {
  admitDatabase(database)
  const client =
    'begin' in database
      ? routePostgresJs(database)
      : { query: (...query: unknown[]) => askIn(database, (one) => one.query(...query)) }
  DATABASES.set(client, database)
  return client as SnapshotClient<D>
}

function routePostgresJs(sql: PostgresJs): object {
  const template = (strings: TemplateStringsArray, ...values: unknown[]) => askIn(sql, (one) => one(strings, ...values))
  return Object.assign(template, { unsafe: (...query: [string]) => askIn(sql, (one) => one.unsafe(...query)) })
}

/** What a client asks: itself, or the database of which {@link snapshotClient} has made it. */
export function databaseOf<C extends object>(client: C): C {
  return (DATABASES.get(client) as C | undefined) ?? client
}

/** Asks in the snapshot in which the calling code runs, if it is of this database, else the database itself. */
export function askIn<C extends object, R>(database: C, query: (client: C) => PromiseLike<R>): PromiseLike<R> {
  const snapshot = currentSnapshot()
  if (!(snapshot instanceof PostgresSnapshot) || snapshot.database !== database) return query(database)
  return snapshot.ask((client) => query(client as C))
}
