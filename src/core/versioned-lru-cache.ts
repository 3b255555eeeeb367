import { Entry, isExpired, judge } from './entry.ts'
import { LoadCycleError } from './errors.ts'
import { type Flight, Flights } from './flight.ts'
import { type Key, keyFromParts, keyOf, showKey } from './key.ts'
import { Lru } from './lru.ts'
import type { Settings, UserFunction } from './options.ts'
import { Pins } from './pins.ts'
import { currentSession, pinsOf, Session } from './session.ts'
import { type CacheStats, type Counters, newCounters } from './stats.ts'
import { after, isThenable } from './thenable.ts'
import { beginReading, type Reading, VersionSource } from './version.ts'

/** One call on its way: whose it is, and what it asks for. */
interface Call {
  readonly self: unknown
  readonly args: unknown[]
  readonly key: Key
  readonly pins: Pins
}

/**
 * The cache of one function. Read `call` first: it is the path of a call, from what the session has pinned to
 * a load. Everything that has to happen without interruption happens between two awaits.
 */
export class VersionedLruCache {
  readonly name: string
  readonly loader: UserFunction<unknown>
  readonly #settings: Settings
  readonly #source: VersionSource
  readonly #entries: Lru<Entry>
  readonly #flights = new Flights()
  readonly #counters: Counters = newCounters()

  constructor(loader: UserFunction<unknown>, settings: Settings) {
    this.name = settings.name ?? (loader.name || 'anonymous')
    this.loader = loader
    this.#settings = settings
    this.#source = new VersionSource(this.name, settings.versionTimeout, settings.clock)
    this.#entries = new Lru(settings, () => this.#counters.evictions++)
  }

  /** One call: what this session has already got, else what the version allows, else a load. */
  call(self: unknown, args: unknown[]): unknown {
    const call = this.#begin(self, args)
    const pinned = call.pins.outputs.get(this, call.key)
    if (pinned !== undefined) {
      this.#counters.pinned++
      return pinned.outcome
    }
    return this.#pin(
      call,
      after(this.#read(call), (reading) => this.#answer(call, reading)),
    )
  }

  /** Checks and loads now, whatever is kept; what is kept goes on serving until the new output lands. */
  refresh(self: unknown, args: unknown[]): unknown {
    const call = this.#begin(self, args)
    this.#unpin(call)
    this.#flights.ground(call.key)
    return this.#pin(
      call,
      after(this.#read(call), (reading) => this.#joinOrLoad(call, reading)),
    )
  }

  /** What is kept for these arguments, whatever its version; changes nothing. */
  peek(self: unknown, args: unknown[]): unknown {
    const entry = this.#entries.get(this.#keyOf(self, args))
    return entry === undefined || isExpired(entry, this.#settings.clock()) ? undefined : entry.output
  }

  /** Forgets one key: its entry, its running loads, and what the calling session has pinned. */
  invalidate(self: unknown, args: unknown[]): boolean {
    const call = this.#begin(self, args)
    this.#unpin(call)
    this.#flights.ground(call.key)
    return this.#entries.delete(call.key)
  }

  /** Forgets all keys. */
  clear(): void {
    const pins = this.#pins()
    pins.outputs.dropAll(this)
    pins.readings.dropAll(this.#source)
    this.#flights.groundAll()
    this.#entries.clear()
  }

  stats(): CacheStats {
    return {
      ...this.#counters,
      checks: this.#source.checks,
      entries: this.#entries.count,
      totalSize: this.#entries.totalSize,
      runningLoads: this.#flights.count,
      runningChecks: this.#source.running,
    }
  }

  #begin(self: unknown, args: unknown[]): Call {
    return { self, args, key: this.#keyOf(self, args), pins: this.#pins() }
  }

  #keyOf(self: unknown, args: unknown[]): Key {
    const { key } = this.#settings
    return key === undefined ? keyOf(args) : keyFromParts(key.apply(self, args), this.name)
  }

  #pins(): Pins {
    const { session } = this.#settings
    const holder = (typeof session === 'function' ? session() : session) ?? currentSession()
    return holder === undefined ? new Pins() : pinsOf(Session.of(holder))
  }

