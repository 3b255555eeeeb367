import { types } from 'node:util'
import { taintCurrentWork } from './context.ts'
import { awaitCall, cycleError } from './dependencies.ts'
import type { Entry } from './entry.ts'
import { LoadCycleError } from './errors.ts'
import { type Key, keyFromParts, keyOf, showKey } from './key.ts'
import { Loads } from './load.ts'
import type { Pin, Pins } from './pins.ts'
import { allPinsOfCaller, pinsOfCaller } from './session.ts'
import type { Settings, UserFunction } from './settings.ts'
import { type CacheStats, type Counters, newCounters } from './stats.ts'
import { Store } from './store.ts'
import { after, recover } from './thenable.ts'
import { beginReading, type Reading, VersionSource } from './version.ts'

/** What is asked for, and by which session. */
interface Request {
  readonly self: unknown
  readonly args: unknown[]
  readonly key: Key
  readonly pins: Pins
}

/** One call on its way, with the pin in which the session's other calls meet it. */
interface Call extends Request {
  readonly pin: Pin<object, unknown>
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

  /** One call: what this session has already got, else what the version allows, else a load. */
  call(self: unknown, args: unknown[]): Outcome {
    try {
      const key = this.#keyOf(self, args) // no request is made up for a pinned hit
      const pins = pinsOfCaller(this.#settings.session)
      const pinned = pins.outputs.get(this, key)
      if (pinned !== undefined) return this.#pinned(key, pinned)
      return this.#hold({ self, args, key, pins }, (call) =>
        recover(
          () => after(this.#read(call), (reading) => this.#answer(call, reading)),
          (error) => this.#staleOr(error, call.key),
        ),
      )
    } catch (error) {
      return this.#thrown(error)
    }
  }

  /** Checks and loads now, whatever is kept; what is kept goes on serving until the new output lands. */
  refresh(self: unknown, args: unknown[]): Outcome {
    try {
      const request = this.#request(self, args)
      this.#forget(request)
      return this.#hold(request, (call) => after(this.#read(call), (reading) => this.#loads.joinOrLoad(call, reading)))
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
    const request = this.#request(self, args)
    this.#forget(request)
    return this.#store.delete(request.key)
  }

  /** Forgets all keys. */
  clear(): void {
    for (const pins of allPinsOfCaller(this.#settings.session)) {
      pins.outputs.dropAll(this)
      pins.readings.dropAll(this.#source)
    }
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

  #request(self: unknown, args: unknown[]): Request {
    return { self, args, key: this.#keyOf(self, args), pins: pinsOfCaller(this.#settings.session) }
  }

  #keyOf(self: unknown, args: unknown[]): Key {
    const { key } = this.#settings
    return key === undefined ? keyOf(args) : keyFromParts(key.apply(self, args), this.name)
  }

  #hold(request: Request, give: (call: Call) => Outcome): Outcome {
    return request.pins.outputs.hold(this, request.key, (pin) => {
      awaitCall(pin)
      return give({ self: request.self, args: request.args, key: request.key, pins: request.pins, pin })
    })
  }

  /** What a writer must not meet again: the running loads, and what its own session has pinned. */
  #forget({ key }: Request): void {
    for (const pins of allPinsOfCaller(this.#settings.session)) {
      pins.outputs.drop(this, key)
      pins.readings.drop(this.#source, key)
    }
    this.#loads.ground(key)
  }

  #pinned(key: Key, pin: Pin<object, unknown>): Outcome {
    if (pin.state === 'opening') {
      const label = `${this.name}${showKey(key)}`
      throw cycleError([label, label])
    }
    this.#counters.pinned++
    return pin.outcome
  }

  /** What the session goes by: the version that it has pinned, else one check. */
  #read({ self, args, key, pins }: Call): Reading | Promise<Reading> {
    const { version, clock } = this.#settings
    if (version === undefined) return beginReading(clock)
    const pinned = pins.readings.get(this.#source, key)
    if (pinned?.outcome !== undefined) return pinned.outcome
    return pins.readings.hold(this.#source, key, () =>
      after(
        this.#source.check(key, () => version.apply(self, args)),
        handOnTaint,
      ),
    )
  }

  #answer(call: Call, reading: Reading): Outcome {
    const entry = this.#store.find(call.key, reading)
    if (entry !== undefined) return entry.give()
    const stale = this.#store.findStale(call.key, this.#settings.staleWhileRevalidate)
    if (stale === undefined || !stale.async) return this.#loads.joinOrLoad(call, reading)
    this.#loads.loadBehind(call, reading)
    return this.#serveStale(stale)
  }

  /** A check or a load has failed: what was good until recently may do instead. */
  #staleOr(error: unknown, key: Key): Outcome {
    const stale = error instanceof LoadCycleError ? undefined : this.#store.findStale(key, this.#settings.staleIfError)
    if (stale === undefined) throw error
    return this.#serveStale(stale)
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

/** Who goes by a check that was served something stale is made of it too. */
function handOnTaint(reading: Reading): Reading {
  if (reading.tainted) taintCurrentWork()
  return reading
}
