import { currentSnapshot } from '../core/context.ts'
import { describe, InvalidOptionError, InvalidSessionError, VersionTimeoutError } from '../core/errors.ts'
import { runInSessionOf } from '../core/session.ts'
import { Snapshot } from '../core/snapshot.ts'
import { isTimeout, TIMEOUT_WANTED, withTimeout } from '../core/timeout.ts'
import {
  admitDatabase,
  type Connection,
  connect,
  type PostgresJs,
  type SnapshotDatabase,
} from './postgres-connection.ts'

export type { SnapshotDatabase }

/** How a snapshot is taken. */
export interface SnapshotOptions {
  /**
   * How long it may take to get a connection and the snapshot, in milliseconds, before `runInSnapshot` fails with
   * `ERR_VERSION_TIMEOUT`.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/** The first query takes the snapshot. The savepoint is what is gone back to after an error. */
const TAKE = 'set transaction isolation level repeatable read, read only; select 1; savepoint versioned_lru_cache'
const GO_ON = 'rollback to savepoint versioned_lru_cache'

/** A transaction that reads one state of the database, and whoever reads in it. */
class PostgresSnapshot extends Snapshot {
  readonly #connection: Connection
  #last: Promise<unknown> = Promise.resolve()
  /** A query that the server has not answered. */
  #unanswered: unknown
  #isOver = false
  /** By what the connection was lost. */
  #lostBy: unknown

  constructor(database: object, connection: Connection) {
    super(database)
    this.#connection = connection
  }

  /** @throws what the server fails with; then the connection is given up. */
  async take(): Promise<void> {
    try {
      await this.#connection.begin(TAKE)
    } catch (error) {
      this.giveUp()
      throw error
    }
  }

  /**
   * Asks one query after the other: an error breaks a transaction until it is set back, and would break what has been
   * sent meanwhile.
   */
  ask<R>(query: (client: Connection['client']) => PromiseLike<R>): Promise<R> {
    if (this.#isOver) return Promise.reject(new InvalidSessionError(OVER))
    const outcome = this.#last.then(() => this.#send(query))
    this.#last = outcome.catch((error) => this.#goOnAfter(error))
    return outcome
  }

  async #send<R>(query: (client: Connection['client']) => PromiseLike<R>): Promise<R> {
    if (this.#lostBy !== undefined) throw this.#lostBy
    const unanswered = query(this.#connection.client)
    this.#unanswered = unanswered
    try {
      return await unanswered
    } finally {
      this.#unanswered = undefined
    }
  }

  async #goOnAfter(error: unknown): Promise<void> {
    if (this.#isOver) return
    try {
      if (!isOfStatement(error)) throw error
      await this.#connection.run(GO_ON)
    } catch (cause) {
      this.#lostBy = cause
    }
  }

  async end(): Promise<void> {
    if (this.#unanswered === undefined) await this.#last
    if (this.#unanswered !== undefined || this.#lostBy !== undefined) return this.giveUp()
    this.#isOver = true
    await this.#connection.end().catch(() => this.#connection.abandon())
  }

  giveUp(): void {
    this.#isOver = true
    this.#connection.abandon(this.#unanswered)
  }
}

/**
 * Whether a statement has failed, and nothing worse: the server gives a code of five characters, but says so too when
 * it closes the connection.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isOfStatement(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(?!57P0|08)[0-9FHPX][0-9A-Z]{4}$/.test(code)
}

const OVER =
  'A query came when its snapshot was over: await everything that reads in runInSnapshot, or call it in detached.'

/**
 * Runs a function in a new session that sees one state of the database: its checks and its loads read in one
 * `REPEATABLE READ READ ONLY` transaction. That holds for cached functions all of whose versions are of this database
 * (`tableVersions`, `snapshotVersion`) and whose loaders ask by way of {@link snapshotClient}; others are checked and
 * loaded outside of the snapshot, as in any session. It takes a connection of its own, until the function and all
 * loads that it began have ended.
 *
 * @param database what the version sources were given: a pool of `pg`, a `PGlite`, or a client of `postgres`.
 * @returns what the function returns.
 * @throws {InvalidOptionError} for a database that has no connections to give, and for a wrong option.
 * @throws {VersionTimeoutError} when there is no snapshot in time; what the client fails with passes through.
 * @see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ
 * @example
 * const db = snapshotClient(pool)
 * const delays = versionedLruCache(() => db.query('select …'), { version: tables.of(() => 'flights') })
 * await runInSnapshot(pool, async () => [await delays(), await fares()]) // of one state
 */
export async function runInSnapshot<R>(
  database: SnapshotDatabase,
  fn: () => R,
  options: SnapshotOptions = {},
): Promise<Awaited<R>> {
  const timeout = readTimeout(options)
  const snapshot = await takeSnapshot(databaseOf(database), timeout)
  try {
    return await runInSessionOf(snapshot, fn)
  } finally {
    await snapshot.settled()
    await snapshot.end()
  }
}

function readTimeout({ timeout = 10_000, ...others }: SnapshotOptions): number {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidOptionError(`There is no option "${unknown}". The option is "timeout".`)
  if (isTimeout(timeout)) return timeout
  throw new InvalidOptionError(`The option "timeout" is ${describe(timeout)}: give ${TIMEOUT_WANTED}.`)
}

async function takeSnapshot(database: unknown, timeout: number): Promise<PostgresSnapshot> {
  admitDatabase(database)
  let isLate = false
  let snapshot: PostgresSnapshot | undefined
  const taking = connect(database).then(async (connection) => {
    snapshot = new PostgresSnapshot(database, connection)
    if (isLate) snapshot.giveUp()
    else await snapshot.take()
  })
  await withTimeout(taking, timeout, () => {
    isLate = true
    snapshot?.giveUp()
    return new VersionTimeoutError(
      `There was no snapshot within ${timeout} ms: give the pool more connections, or raise "timeout".`,
    )
  })
  return snapshot as PostgresSnapshot // which is what was awaited
}

/** Asks as the `query` of the pool does, or as the tagged template and `unsafe` of `postgres` do. */
export type SnapshotClient<D> = D extends { reserve: unknown; unsafe: infer Unsafe }
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
    'reserve' in database
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
export function databaseOf<C extends object>(client: C): C | SnapshotDatabase {
  return DATABASES.get(client) ?? client
}

/** Asks in the snapshot in which the calling code runs, if it is of this database, else the database itself. */
export function askIn<C extends object, R>(database: C, query: (client: C) => PromiseLike<R>): PromiseLike<R> {
  const snapshot = currentSnapshot()
  if (!(snapshot instanceof PostgresSnapshot) || snapshot.database !== database) return query(database)
  return snapshot.ask((client) => query(client as C))
}
