import { describe, InvalidOptionError, refuseOthers, VersionTimeoutError } from '../core/errors.ts'
import { runInSessionOf } from '../core/session.ts'
import { isTimeout, TIMEOUT_WANTED, withTimeout } from '../core/timeout.ts'
import { admitDatabase, connect, type SnapshotDatabase } from './postgres-connection.ts'
import { PostgresSnapshot } from './postgres-snapshot.ts'
import { databaseOf } from './postgres-snapshot-client.ts'

/** How a snapshot is taken. */
export interface SnapshotOptions {
  /**
   * How long it may take to get a connection and the snapshot, in milliseconds, before `runInSnapshot` fails with
   * `ERR_VERSION_TIMEOUT`. For as long it waits, when its function has ended, for loads that go on and for the end of
   * the transaction; then it closes the connection.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/**
 * Runs a function in a new session that sees one state of the database: its checks and its loads read in one
 * `REPEATABLE READ READ ONLY` transaction. That holds for cached functions all of whose versions are of this database
 * (`tableVersions`, `keyVersions`, `snapshotVersion`) and whose loaders ask by way of {@link snapshotClient}; others are
 * checked and loaded outside of the snapshot, as in any session. It takes a connection of its own, until the function and
 * all loads that it began have ended.
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
    await snapshot.endWithin(timeout)
  }
}

function readTimeout({ timeout = 10_000, ...others }: SnapshotOptions): number {
  refuseOthers(others, '"timeout"')
  if (isTimeout(timeout)) return timeout
  throw new InvalidOptionError(`The option "timeout" is ${describe(timeout)}: give ${TIMEOUT_WANTED}.`)
}

async function takeSnapshot(database: unknown, timeout: number): Promise<PostgresSnapshot> {
  admitDatabase(database)
  let isLate = false
  let snapshot: PostgresSnapshot | undefined
  const taking = connect(database).then(async (connection) => {
    snapshot = new PostgresSnapshot(database, connection)
    if (isLate) await snapshot.end()
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
