import { InvalidSessionError } from '../core/errors.ts'
import { Snapshot } from '../core/snapshot.ts'
import { withTimeout } from '../core/timeout.ts'
import type { Connection } from './postgres-connection.ts'

/** The first query takes the snapshot. The savepoint is what is gone back to after an error. */
const TAKE = 'set transaction isolation level repeatable read, read only; select 1; savepoint versioned_lru_cache'
const GO_ON = 'rollback to savepoint versioned_lru_cache'

/** A transaction that reads one state of the database, and whoever reads in it. */
export class PostgresSnapshot extends Snapshot {
  readonly #connection: Connection
  #last: Promise<unknown> = Promise.resolve()
  /** A query that the server has not answered. */
  #unanswered: unknown
  #isOver = false
  #isGivenUp = false
  /** By what the connection was lost. */
  #lostBy: unknown

  constructor(database: object, connection: Connection) {
    super(database)
    this.#connection = connection
  }

  /** @throws what the server fails with; then the connection is given up. */
  async take(): Promise<void> {
    try {
      await this.#send(() => this.#connection.begin(TAKE))
    } catch (error) {
      if (!isOfStatement(error)) this.#lostBy = error
      await this.end()
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
    if (this.#isOver) throw new InvalidSessionError(OVER) // while it waited its turn: the connection is others' by now
    this.#lostBy ??= this.#connection.lostBy()
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

  /** When all that others may wait for has been read, or the time is up. */
  async endWithin(timeout: number): Promise<void> {
    const ending = this.settled().then(() => this.end())
    await withTimeout(ending, timeout, () => new InvalidSessionError(OVER)).catch(() => this.giveUp())
  }

  /** What waits its turn is not asked any more: only the way back from an error is waited for. */
  async end(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#unanswered === undefined) await this.#last
    if (this.#unanswered !== undefined || this.#lostBy !== undefined) return this.giveUp()
    await this.#connection.end().catch(() => this.giveUp())
  }

  giveUp(): void {
    this.#isOver = true
    if (this.#isGivenUp) return
    this.#isGivenUp = true
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
