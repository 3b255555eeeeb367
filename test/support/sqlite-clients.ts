import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { SqliteConnection } from '../../src/integrations/sqlite.ts'
import { HAS_SQLITE } from './newer-node.ts'

const require = createRequire(import.meta.url)

/** What the tests use of a connection, of whatever client. */
export interface TestConnection extends SqliteConnection {
  prepare(sql: string): { get(): unknown; all(): unknown[]; iterate(): IterableIterator<unknown> }
  exec(sql: string): unknown
  function(name: string, run: (value: unknown) => unknown): unknown
  close(): unknown
}

/** A client of SQLite. */
export interface SqliteClient {
  readonly name: string
  open(path: string): TestConnection
  /** Copies a whole database into a file, or over the database in it, by SQLite's own backup. */
  copy(from: TestConnection, path: string): Promise<unknown>
  /** Opens a database in a process of its own, which then runs this code; `db` is the connection. */
  runElsewhere(path: string, code: string): Promise<unknown>
}

type Open = new (path: string) => TestConnection

function clientOf(name: string, expression: string, Connection: Open, copy: SqliteClient['copy']): SqliteClient {
  const script = `const db = new (${expression})(process.argv[1]);`
  return {
    name,
    open: (path) => new Connection(path),
    copy,
    runElsewhere: (path, code) => promisify(execFile)(process.execPath, ['-e', script + code, path]),
  }
}

/** `node:sqlite`, or a package that has its interface. */
function nodeClient(name: string): SqliteClient {
  const { DatabaseSync, backup } = require(name) as { DatabaseSync: Open; backup: SqliteClient['copy'] }
  return clientOf(name, `require('${name}').DatabaseSync`, DatabaseSync, backup)
}

function betterSqlite3(): SqliteClient {
  const Database = require('better-sqlite3') as Open
  const copy = (from: TestConnection, path: string) =>
    (from as unknown as { backup(path: string): Promise<unknown> }).backup(path)
  return clientOf('better-sqlite3', `require('better-sqlite3')`, Database, copy)
}

/** Those that this Node runs: both, or else the code of `node:sqlite` as a package for older ones. */
export const clients = HAS_SQLITE
  ? [nodeClient('node:sqlite'), betterSqlite3()]
  : [nodeClient('@photostructure/sqlite')]
