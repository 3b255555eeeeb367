import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { describe, InvalidOptionError, InvalidVersionError } from '../core/errors.ts'
import { versionSource } from '../core/version-source.ts'

/** What is used of a connection: a `DatabaseSync` of `node:sqlite` is one, and so is a `Database` of `better-sqlite3`. */
export interface SqliteConnection {
  prepare(sql: string): SqliteStatement
  /** As `node:sqlite` calls it, from Node 22.16 on. */
  readonly isTransaction?: boolean
  /** As `better-sqlite3` calls it. */
  readonly inTransaction?: boolean
}

/** What is used of a prepared statement. */
export interface SqliteStatement {
  get(): unknown
}

/** The options of a version source that reads a SQLite database. */
export interface SqliteVersionOptions {
  /**
   * What people know the source by. It goes into the tags of conditional requests, so it should not change.
   *
   * @default 'sqlite'
   */
  name?: string | undefined
}

/**
 * The first number moves with the commits of all other connections ({@link https://sqlite.org/pragma.html#pragma_data_version}),
 * the second with the rows that this one writes ({@link https://sqlite.org/c3ref/total_changes.html}), the third with
 * what it does to the schema.
 */
const VERSION = `
select (select data_version from pragma_data_version)
  || ' ' || total_changes()
  || ' ' || (select schema_version from pragma_schema_version)`

const FILE = "select file from pragma_database_list where name = 'main'"

/**
 * Makes the version of a SQLite database: another one after each commit, of whatever connection and process. It is read
 * synchronously, on a connection to the `main` database of it.
 *
 * @throws {InvalidOptionError} for what is no open connection, and an option that is unknown or cannot be used.
 * @example
 * const db = new Database('flights.db')
 * const delays = versionedLruCache(readDelays, { version: sqliteVersion(db) })
 */
export function sqliteVersion(connection: SqliteConnection, options: SqliteVersionOptions = {}): () => string {
  const name = nameIn(options)
  isInTransaction(connection) // says so at once if it cannot be known
  const statement = connection.prepare(VERSION) // of this opening of the connection: its numbers begin anew with the next
  const file = firstColumn(connection.prepare(FILE))
  const opened = inodeOf(file)
  const epoch = randomUUID()
  const read = (): string => {
    if (isInTransaction(connection)) throw new InvalidVersionError(IN_TRANSACTION)
    const version = firstColumn(statement)
    if (inodeOf(file) === opened) return `${epoch} ${version}`
    throw new InvalidVersionError(
      `The file ${file} was deleted or replaced, and the connection goes on with the old one: open it again, and make a ` +
        'new source of that.',
    )
  }
  return versionSource<undefined, string>({ name, read }).of()
}

/** In there, other connections' commits go unseen, and what its own writes count may be rolled back. */
const IN_TRANSACTION =
  'The connection is inside a transaction, in which its database has no version: call the cached function before it, or ' +
  'after it.'

function isInTransaction(connection: SqliteConnection | undefined): boolean {
  const answer = connection?.inTransaction ?? connection?.isTransaction
  if (typeof answer === 'boolean') return answer
  throw new InvalidOptionError(
    `The connection is ${describe(connection)}: give a Database of better-sqlite3, or a DatabaseSync of node:sqlite from ` +
      'Node 22.16 or later.',
  )
}

/** The first column of the first row, which some clients give as a list. */
function firstColumn(statement: SqliteStatement): string {
  const [value] = Object.values(statement.get() as string[] | Record<string, string>)
  return value as string
}

/** What tells a file from another one in its place; none for a database in memory. */
function inodeOf(file: string): string | undefined {
  const stats = file === '' ? undefined : statSync(file, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

function nameIn(options: unknown): string {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { name }.`)
  }
  const { name = 'sqlite', ...others } = options as SqliteVersionOptions
  const [unknown] = Object.keys(others)
  if (unknown === undefined) return name
  throw new InvalidOptionError(`There is no option "${unknown}". The only option is "name".`)
}
