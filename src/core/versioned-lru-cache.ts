import { Answers, type Outcome } from './answers.ts'
import type { Inner } from './call-stamp.ts'
import { ambientPins } from './context.ts'
import { type Dependency, dependencyOn } from './dependency.ts'
import { forgetMadeOf } from './forget.ts'
import { type Key, keyOfCall } from './key.ts'
import { Loads } from './load.ts'
import { cachedFunctions, claimName } from './names.ts'
import { readInLoad } from './nested.ts'
import { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import { type Reads, readsOfCaller } from './reads.ts'
import { allPinsOfCaller, pinsOfCaller, type SessionOption } from './session.ts'
import type { Settings, UserFunction } from './settings.ts'
import { stampsOfCall } from './stamps-of-call.ts'
import { type CacheStats, type Counters, newCounters } from './stats.ts'
import { Store } from './store.ts'
import { Verifier } from './verifier.ts'
import type { Reading } from './version.ts'
import { type Asker, type SharedKey, type Versions, versionsOf } from './versions.ts'

/** The cache of one function. Begin at `call`: what the session has pinned; `Answers` goes on from there, to a load. */
export class VersionedLruCache implements Inner {
  readonly name: string
  readonly loader: UserFunction<unknown>
  readonly settings: Settings
  readonly versions: Versions
  readonly store: Store
  readonly isOfInstance: boolean
  readonly #session: SessionOption // of the settings, at hand for every call
  readonly #loads: Loads
  readonly #answers: Answers
  readonly #counters: Counters = newCounters()

  constructor(loader: UserFunction<unknown>, settings: Settings, isOfInstance = false) {
    this.name = settings.name ?? (loader.name || 'anonymous')
    this.loader = loader
    this.isOfInstance = isOfInstance
    this.settings = settings
    this.#session = settings.session
    this.versions = versionsOf(this.name, settings, this.#counters)
    this.store = new Store(settings, this.#counters)
    this.#loads = new Loads(this.name, loader, settings, this.store, this.#counters)
    const { verifyVersions } = settings
    const verifier = verifyVersions && new Verifier(this, verifyVersions, this.#counters)
    if (settings.name !== undefined && !isOfInstance) this.#takeName(settings.name)
    this.#answers = new Answers(this, this.#loads, verifier, this.#counters)
  }

  /** By which other processes know it, and in a tier no other function. */
  #takeName(name: string): void {
    if (this.settings.tier !== undefined) claimName(name, this)
    cachedFunctions.add(name, this)
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
      return this.#enter(pinsOfCaller(this.#session), key, { self, args }, true)
    } catch (error) {
      return this.#thrown(error)
    }
  }

  /** What is kept for these arguments, whatever its version; changes nothing. */
  peek(self: unknown, args: unknown[]): unknown {
    return this.store.peek(this.#keyOf(self, args))
  }

  /** A call that something else is to depend on. Its key is made now, so that what is wrong with it is said at once. */
  dependency(self: unknown, args: unknown[]): Dependency {
    const pins = (): Pins | undefined => {
      const own = pinsOfCaller(this.#session)
      return own?.root ?? own
    }
    return dependencyOn({ cache: this, key: this.#keyOf(self, args), asker: { self, args }, pins })
  }

  /** Forgets one key: its entry, its running loads, and what the calling session has pinned. */
  invalidate(self: unknown, args: unknown[]): boolean {
    const key = this.#keyOf(self, args)
    this.#forget(key)
    return this.drop(key)
  }

  /** Takes out what is kept, here and in the tier. */
  drop(key: Key): boolean {
    this.#loads.remove(key)
    return this.store.delete(key)
  }

  /** Forgets all keys. */
  clear(): void {
    const all = allPinsOfCaller(this.#session)
    for (const pins of all) pins.dropAll(this)
    forgetMadeOf(all, ({ owner }) => owner === this)
    this.#loads.groundAll()
    this.store.clear()
  }

  stats(): CacheStats {
    return {
      ...this.#counters,
      ...this.versions.stats(),
      entries: this.store.count,
      totalSize: this.store.totalSize,
      tier: this.#loads.tierStats,
      runningLoads: this.#loads.count,
    }
  }

  readAgain({ key, subject }: Pin, pins: Pins): Reading | Promise<Reading> | undefined {
    const call = subject as Asker
    if (this.#keyOf(call.self, call.args) !== key) return undefined
    return this.versions.read(pins, this.pinOf(pins, key, call), call)
  }

  #first(pins: Pins | undefined, self: unknown, ...args: unknown[]): Outcome {
    return this.#enter(pins, this.#keyOf(self, args), { self, args }, false)
  }

  /** In a load, the call is one of the load's session, and the load is told what that gets. */
  #enter(pins: Pins | undefined, key: Key, asker: Asker, refresh: boolean): Outcome {
    const isWatched = pins === undefined || pins.root !== undefined
    const reads = isWatched ? readsOfCaller(this, key) : undefined
    if (reads !== undefined) return this.#inLoad(pins as Pins, key, asker, refresh, reads)
    const root = pins?.root ?? pins
    const pin = this.pinOf(root, key, asker)
    return pin.isTaken ? this.#give(pin) : this.ask(root, pin, asker, refresh)
  }

  #inLoad(pins: Pins, key: Key, asker: Asker, refresh: boolean, reads: Reads): Outcome {
    const root = pins.root as Pins
    const own = pins.remembers ? this.pinOf(pins, key, asker) : undefined
    if (own?.isTaken) return this.#give(own)
    const pin = this.pinOf(root, key, asker)
    let shared: readonly SharedKey[] | undefined
    return readInLoad({
      pin,
      own,
      reads,
      begin: () => {
        shared = this.versions.sharedBy(asker)
      },
      ask: () => this.ask(root, pin, asker, refresh),
      stampsOf: (origin) => stampsOfCall(this, asker, pin, origin, root, shared),
    })
  }

  #give(pin: Pin): Outcome {
    const outcome = pin.give()
    this.#counters.pinned++
    return outcome
  }

  /** (Each property is written out: with `...asker`, V8 took ten times as long for a first hit.) */
  ask(pins: Pins | undefined, pin: Pin, { self, args }: Asker, refresh = false): Outcome {
    return this.#answers.ask({ self, args, pins, pin, refresh })
  }

  pinOf(pins: Pins | undefined, key: Key, asker: Asker): Pin {
    return pins?.get(this, key) ?? this.#pin(pins, key, asker)
  }

  #keyOf(self: unknown, args: unknown[]): Key {
    return keyOfCall(this.settings.key, this.name, self, args)
  }

  /** The pin is there before anything is asked, so that concurrent calls of the session meet in it. */
  #pin(pins: Pins | undefined, key: Key, asker: Asker): Pin {
    const pin = new Pin(this, key, this.settings.key === undefined ? asker.args : undefined, asker)
    if (pins !== undefined) pins.add(pin)
    return pin
  }

  /** What a writer must not meet again: the running loads, and what its own session has pinned of it or made of it. */
  #forget(key: Key): void {
    const all = allPinsOfCaller(this.#session)
    for (const pins of all) pins.drop(pins.get(this, key))
    forgetMadeOf(all, (stamp) => stamp.owner === this && stamp.key === key)
    this.#loads.ground(key)
  }

  /** What goes wrong in a function that gives promises, its promise says: `.catch()` has to see all of it. */
  #thrown(error: unknown): Promise<never> {
    if (this.#loads.givesPromises) return Promise.reject(error)
    throw error
  }
}
