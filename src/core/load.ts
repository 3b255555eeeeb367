import { types } from 'node:util'
import { nextOrder } from './checks.ts'
import { currentWork } from './context.ts'
import { awaitLoad, cycleError } from './cycle.ts'
import { Flight, Flights } from './flight.ts'
import { acceptsFailure, acceptsOutput } from './joining.ts'
import type { Key } from './key.ts'
import { Landing } from './landing.ts'
import type { Pin } from './pin.ts'
import { Pins } from './pins.ts'
import type { Settings, UserFunction } from './settings.ts'
import { SharedOutputs } from './shared-outputs.ts'
import type { Counters, TierStats } from './stats.ts'
import type { Store } from './store.ts'
import { after, isThenable, recover } from './thenable.ts'
import type { Reading } from './version.ts'
import { isAsyncVersion } from './version-source.ts'
import { runLoad } from './work.ts'

/** What a load needs to know of the call that it is for. */
interface LoadCall {
  readonly self: unknown
  readonly args: unknown[]
  pins: Pins | undefined
  readonly pin: Pin
  readonly refresh: boolean
}

/** How often a call joins a load and refuses what that has brought, before it loads itself. */
const MAX_JOINS = 3

/** Runs the loader: once per key and version at a time, and keeps what it brings if nothing came between. */
export class Loads {
  readonly #loader: UserFunction<unknown>
  readonly #settings: Settings
  readonly #store: Store
  readonly #counters: Counters
  readonly #flights: Flights
  readonly #shared: SharedOutputs | undefined
  readonly #landing: Landing
  /** Whether calls give promises, as far as can be seen: of the functions, and of what the loader has given. */
  givesPromises: boolean

  constructor(name: string, loader: UserFunction<unknown>, settings: Settings, store: Store, counters: Counters) {
    this.#flights = new Flights(name, settings.maxStamps)
    this.#loader = loader
    this.#settings = settings
    this.#store = store
    this.#counters = counters
    const { tier, version } = settings
    this.#shared = tier && new SharedOutputs(name, { ...settings, tier }, store)
    this.#landing = new Landing(this.#flights, settings, store, this.#shared, counters)
    this.givesPromises = tier !== undefined || types.isAsyncFunction(loader) || isAsyncVersion(version)
  }

  get count(): number {
    return this.#flights.all.length
  }

  /** Nobody joins the running loads of this key any more, and what they bring is not kept. */
  ground(key: Key): void {
    for (const flight of this.#flights.of(key)) this.#shared?.release(flight)
    this.#flights.ground(key)
  }

  groundAll(): void {
    for (const flight of this.#flights.all) this.#shared?.release(flight)
    this.#flights.groundAll()
  }

  /** What other processes have brought of this key, nobody reads any more. */
  remove(key: Key): void {
    this.#shared?.remove(key)
  }

  get tierStats(): TierStats | undefined {
    return this.#shared && { ...this.#shared.stats }
  }

  /**
   * Joins the load of this key and version, else loads. What a joined one has brought is looked at like an entry, and
   * if it does not do, neither does how it failed.
   */
  joinOrLoad(call: LoadCall, reading: Reading, joins: number = MAX_JOINS, since?: number): unknown {
    const joined = joins === 0 ? undefined : this.#findJoinable(call.pin.key, reading)
    if (joined === undefined) return this.#loadFor(call, reading)
    awaitLoad(call.pin, joined)
    const outcome = this.#join(joined)
    const asked = since ?? nextOrder()
    const next = (): unknown => {
      call.pin.origin = undefined
      return this.joinOrLoad(call, reading, joins - 1, asked)
    }
    return outcome.then(
      async (output) =>
        (await acceptsOutput(joined, asked, pinsOf(call), call.pin)) ? this.#take(call, joined, output) : next(),
      async (error) => {
        if (!(await acceptsFailure(joined, pinsOf(call), call.pin))) return next()
        call.pin.origin = joined.origin
        throw error
      },
    )
  }

  #loadFor(call: LoadCall, reading: Reading): unknown {
    const flight = this.#takeOff(call.pin.key, reading, call.refresh)
    awaitLoad(call.pin, flight)
    return recover(
      () => after(this.#load(call, flight), (output) => this.#take(call, flight, output)),
      (error) => {
        call.pin.origin = flight.origin
        throw error
      },
    )
  }

  #take(call: LoadCall, flight: Flight, output: unknown): unknown {
    call.pin.origin = flight.origin
    if (flight.work?.tainted) call.pin.taint()
    return output
  }

  /** A load that has been running for longer than the TTL would bring an output that is too old. */
  #findJoinable(key: Key, reading: Reading): Flight | undefined {
    const { ttl, clock } = this.#settings
    return this.#flights.find(key, reading, typeof ttl === 'number' ? clock() - ttl : Number.NEGATIVE_INFINITY)
  }

  /**
   * A load that starts another one of its own key waits for itself, also when that one does not join it: because it
   * is of another version, grounded, or older than the TTL.
   */
  #takeOff(key: Key, reading: Reading, isRefresh: boolean): Flight {
    for (const { load } of this.#flights.isRunning(key) ? currentWork() : []) {
      const isOwn = load instanceof Flight && load.flights === this.#flights && load.key === key
      if (isOwn) throw cycleError([load.label, load.label])
    }
    return this.#flights.takeOff(key, reading, this.#store.generations.of(key), isRefresh)
  }

  #join(flight: Flight): Promise<unknown> {
    this.#counters.shared++
    if (flight.outcome !== undefined) return flight.outcome
    // The loader is on the stack. An async one is about to give its promise, to whoever was called in `detached`.
    if (types.isAsyncFunction(this.#loader)) return Promise.resolve().then(() => flight.outcome)
    throw cycleError([flight.label, flight.label])
  }

  #load(call: LoadCall, flight: Flight): unknown {
    const loaded = this.#begin(call, flight)
    if (!(loaded instanceof Promise)) return this.#landing.land(flight, loaded, false)
    flight.outcome = loaded.then(
      (output) => this.#landing.land(flight, output, true),
      (error) => this.#landing.fail(flight, error),
    )
    flight.reading.snapshot?.keepFor(flight.outcome)
    return flight.outcome
  }

  #begin(call: LoadCall, flight: Flight): unknown {
    if (this.#shared !== undefined) {
      return this.#shared.bring({ flight, pins: pinsOf(call), pin: call.pin }, () => this.#run(call, flight))
    }
    try {
      return this.#run(call, flight)
    } catch (error) {
      return this.#landing.fail(flight, error)
    }
  }

  #run(call: LoadCall, flight: Flight): unknown {
    this.#counters.loads++
    const load = (): unknown => this.#loader.apply(call.self, call.args)
    const loaded = runLoad(flight, pinsOf(call), flight.reading.snapshot, load)
    if (!isThenable(loaded)) return loaded
    this.givesPromises = true
    return Promise.resolve(loaded)
  }

  /**
   * Nobody waits for this load: how it ends is seen by the next session, and by the counters. So it goes by what is
   * current, and not by what the session that begins it has pinned.
   */
  loadBehind(call: LoadCall, reading: Reading): void {
    if (this.#flights.hasLanding(call.pin.key)) return
    const flight = this.#flights.takeOff(call.pin.key, reading, this.#store.generations.of(call.pin.key), false)
    recover(
      () => this.#load({ ...call, pins: new Pins() }, flight),
      () => undefined,
    )
  }
}

/** What the session of a call sees; a call without one is a session of its own. */
function pinsOf(call: LoadCall): Pins {
  call.pins ??= new Pins()
  return call.pins
}
