import { currentSnapshot } from './context.ts'
import { cycleError } from './cycle.ts'
import { VersionTimeoutError } from './errors.ts'
import { announce } from './events.ts'
import { type Key, showKey } from './key.ts'
import { after, isThenable, recover } from './thenable.ts'
import { withTimeout } from './timeout.ts'
import { admitVersion, type Reading, type Version } from './version.ts'
import { sharedCheck } from './work.ts'

/** What was done to read versions. */
export interface CheckStats {
  /** Runs of the version function. */
  readonly checks: number
  /** Those that gave no version. */
  readonly checkErrors: number
  /** Keys for which one runs now. */
  readonly runningChecks: number
}

export const NO_CHECKS: CheckStats = { checks: 0, checkErrors: 0, runningChecks: 0 }

/** What versions are read with, and by whom. */
export interface CheckSettings {
  /** What people know it by. */
  readonly name: string
  /** In milliseconds, for a version that is promised. */
  readonly timeout: number
  /** The option that sets it. */
  readonly timeoutOption: string
  readonly clock: () => number
  /** What the versions are of, if they can be read in a snapshot of it. */
  readonly database?: object | undefined
}

/** @param keys what was asked for, as people read it. */
export function tooLate({ name, timeout, timeoutOption }: CheckSettings, keys: string): VersionTimeoutError {
  return new VersionTimeoutError(
    `The version function of ${name} did not answer for ${keys} within ${timeout} ms: make it cheaper, give its client a ` +
      `timeout of its own, or raise "${timeoutOption}".`,
  )
}

/** A check that runs, and the one that waits for it to end. */
interface RunningCheck {
  readonly ended: Promise<void>
  next: Promise<Reading> | undefined
}

let lastOrder = 0

/** Stamps what has just begun: readings have an order, which versions have not. */
export function nextOrder(): number {
  lastOrder += 1
  return lastOrder
}

/** Runs a version function. Per key at most one check runs and one waits, however many sessions ask. */
export class Checks<Asker> {
  #count = 0
  #errors = 0
  readonly #ask: (asker: Asker) => unknown
  readonly #settings: CheckSettings
  readonly #running = new Map<Key, RunningCheck>()
  /** Keys whose version function has been called and has not returned yet. */
  readonly #opening: Key[] = []

  constructor(ask: (asker: Asker) => unknown, settings: CheckSettings) {
    this.#ask = ask
    this.#settings = settings
  }

  stats(): CheckStats {
    return { checks: this.#count, checkErrors: this.#errors, runningChecks: this.#running.size }
  }

  /**
   * Reads the version of a key. A check that is already running began before the caller asked, and may miss
   * a write that was acknowledged in between:
   *
   *   1. check A starts and reads version 1
   *   2. a writer commits version 2, and is told so
   *   3. a session begins and asks: A's answer would be stale for it
   *
   * So the caller waits for the check after that one, and shares it with everybody who asks before it
   * starts. It runs in the async context of the first who asked, since that is where `then` is called, but not
   * by what that one's session has pinned.
   */
  check(key: Key, asker: Asker): Reading | Promise<Reading> {
    const running = this.#running.size === 0 ? undefined : this.#running.get(key)
    if (running === undefined) {
      return currentSnapshot() === undefined ? this.#run(key, asker) : this.#runApart(key, asker)
    }
    running.next ??= running.ended.then(() => this.#runShared(key, asker))
    return running.next
  }

  #runShared(key: Key, asker: Asker): Reading | Promise<Reading> {
    this.#running.delete(key) // it has ended, and stood there only so that its `next` could be shared
    return this.#runApart(key, asker)
  }

  /** By pins of its own, and in no snapshot: what the caller's session goes by may be older than what others ask for. */
  #runApart(key: Key, asker: Asker): Reading | Promise<Reading> {
    const work = sharedCheck(undefined)
    const end = (reading: Reading): Reading => {
      work.end()
      return { ...reading, tainted: work.tainted }
    }
    return recover(
      () =>
        after(
          work.run(() => this.#run(key, asker)),
          end,
        ),
      (error) => {
        work.end()
        throw error
      },
    )
  }

  #run(key: Key, asker: Asker): Reading | Promise<Reading> {
    const order = nextOrder()
    const readAt = this.#settings.clock()
    this.#count++
    const version = this.#call(key, asker)
    if (!isThenable(version))
      return { version: this.#admit(key, version), readAt, order, tainted: false, snapshot: undefined }
    const outcome = withTimeout(version, this.#settings.timeout, () => tooLate(this.#settings, showKey(key)))
    this.#follow(key, outcome) // first, so that there is room for another check when the waiters hear of this one
    return outcome.then(
      (settled) => ({ version: this.#admit(key, settled), readAt, order, tainted: false, snapshot: undefined }),
      (error) => this.#fail(key, error),
    )
  }

  /** Calls the version function, unless it is being called: then it needs its own result. */
  #call(key: Key, asker: Asker): unknown {
    if (this.#opening.length > 0 && this.#opening.includes(key))
      throw cycleError(Array(2).fill(`the version of ${this.#settings.name}${showKey(key)}`))
    this.#opening.push(key)
    try {
      return this.#ask(asker)
    } catch (error) {
      return this.#fail(key, error)
    } finally {
      this.#opening.pop()
    }
  }

  #follow(key: Key, outcome: Promise<unknown>): void {
    const end = (): void => {
      if (running.next === undefined) this.#running.delete(key)
    }
    const running: RunningCheck = { ended: outcome.then(end, end), next: undefined }
    this.#running.set(key, running)
  }

  #fail(key: Key, error: unknown): never {
    this.#errors++
    announce({ type: 'checkFailed', name: this.#settings.name, key: showKey(key), error })
    throw error
  }

  #admit(key: Key, version: unknown): Version {
    try {
      return admitVersion(version, this.#settings.name)
    } catch (error) {
      return this.#fail(key, error)
    }
  }
}
