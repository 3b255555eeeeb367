import { announce } from './events.ts'
import type { Flight, Flights } from './flight.ts'
import { deepFreeze } from './freeze.ts'
import { showKey } from './key.ts'
import type { Settings } from './settings.ts'
import type { SharedOutputs } from './shared-outputs.ts'
import type { Stamps } from './stamps.ts'
import type { Counters } from './stats.ts'
import type { Store } from './store.ts'

/** How a load ends: what it brings is kept if nothing came between, and errors are not outputs. */
export class Landing {
  readonly #flights: Flights
  readonly #settings: Settings
  readonly #store: Store
  readonly #shared: SharedOutputs | undefined
  readonly #counters: Counters

  constructor(
    flights: Flights,
    settings: Settings,
    store: Store,
    shared: SharedOutputs | undefined,
    counters: Counters,
  ) {
    this.#flights = flights
    this.#settings = settings
    this.#store = store
    this.#shared = shared
    this.#counters = counters
  }

  fail(flight: Flight, error: unknown): never {
    this.#counters.loadErrors++
    flight.trace(flight.reads.close(), this.#lifetime)
    this.#flights.end(flight)
    this.#shared?.giveUp(flight)
    throw error
  }

  /** The slot is free before anyone gets the output. */
  land(flight: Flight, output: unknown, async: boolean): unknown {
    const stamps = flight.reads.closeWith()
    this.#flights.end(flight)
    try {
      if (this.#settings.freeze) deepFreeze(output)
      this.#keep(flight, output, async, stamps)
    } finally {
      this.#shared?.giveUp(flight) // what it still has of the tier
    }
    return output
  }

  #keep(flight: Flight, output: unknown, async: boolean, stamps: Stamps | undefined): void {
    const { key, order } = flight
    const lands = flight.lands && !this.#store.isNewer(key, order)
    const identity = this.#store.identify(key, output, lands)
    let lifetime = this.#lifetime
    if (flight.work?.tainted || !flight.reads.isWhole) {
      this.#counters.unkept++
      this.#tellOfTooMany(flight)
    } else if (!lands) {
      this.#counters.overtaken++
    } else {
      this.#flights.overtake(key, order)
      if (flight.isRefresh) flight.generation = this.#store.generations.outdate(key)
      const making = stamps === undefined && identity === 0 ? undefined : { stamps, identity }
      lifetime = this.#store.keep(flight, output, async, making)
      this.#shared?.offer(flight, output, stamps, lifetime)
    }
    flight.trace(stamps, lifetime, identity)
  }

  /** How long what is not kept would have been good; by a function of the output, not at all. */
  get #lifetime(): number {
    const { ttl } = this.#settings
    return typeof ttl === 'number' ? ttl : 0
  }

  #tellOfTooMany({ reads, key }: Flight): void {
    const { name, maxStamps } = this.#flights
    if (reads.areTooMany) announce({ type: 'tooManyStamps', name, key: showKey(key), maxStamps })
  }
}
