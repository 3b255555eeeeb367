import { types } from 'node:util'
import { ambientPins, taintCurrentWork } from './context.ts'
import { awaitCall, cycleError, endCall } from './dependencies.ts'
import type { Entry } from './entry.ts'
import { LoadCycleError } from './errors.ts'
import { isItsOwnKey, type Key, keyFromParts, keyOf, NO_ARGUMENTS, showKey } from './key.ts'
import { Loads } from './load.ts'
import { NONE, Pin, type Pins } from './pins.ts'
import { allPinsOfCaller, pinsOfCaller } from './session.ts'
import type { Settings, UserFunction } from './settings.ts'
import { type CacheStats, type Counters, newCounters } from './stats.ts'
import { Store } from './store.ts'
import { after } from './thenable.ts'
import { beginReading, type Reading, VersionSource } from './version.ts'

/** One call on its way to an outcome. */
interface Call {
  readonly self: unknown
  readonly args: unknown[]
  /** Those of the session; without one the call is a session of its own, which nobody else meets. */
  readonly pins: Pins | undefined
  /** Where the session's other calls with these arguments meet this one. */
  readonly pin: Pin
  /** Whether it is to load, whatever is kept. */
  readonly refresh: boolean
}

/** What a call gives: an output, or the promise of one. */
type Outcome = unknown

/**
 * The cache of one function. Read `call` first: it is the path of a call, from what the session has pinned to
 * a load. Everything that has to happen without interruption happens between two awaits.
 */
export class VersionedLruCache {
  readonly name: string
  readonly loader: UserFunction<unknown>
  readonly #settings: Settings
  readonly #source: VersionSource
  readonly #store: Store
  readonly #loads: Loads
  readonly #counters: Counters = newCounters()
  readonly #isAsync: boolean

  constructor(loader: UserFunction<unknown>, settings: Settings) {
    this.name = settings.name ?? (loader.name || 'anonymous')
    this.loader = loader
    this.#settings = settings
    this.#source = new VersionSource(this.name, settings.versionTimeout, settings.clock)
    this.#store = new Store(settings, this.#counters)
    this.#isAsync = types.isAsyncFunction(loader) || types.isAsyncFunction(settings.version)
    this.#loads = new Loads(this.name, loader, settings, this.#store, this.#counters)
  }

  /**
   * One call: what this session has already got, else what the version allows, else a load.
   *
   * Most calls find what they need in the pins. On their way nothing is made, neither a list of the arguments nor a
   * key, and no function of another file is called but one: a hit takes 20 ns, the same by way of `#first` 90 ns.
   */
  call(self: unknown, ...args: unknown[]): Outcome {
    try {
      const { session } = this.#settings
      const pins = session === undefined ? ambientPins() : pinsOfCaller(session)
      const pin = pins === undefined ? undefined : findPin(pins, this, args.length, args[0], args[1])
      if (pin === undefined) return this.#first(pins, self, ...args)
      this.#counters.pinned++
      return pin.outcome
    } catch (error) {
      return this.#thrown(error)
    }
  }

