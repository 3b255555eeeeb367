import type { Clock } from './clock.ts'
import { cycleError } from './dependencies.ts'
import { describe, InvalidVersionError, VersionTimeoutError } from './errors.ts'
import { type Key, showKey } from './key.ts'
import { isPrimitive, type Primitive } from './key-writer.ts'
import { isThenable } from './thenable.ts'
import { runSharedCheck } from './work.ts'

/**
 * What tells whether an output is still good: compared for equality only, never ordered.
 *
 * A version must be unique for ever (one that comes back brings its old outputs back), and must not be
 * visible before the data that it stands for.
 */
export type Version = Primitive | readonly Primitive[]

/** A source, one of its keys, and a version it had: an entry is good while its stamps hold. */
export interface Stamp {
  readonly source: VersionSource
  readonly key: Key
  readonly version: Version
}

/** What a call goes by: the versions that it saw, and when. */
export interface Reading {
  /** In the order in which they were read; empty where the TTL alone decides. */
  readonly stamps: readonly Stamp[]
  /** When reading began, by the cached function's clock. The TTL counts from here. */
  readonly readAt: number
  /** Greater than that of every reading that began before. Versions have no order; readings have. */
  readonly order: number
  /** Whether it was read by way of something that was served stale. */
  readonly tainted?: boolean
}

let lastOrder = 0

const NO_STAMPS: readonly Stamp[] = []

/** A reading that begins now and has no stamps yet. */
export function beginReading(clock: Clock): Reading {
  lastOrder += 1
  return { stamps: NO_STAMPS, readAt: clock(), order: lastOrder }
}

export function sameStamps(a: readonly Stamp[], b: readonly Stamp[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    if (!sameStamp(a[index] as Stamp, b[index] as Stamp)) return false
  }
  return true
}

function sameStamp(a: Stamp, b: Stamp): boolean {
  return a.source === b.source && a.key === b.key && sameVersion(a.version, b.version)
}

function sameVersion(a: Version, b: Version): boolean {
  if (Object.is(a, b)) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((part, index) => Object.is(part, b[index]))
}

/** Runs a version function for one key. */
export type ReadVersion = () => Version | PromiseLike<Version>

/** A check that runs, and the one that waits for it to end. */
interface RunningCheck {
  readonly ended: Promise<void>
  next: Promise<Reading> | undefined
}

/** Where versions come from. Per key at most one check runs and one waits, however many sessions ask. */
export class VersionSource {
  readonly name: string
  /** How often a version function was run. */
  checks = 0
  readonly #timeout: number
  readonly #clock: Clock
  readonly #running = new Map<Key, RunningCheck>()
  /** Keys whose version function has been called and has not returned yet. */
  readonly #opening: Key[] = []

  constructor(name: string, timeout: number, clock: Clock) {
    this.name = name
    this.#timeout = timeout
    this.#clock = clock
  }

  /** Keys for which a check is running. */
  get running(): number {
    return this.#running.size
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
  check(key: Key, read: ReadVersion): Reading | Promise<Reading> {
    const running = this.#running.get(key)
    if (running === undefined) return this.#run(key, read)
    running.next ??= running.ended.then(() => this.#runShared(key, read))
    return running.next
  }

  async #runShared(key: Key, read: ReadVersion): Promise<Reading> {
    this.#running.delete(key) // it has ended, and stood there only so that its `next` could be shared
    const [outcome, work] = runSharedCheck(() => this.#run(key, read))
    const reading = await outcome
    return { ...reading, tainted: work.tainted }
  }

  #run(key: Key, read: ReadVersion): Reading | Promise<Reading> {
    this.checks++
    const begun = beginReading(this.#clock)
    const version = this.#call(key, read)
    if (!isThenable(version)) return this.#stamped(begun, key, version)
    const outcome = this.#withTimeout(key, version)
    this.#follow(key, outcome) // first, so that there is room for another check when the waiters hear of this one
    return outcome.then((settled) => this.#stamped(begun, key, settled))
  }

  /** Calls the version function, unless it is being called: then it needs its own result. */
  #call(key: Key, read: ReadVersion): unknown {
    if (this.#opening.includes(key)) throw cycleError(Array(2).fill(`the version of ${this.name}${showKey(key)}`))
    this.#opening.push(key)
    try {
      return read()
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

  #stamped(begun: Reading, key: Key, version: unknown): Reading {
    const stamps = [{ source: this, key, version: this.#admit(version) }]
    return { stamps, readAt: begun.readAt, order: begun.order }
  }

  #withTimeout(key: Key, version: PromiseLike<unknown>): Promise<unknown> {
    if (this.#timeout === Number.POSITIVE_INFINITY) return Promise.resolve(version)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#tooLate(key)), this.#timeout)
      timer.unref()
      Promise.resolve(version)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject)
    })
  }

  #tooLate(key: Key): VersionTimeoutError {
    return new VersionTimeoutError(
      `The version function of ${this.name} did not answer for ${showKey(key)} within ${this.#timeout} ms: ` +
        'make it cheaper, give its client a timeout of its own, or raise "versionTimeout".',
    )
  }

  #describe(version: unknown): string {
    const part = Array.isArray(version) && version.find((item) => !isPrimitive(item) || Number.isNaN(item))
    return part === false ? describe(version) : `a list with ${describe(part)} in it`
  }

  #admit(version: unknown): Version {
    if (isPrimitive(version) && !Number.isNaN(version)) return version
    if (Array.isArray(version) && version.every((part) => isPrimitive(part) && !Number.isNaN(part))) {
      return Object.freeze([...version])
    }
    throw new InvalidVersionError(
      `The version function of ${this.name} returned ${this.#describe(version)}: return a string, number, bigint, ` +
        'boolean, null, undefined or a list of these, such as a counter, an id or an ETag.',
    )
  }
}