  /** Pinned before the first await, so that concurrent calls of a session meet in the same pin. */
  #pin(call: Call, outcome: unknown): unknown {
    return call.pins.outputs.pin(this, call.key, outcome)
  }

  #unpin(call: Call): void {
    call.pins.outputs.drop(this, call.key)
    call.pins.readings.drop(this.#source, call.key)
  }

  /** What the session goes by: the version that it has pinned, else one check. */
  #read(call: Call): Reading | Promise<Reading> {
    const { version, clock } = this.#settings
    if (version === undefined) return beginReading(clock)
    const { readings } = call.pins
    const pinned = readings.get(this.#source, call.key)
    if (pinned !== undefined) return pinned.outcome
    return readings.pin(
      this.#source,
      call.key,
      this.#source.check(call.key, () => version.apply(call.self, call.args)),
    )
  }

  #answer(call: Call, reading: Reading): unknown {
    const entry = this.#find(call.key, reading)
    return entry === undefined ? this.#joinOrLoad(call, reading) : this.#hit(entry)
  }

  /** The entry that a session with this reading may be given. */
  #find(key: Key, reading: Reading): Entry | undefined {
    const entry = this.#entries.get(key)
    const verdict = entry && judge(entry, reading, this.#settings.clock())
    if (verdict === 'good') return entry
    this.#counters.misses++
    if (verdict !== undefined) this.#counters[verdict]++
    if (verdict === 'expired') this.#entries.delete(key)
    return undefined
  }

  #hit(entry: Entry): unknown {
    this.#counters.hits++
    this.#entries.touch(entry)
    return entry.async ? Promise.resolve(entry.output) : entry.output
  }

  #joinOrLoad(call: Call, reading: Reading): unknown {
    const flight = this.#flights.find(call.key, reading)
    if (flight === undefined) return this.#load(call, this.#flights.takeOff(call.key, reading))
    if (flight.outcome === undefined) throw this.#cycle(call)
    this.#counters.shared++
    return flight.outcome
  }

  #load(call: Call, flight: Flight): unknown {
    const loaded = this.#run(call, flight)
    if (!isThenable(loaded)) return this.#land(flight, loaded, false)
    flight.outcome = Promise.resolve(loaded).then(
      (output) => this.#land(flight, output, true),
      (error) => this.#fail(flight, error),
    )
    return flight.outcome
  }

  #run(call: Call, flight: Flight): unknown {
    this.#counters.loads++
    try {
      return this.loader.apply(call.self, call.args)
    } catch (error) {
      return this.#fail(flight, error)
    }
  }

  #fail(flight: Flight, error: unknown): never {
    this.#counters.loadErrors++
    this.#flights.end(flight)
    throw error
  }

  /** The slot is free before anyone gets the output, and the output is kept only if nothing came between. */
  #land(flight: Flight, output: unknown, async: boolean): unknown {
    this.#flights.end(flight)
    const kept = this.#entries.get(flight.key)
    const overtaken = !flight.lands || (kept !== undefined && kept.order > flight.reading.order)
    if (overtaken) this.#counters.overtaken++
    else this.#keep(flight, output, async)
    return output
  }

  #keep({ key, reading }: Flight, output: unknown, async: boolean): void {
    const { sizeCalculation, maxSize, ttl, ttlJitter } = this.#settings
    const size = sizeCalculation === undefined ? 0 : sizeCalculation(output, key)
    const lifetime = (typeof ttl === 'function' ? ttl(output) : ttl) * (1 - ttlJitter * Math.random())
    const keepable = lifetime > 0 && size <= maxSize && (size > 0 || sizeCalculation === undefined)
    this.#flights.overtake(key, reading.order)
    this.#entries.delete(key) // it is older, also when the new output cannot be kept
    if (keepable) this.#entries.set(new Entry(key, output, async, size, reading, lifetime))
    else this.#counters.unkept++
  }

  #cycle(call: Call): LoadCycleError {
    const name = `${this.name}${showKey(call.key)}`
    return new LoadCycleError(`${name} → ${name}: the load needs its own result. Call the loader's parts directly.`)
  }
}
