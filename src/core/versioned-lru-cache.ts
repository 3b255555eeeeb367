import { ambientPins, refusesStale } from './context.ts'
import { awaitCall, endCall } from './cycle.ts'
import { type Dependency, dependencyOn } from './dependency.ts'
import { LoadCycleError } from './errors.ts'
import { NO_SLOT, type Slot } from './eviction.ts'
import { type Key, keyOfCall } from './key.ts'
import { Loads } from './load.ts'
import { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import { allPinsOfCaller, pinsOfCaller, type SessionOption } from './session.ts'
import type { Settings, UserFunction } from './settings.ts'
import { type CacheStats, type Counters, newCounters } from './stats.ts'
import { Store } from './store.ts'
import { Verifier } from './verifier.ts'
import type { Reading } from './version.ts'
import { pinVersion, type Versions, versionsOf } from './versions.ts'

/** One call on its way to an outcome. */
interface Call {
  readonly self: unknown
  readonly args: unknown[]
  /** Those of the session; without one the call is a session of its own, which nobody else meets. */
  readonly pins: Pins | undefined
  readonly pin: Pin
  /** Whether it is to load, whatever is kept. */
  readonly refresh: boolean
}

/** What a call gives: an output, or the promise of one. */
type Outcome = unknown

/** The cache of one function. Begin at `call`: the path of a call, from what the session has pinned to a load. */
export class VersionedLruCache {
  readonly name: string
  readonly loader: UserFunction<unknown>
  readonly #settings: Settings
  readonly #session: SessionOption // of the settings, at hand for every call
  readonly #versions: Versions
  readonly #store: Store
  readonly #loads: Loads
  readonly #verifier: Verifier | undefined
  readonly #counters: Counters = newCounters()

  constructor(loader: UserFunction<unknown>, settings: Settings) {
    this.name = settings.name ?? (loader.name || 'anonymous')
    this.loader = loader
    this.#settings = settings
    this.#session = settings.session
    this.#versions = versionsOf(this.name, settings, this.#counters)
    this.#store = new Store(settings, this.#counters)
    this.#loads = new Loads(this.name, loader, settings, this.#store, this.#counters)
    const parts = { loader, settings, versions: this.#versions, store: this.#store, counters: this.#counters }
    this.#verifier = settings.verifyVersions && new Verifier(this.name, settings.verifyVersions, parts)
  }

  /**
   * One call: what this session has already got, else what the version allows, else a load.
   *
   * Most calls find what they need in the pins. On their way nothing is made, neither a list of the arguments nor a
   * key. By way of `#first` a hit by one string would take 1.5 times as long, by two strings 9 times.
   */
  call(self: unknown, ...args: unknown[]): Outcome {
    try {
      const pins = this.#session === undefined ? ambientPins() : pinsOfCaller(this.#session)
      const pin = pins === undefined ? undefined : pins.find(this, args.length, args[0], args[1])
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
      const pins = pinsOfCaller(this.#session)
      return this.#ask({ self, args, pins, pin: this.#pin(pins, key, args), refresh: true })
    } catch (error) {
      return this.#thrown(error)
    }
  }

  /** What is kept for these arguments, whatever its version; changes nothing. */
  peek(self: unknown, args: unknown[]): unknown {
    return this.#store.peek(this.#keyOf(self, args))
  }

  /** A call that something else is to depend on. Its key is made now, so that what is wrong with it is said at once. */
  dependency(self: unknown, args: unknown[]): Dependency {
    const key = this.#keyOf(self, args)
    return dependencyOn(this.name, this.#settings, () => {
      const pins = pinsOfCaller(this.#session)
      return pinVersion(this.#versions, pins, pins?.get(this, key) ?? this.#pin(pins, key, args), { self, args })
    })
  }

  /** Forgets one key: its entry, its running loads, and what the calling session has pinned. */
  invalidate(self: unknown, args: unknown[]): boolean {
    const key = this.#keyOf(self, args)
    this.#forget(key)
    return this.#store.delete(key)
  }

  /** Forgets all keys. */
  clear(): void {
    for (const pins of allPinsOfCaller(this.#session)) pins.dropAll(this)
    this.#loads.groundAll()
    this.#store.clear()
  }

  stats(): CacheStats {
    return {
      ...this.#counters,
      ...this.#versions.stats(),
      entries: this.#store.count,
      totalSize: this.#store.totalSize,
      runningLoads: this.#loads.count,
    }
  }

  #first(pins: Pins | undefined, self: unknown, ...args: unknown[]): Outcome {
    const key = this.#keyOf(self, args)
    const pin = pins?.get(this, key) ?? this.#pin(pins, key, args)
    if (!pin.isTaken) return this.#ask({ self, args, pins, pin, refresh: false })
    const outcome = pin.give()
    this.#counters.pinned++
    return outcome
  }

  #keyOf(self: unknown, args: unknown[]): Key {
    return keyOfCall(this.#settings.key, this.name, self, args)
  }

  /** The pin is there before anything is asked, so that concurrent calls of the session meet in it. */
  #pin(pins: Pins | undefined, key: Key, args: unknown[]): Pin {
    const pin = new Pin(this, key, this.#settings.key === undefined ? args : undefined)
    if (pins !== undefined) pins.add(pin)
    return pin
  }

  /** What a writer must not meet again: the running loads, and what its own session has pinned. */
  #forget(key: Key): void {
    for (const pins of allPinsOfCaller(this.#session)) pins.drop(pins.get(this, key))
    this.#loads.ground(key)
  }

  /** The first call of a session: pins what it gets, or nothing when it fails. */
  #ask(call: Call): Outcome {
    const { pin } = call
    pin.open()
    awaitCall(pin)
    try {
      const outcome = this.#find(call)
      return pin.hold(outcome instanceof Promise ? this.#follow(call, outcome) : pin.settle(outcome))
    } catch (error) {
      return pin.hold(this.#rescue(call, error))
    }
  }

  #follow(call: Call, outcome: Promise<unknown>): Promise<unknown> {
    return outcome.then(
      (output) => call.pin.settle(output),
      (error) => this.#rescue(call, error),
    )
  }

  #find(call: Call): Outcome {
    const reading = this.#versions.read(call.pins, call.pin, call)
    return reading instanceof Promise ? reading.then((seen) => this.#answer(call, seen)) : this.#answer(call, reading)
  }

  #answer(call: Call, reading: Reading): Outcome {
    if (call.refresh) return this.#loads.joinOrLoad(call, reading)
    const { key } = call.pin
    const kept = this.#store.find(key, reading)
    if (kept !== NO_SLOT) return this.#verifier === undefined ? this.#store.give(kept) : this.#verifier.give(call, kept)
    const stale = this.#findStale(call, this.#settings.staleWhileRevalidate)
    if (stale === NO_SLOT || !this.#store.isAsync(stale)) return this.#loads.joinOrLoad(call, reading)
    const outcome = this.#serveStale(call, stale) // before the loader runs, which may empty the slot
    this.#loads.loadBehind(call, reading)
    return outcome
  }

  /**
   * A check or a load has failed: what was good until recently may do instead. Otherwise the output is unpinned before
   * anyone hears of it, so that whoever asks again after it tries again, by the version that is pinned if one is.
   */
  #rescue(call: Call, error: unknown): Outcome {
    const { pin, pins, refresh } = call
    endCall(pin)
    const helps = !refresh && !(error instanceof LoadCycleError)
    const stale = helps ? this.#findStale(call, this.#settings.staleIfError) : NO_SLOT
    if (stale !== NO_SLOT) return this.#serveStale(call, stale)
    pin.letGo()
    if (pin.reading === undefined) pins?.drop(pin)
    throw error
  }

  #findStale({ pin, pins }: Call, bound: number): Slot {
    return pins?.onlyCurrent || refusesStale() ? NO_SLOT : this.#store.findStale(pin.key, bound)
  }

  #serveStale({ pin }: Call, slot: Slot): Outcome {
    this.#counters.stale++
    pin.taint()
    return this.#loads.givesPromises ? Promise.resolve(this.#store.give(slot)) : this.#store.give(slot)
  }

  /** What goes wrong in a function that gives promises, its promise says: `.catch()` has to see all of it. */
  #thrown(error: unknown): Promise<never> {
    if (this.#loads.givesPromises) return Promise.reject(error)
    throw error
  }
}
