import { cycleError } from './cycle.ts'
import { describe, InvalidVersionError, VersionTimeoutError } from './errors.ts'
import { announce } from './events.ts'
import { type Key, showKey } from './key.ts'
import { isPrimitive, type Primitive } from './key-writer.ts'
import type { Pin, SeenVersion } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Settings, UserFunction } from './settings.ts'
import { after, isThenable, recover } from './thenable.ts'
import { runSharedCheck } from './work.ts'

/**
 * What tells whether an output is still good: compared for equality only, never ordered.
 *
 * A version must be unique for ever (one that comes back brings its old outputs back), and must not be
 * visible before the data that it stands for.
 */
export type Version = Primitive | readonly Primitive[]

/** What a call goes by: the version that it saw, and when. */
export interface Reading {
  /** Undefined where the TTL alone decides. */
  readonly version: Version
  /** When reading began, by the cached function's clock. The TTL counts from here. */
  readonly readAt: number
  /** Greater than that of every reading that began before. Versions have no order; readings have. */
  readonly order: number
  /** Whether it was read by way of something that was served stale. */
  readonly tainted: boolean
}

let lastOrder = 0

export function sameVersion(a: Version, b: Version): boolean {
  if (a === b) return a !== 0 || Object.is(a, b)
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((part, index) => Object.is(part, b[index]))
}

/** The call that a version function is asked for. */
export interface Asker {
  readonly self: unknown
  readonly args: unknown[]
}

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
  /** How many of these runs gave no version. */
  errors = 0
  readonly #settings: Pick<Settings, 'version' | 'versionTimeout' | 'clock'>
  readonly #running = new Map<Key, RunningCheck>()
  /** Keys whose version function has been called and has not returned yet. */
  readonly #opening: Key[] = []

  constructor(name: string, settings: Pick<Settings, 'version' | 'versionTimeout' | 'clock'>) {
    this.name = name
    this.#settings = settings
  }

  /** Keys for which a check is running. */
  get running(): number {
    return this.#running.size
  }

  /** The version that the session has pinned, else that of one check, which is pinned. */
  read(pin: Pin, asker: Asker): Reading | Promise<Reading> {
    if (pin.reading !== undefined) return pin.reading
    const reading = this.check(pin.key, asker)
    if (reading instanceof Promise) return pin.goBy(reading)
    if (this.#settings.version !== undefined) pin.reading = pin.seen = reading
    return reading
  }

  /** The first half of a call. By what it pins the other half goes, which is the call itself, whenever it comes. */
  pinVersion(pins: Pins | undefined, pin: Pin, asker: Asker): SeenVersion | Promise<SeenVersion> {
    return recover(
      () => after(this.read(pin, asker), ({ version }) => pin.describe(version)),
      (error) => {
        if (!pin.isTaken) pins?.drop(pin)
        throw error
      },
    )
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
    if (running === undefined) return this.#run(key, asker)
    running.next ??= running.ended.then(() => this.#runShared(key, asker))
    return running.next
  }

  async #runShared(key: Key, asker: Asker): Promise<Reading> {
    this.#running.delete(key) // it has ended, and stood there only so that its `next` could be shared
    const [outcome, work] = runSharedCheck(() => this.#run(key, asker))
    try {
      return { ...(await outcome), tainted: work.tainted }
    } finally {
      work.end()
    }
  }

  #run(key: Key, asker: Asker): Reading | Promise<Reading> {
    lastOrder += 1
    const order = lastOrder
    const readAt = this.#settings.clock()
    if (this.#settings.version === undefined) return { version: undefined, readAt, order, tainted: false }
    this.checks++
    const version = this.#call(key, this.#settings.version, asker)
    if (!isThenable(version)) return { version: this.#admit(key, version), readAt, order, tainted: false }
    const outcome = this.#withTimeout(key, version)
    this.#follow(key, outcome) // first, so that there is room for another check when the waiters hear of this one
    return outcome.then(
      (settled) => ({ version: this.#admit(key, settled), readAt, order, tainted: false }),
      (error) => this.#fail(key, error),
    )
  }

  /** Calls the version function, unless it is being called: then it needs its own result. */
  #call(key: Key, version: UserFunction<unknown>, { self, args }: Asker): unknown {
    if (this.#opening.length > 0 && this.#opening.includes(key))
      throw cycleError(Array(2).fill(`the version of ${this.name}${showKey(key)}`))
    this.#opening.push(key)
    try {
      return version.apply(self, args)
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

  #withTimeout(key: Key, version: PromiseLike<unknown>): Promise<unknown> {
    if (this.#settings.versionTimeout === Number.POSITIVE_INFINITY) return Promise.resolve(version)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#tooLate(key)), this.#settings.versionTimeout)
      timer.unref()
      const settle = (how: (result: unknown) => void) => (result: unknown) => {
        clearTimeout(timer)
        how(result)
      }
      Promise.resolve(version).then(settle(resolve), settle(reject))
    })
  }

  #tooLate(key: Key): VersionTimeoutError {
    return new VersionTimeoutError(
      `The version function of ${this.name} did not answer for ${showKey(key)} within ${this.#settings.versionTimeout} ms: ` +
        'make it cheaper, give its client a timeout of its own, or raise "versionTimeout".',
    )
  }

  #describe(version: unknown): string {
    const part = Array.isArray(version) && version.find((item) => !isPrimitive(item) || Number.isNaN(item))
    return part === false ? describe(version) : `a list with ${describe(part)} in it`
  }

  #fail(key: Key, error: unknown): never {
    this.errors++
    announce({ type: 'checkFailed', name: this.name, key: showKey(key), error })
    throw error
  }

  #admit(key: Key, version: unknown): Version {
    if (isPrimitive(version) && !Number.isNaN(version)) return version
    if (Array.isArray(version) && version.every((part) => isPrimitive(part) && !Number.isNaN(part))) {
      return Object.freeze([...version])
    }
    const message =
      `The version function of ${this.name} returned ${this.#describe(version)}: return a string, number, bigint, ` +
      'boolean, null, undefined or a list of these, such as a counter, an id or an ETag.'
    return this.#fail(key, new InvalidVersionError(message))
  }
}
