import { types } from 'node:util'
import { currentWork, refusesStale } from './context.ts'
import { awaitLoad, cycleError, type Waiter } from './cycle.ts'
import { Flight, Flights } from './flight.ts'
import { deepFreeze } from './freeze.ts'
import type { Key } from './key.ts'
import type { Settings, UserFunction } from './settings.ts'
import type { Counters } from './stats.ts'
import type { Store } from './store.ts'
import { after, isThenable, recover } from './thenable.ts'
import type { Reading } from './version.ts'
import { isAsyncVersion } from './version-source.ts'
import { runLoad } from './work.ts'

/** What a load needs to know of the call that it is for. */
interface LoadCall {
  readonly self: unknown
  readonly args: unknown[]
  readonly pin: Waiter & { readonly key: Key; taint(): void }
}

/** Runs the loader: once per key and version at a time, and keeps what it brings if nothing came between. */
export class Loads {
  readonly #loader: UserFunction<unknown>
  readonly #settings: Settings
  readonly #store: Store
  readonly #counters: Counters
  readonly #flights: Flights
  /** Whether calls give promises, as far as can be seen: of the functions, and of what the loader has given. */
  givesPromises: boolean

  constructor(name: string, loader: UserFunction<unknown>, settings: Settings, store: Store, counters: Counters) {
    this.#flights = new Flights(name)
    this.#loader = loader
    this.#settings = settings
    this.#store = store
    this.#counters = counters
    this.givesPromises = types.isAsyncFunction(loader) || isAsyncVersion(settings.version)
  }

  get count(): number {
    return this.#flights.count
  }

  /** Nobody joins the running loads of this key any more, and what they bring is not kept. */
  ground(key: Key): void {
    this.#flights.ground(key)
  }

  groundAll(): void {
    this.#flights.groundAll()
  }

  /** Joins the load of this key and version, else loads. What a joined one has made of something stale may not do. */
  joinOrLoad(call: LoadCall, reading: Reading, joins = true): unknown {
    const joined = joins ? this.#findJoinable(call.pin.key, reading) : undefined
    const flight = joined ?? this.#takeOff(call.pin.key, reading)
    awaitLoad(call.pin, flight)
    return after(joined === undefined ? this.#load(call, flight) : this.#join(joined), (output) => {
      if (!flight.work?.tainted) return output
      if (joined !== undefined && refusesStale()) return this.joinOrLoad(call, reading, false)
      call.pin.taint()
      return output
    })
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
  #takeOff(key: Key, reading: Reading): Flight {
    for (const { load } of currentWork()) {
      const isOwn = load instanceof Flight && load.flights === this.#flights && load.key === key
      if (isOwn) throw cycleError([load.label, load.label])
    }
    return this.#flights.takeOff(key, reading)
  }

  #join(flight: Flight): unknown {
    this.#counters.shared++
    if (flight.outcome !== undefined) return flight.outcome
    // The loader is on the stack. An async one is about to give its promise, to whoever was called in `detached`.
    if (types.isAsyncFunction(this.#loader)) return Promise.resolve().then(() => flight.outcome)
    throw cycleError([flight.label, flight.label])
  }

  #load(call: LoadCall, flight: Flight): unknown {
    const loaded = this.#run(call, flight)
    if (!(loaded instanceof Promise)) return this.#land(flight, loaded, false)
    flight.outcome = loaded.then(
      (output) => this.#land(flight, output, true),
      (error) => this.#fail(flight, error),
    )
    flight.reading.snapshot?.keepFor(flight.outcome)
    return flight.outcome
  }

  #run(call: LoadCall, flight: Flight): unknown {
    this.#counters.loads++
    try {
      const loaded = runLoad(flight, () => this.#loader.apply(call.self, call.args), flight.reading.snapshot)
      if (!isThenable(loaded)) return loaded
      this.givesPromises = true
      return Promise.resolve(loaded)
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
    if (this.#settings.freeze) deepFreeze(output)
    const { key, reading } = flight
    if (!flight.lands || this.#store.isNewer(key, reading)) {
      this.#counters.overtaken++
    } else if (flight.work?.tainted) {
      this.#counters.unkept++
    } else {
      this.#flights.overtake(key, reading.order)
      this.#store.keep(flight, output, async)
    }
    return output
  }

  /** Nobody waits for this load: how it ends is seen by the next session, and by the counters. */
  loadBehind(call: LoadCall, reading: Reading): void {
    if (this.#flights.hasLanding(call.pin.key)) return
    const flight = this.#flights.takeOff(call.pin.key, reading)
    recover(
      () => this.#load(call, flight),
      () => undefined,
    )
  }
}