  /** Checks and loads now, whatever is kept; what is kept goes on serving until the new output lands. */
  refresh(self: unknown, args: unknown[]): Outcome {
    try {
      const key = this.#keyOf(self, args)
      this.#forget(key)
      const pins = pinsOfCaller(this.#settings.session)
      return this.#ask({ self, args, pins, pin: this.#pin(pins, key, args), refresh: true })
    } catch (error) {
      return this.#thrown(error)
    }
  }

  /** What is kept for these arguments, whatever its version; changes nothing. */
  peek(self: unknown, args: unknown[]): unknown {
    return this.#store.peek(this.#keyOf(self, args))?.output
  }

  /** Forgets one key: its entry, its running loads, and what the calling session has pinned. */
  invalidate(self: unknown, args: unknown[]): boolean {
    const key = this.#keyOf(self, args)
    this.#forget(key)
    return this.#store.delete(key)
  }

  /** Forgets all keys. */
  clear(): void {
    for (const pins of allPinsOfCaller(this.#settings.session)) pins.dropAll(this)
    this.#loads.groundAll()
    this.#store.clear()
  }

  stats(): CacheStats {
    return {
      ...this.#counters,
      checks: this.#source.checks,
      entries: this.#store.count,
      totalSize: this.#store.totalSize,
      runningLoads: this.#loads.count,
      runningChecks: this.#source.running,
    }
  }

  #first(pins: Pins | undefined, self: unknown, ...args: unknown[]): Outcome {
    const key = this.#keyOf(self, args)
    const pin = pins?.of(this)?.get(key)
    if (pin !== undefined && (pin.opening || pin.outcome !== NONE)) return this.#met(pin)
    return this.#ask({ self, args, pins, pin: pin ?? this.#pin(pins, key, args), refresh: false })
  }

  #keyOf(self: unknown, args: unknown[]): Key {
    const { key } = this.#settings
    return key === undefined ? keyOf(args) : keyFromParts(key.apply(self, args), this.name)
  }

  /** The pin is there before anything is asked, so that concurrent calls of the session meet in it. */
  #pin(pins: Pins | undefined, key: Key, args: unknown[]): Pin {
    const pin = new Pin(key, this.#settings.key === undefined && isPlain(args) ? args : undefined)
    pins?.add(this, pin)
    return pin
  }

  /** What a writer must not meet again: the running loads, and what its own session has pinned. */
  #forget(key: Key): void {
    for (const pins of allPinsOfCaller(this.#settings.session)) pins.drop(this, pins.of(this)?.get(key))
    this.#loads.ground(key)
  }

  #met(pin: Pin): Outcome {
    if (pin.opening) {
      const label = `${this.name}${showKey(pin.key)}`
      throw cycleError([label, label])
    }
    this.#counters.pinned++
    return pin.outcome
  }

  /** The first call of a session: pins what it gets, or that it has failed. */
  #ask(call: Call): Outcome {
    const { pin } = call
    pin.opening = true
    awaitCall(pin)
    try {
      const outcome = after(this.#read(call), (reading) => this.#answer(call, reading))
      pin.hold(outcome instanceof Promise ? this.#follow(call, outcome) : settle(pin, outcome))
    } catch (error) {
      pin.hold(this.#rescue(call, error))
    } finally {
      pin.opening = false
    }
    return pin.outcome
  }

  #follow(call: Call, outcome: Promise<unknown>): Promise<unknown> {
    return outcome.then(
      (output) => settle(call.pin, output),
      (error) => this.#rescue(call, error),
    )
  }

  /** What the session goes by: the version that it has pinned, else one check. */
  #read({ self, args, pin }: Call): Reading | Promise<Reading> {
    const { version, clock } = this.#settings
    if (version === undefined) return beginReading(clock)
    if (pin.reading !== undefined) return pin.reading
    const reading = this.#source.check(pin.key, () => version.apply(self, args))
    pin.reading = reading instanceof Promise ? pinReading(pin, reading) : reading
    return pin.reading
  }

  #answer(call: Call, reading: Reading): Outcome {
    if (call.refresh) return this.#loads.joinOrLoad(call, reading)
    const { key } = call.pin
    const entry = this.#store.find(key, reading)
    if (entry !== undefined) return entry.give()
    const stale = this.#store.findStale(key, this.#settings.staleWhileRevalidate)
    if (stale === undefined || !stale.async) return this.#loads.joinOrLoad(call, reading)
    this.#loads.loadBehind(call, reading)
    return this.#serveStale(stale)
  }

  /**
   * A check or a load has failed: what was good until recently may do instead. Otherwise the output is unpinned before
   * anyone hears of it, so that whoever asks again after it tries again, by the version that is pinned if one is.
   */
  #rescue(call: Call, error: unknown): Outcome {
    const { pin, pins, refresh } = call
    endCall(pin)
    const helps = !refresh && !(error instanceof LoadCycleError)
    const stale = helps ? this.#store.findStale(pin.key, this.#settings.staleIfError) : undefined
    if (stale !== undefined) return this.#serveStale(stale)
    pin.letGo()
    if (pin.reading === undefined) pins?.drop(this, pin)
    throw error
  }

  #serveStale(entry: Entry): Outcome {
    this.#counters.stale++
    taintCurrentWork()
    return this.#givesPromises() ? Promise.resolve(entry.output) : entry.give()
  }

  /** What goes wrong in a function that gives promises, its promise says: `.catch()` has to see all of it. */
  #thrown(error: unknown): Promise<never> {
    if (this.#givesPromises()) return Promise.reject(error)
    throw error
  }

  #givesPromises(): boolean {
    return this.#isAsync || this.#loads.givesPromises
  }
}

/** Looks for the arguments as they are. */
const findPin = (pins: Pins, owner: object, count: number, a: unknown, b: unknown): Pin | undefined => {
  const board = pins.of(owner)
  if (board === undefined || isMinusZero(a) || isMinusZero(b)) return undefined
  const pin = count === 1 ? board.get(a as Key) : count === 2 ? board.getPair(a, b) : board.get(NO_ARGUMENTS)
  return pin !== undefined && pin.readyFor === count ? pin : undefined
}

/** A `Map` and `===` take it for 0. */
const isMinusZero = (value: unknown): boolean => typeof value === 'number' && Object.is(value, -0)

/** Whether `===` tells these arguments from all others. */
function isPlain(args: readonly unknown[]): boolean {
  return args.length <= 2 && args.every(isItsOwnKey)
}

function settle<T>(pin: Pin, output: T): T {
  endCall(pin)
  return output
}

/** Pins a version when it comes, and nothing when the check fails: the next call tries again. */
function pinReading(pin: Pin, pending: Promise<Reading>): Promise<Reading> {
  return pending.then(
    (reading) => {
      if (reading.tainted) taintCurrentWork() // who goes by what was served stale is made of it too
      pin.reading = reading
      return reading
    },
    (error) => {
      pin.reading = undefined
      throw error
    },
  )
}
