import { nextOrder } from './checks.ts'
import { endStep, type Load, type Waiter } from './cycle.ts'
import type { KeptLease } from './kept-lease.ts'
import { type Key, showKey } from './key.ts'
import { Reads } from './reads.ts'
import type { Origin, Stamps } from './stamps.ts'
import { type Reading, sameVersion } from './version.ts'
import type { Work } from './work.ts'

/** A load that is running. */
export class Flight implements Load {
  /** The loads of which cached function it is one of. */
  readonly flights: Flights
  readonly awaits: Set<Waiter> = new Set()
  reads: Reads
  readonly key: Key
  /** What the session that started it goes by; it was read earlier when the output was found. */
  reading: Reading
  /** Whether it was asked for by `refresh`. */
  readonly isRefresh: boolean
  /** That of the key when it began, or by it, when it is a refresh that has landed. */
  generation: number
  /** What everybody who joins awaits; undefined until the loader has returned its promise. */
  outcome: Promise<unknown> | undefined
  /** Whether its output may still be kept. */
  lands = true
  work: Work | undefined = undefined
  /** The right to write what it brings into the tier. */
  lease: KeptLease | undefined = undefined
  /** Where its output comes from, once it is there; also what is known of that when it has failed. */
  origin: Origin | undefined = undefined

  constructor(flights: Flights, key: Key, reading: Reading, generation: number, isRefresh: boolean) {
    this.flights = flights
    this.reads = new Reads(flights)
    this.key = key
    this.reading = reading
    this.generation = generation
    this.isRefresh = isRefresh
  }

  /** What it was made of is known before there is an output. */
  adopt(stamps: Stamps): void {
    this.reads = new Reads(this.flights)
    this.reads.adopt(stamps)
  }

  /**
   * Its output was found.
   *
   * @param readAt when its version was read, by the clock of the function: the TTL counts from there.
   * @param order of the oldest reading by which it was found good.
   */
  found(readAt: number, order: number): void {
    this.reading = { ...this.reading, readAt }
    this.reads.order = order
  }

  /** It is over. */
  trace(stamps: Stamps | undefined, lifetime: number, identity = 0): void {
    const { order, reads, reading, generation } = this
    this.origin = {
      stamps,
      isWhole: reads.isWhole,
      areTooMany: reads.areTooMany,
      order,
      born: order,
      generation,
      readAt: reading.readAt,
      expiresAt: reading.readAt + lifetime,
      exact: reading.snapshot !== undefined,
      identity,
    }
  }

  /** When the oldest thing was read that goes into it. */
  get order(): number {
    return Math.min(this.reading.order, this.reads.order)
  }

  get label(): string {
    return `${this.flights.name}${showKey(this.key)}`
  }
}

/** The running loads of one cached function. There can be several for a key, each of another version. */
export class Flights {
  readonly name: string
  readonly maxStamps: number
  hasReadLate = false
  readonly #byKey = new Map<Key, Flight[]>()
  /** How many run of each key, also of those that nobody joins any more. */
  readonly #running = new Map<Key, number>()
  /** When flights were grounded last, of whatever key. */
  #groundedAt = 0

  constructor(name: string, maxStamps: number) {
    this.name = name
    this.maxStamps = maxStamps
  }

  /** Those that can be joined. */
  get all(): readonly Flight[] {
    return [...this.#byKey.values()].flat()
  }

  /**
   * The flight to join: of this version, since one of another would bring what the caller has not asked for, and
   * begun late enough, or at least no earlier than a load of the caller's own would count from. Who reads a snapshot
   * joins those in snapshots only: any other may bring what is newer than its version.
   */
  find(key: Key, reading: Reading, readAfter: number): Flight | undefined {
    return this.#byKey.get(key)?.find((flight) => {
      const { version, readAt, snapshot } = flight.reading
      if (reading.snapshot !== undefined && snapshot === undefined) return false
      return sameVersion(version, reading.version) && (readAt > readAfter || readAt >= reading.readAt)
    })
  }

  of(key: Key): readonly Flight[] {
    return this.#byKey.get(key) ?? []
  }

  /** Whether a load of this key is running that will be kept. */
  hasLanding(key: Key): boolean {
    return this.#byKey.get(key)?.some((flight) => flight.lands) ?? false
  }

  /**
   * A load in a snapshot reads what there was when that was taken, whenever it begins:
   *
   *   1. a session takes a snapshot
   *   2. a writer changes what the version does not tell of, and calls `invalidate`
   *   3. the session starts to load: what that brings is older than the `invalidate`, so it begins grounded
   */
  takeOff(key: Key, reading: Reading, generation: number, isRefresh: boolean): Flight {
    const flight = new Flight(this, key, reading, generation, isRefresh)
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1)
    if (reading.snapshot !== undefined && reading.order < this.#groundedAt) {
      flight.lands = false
      return flight
    }
    const others = this.#byKey.get(key)
    if (others === undefined) this.#byKey.set(key, [flight])
    else others.push(flight)
    return flight
  }

  /** Takes a flight out that has ended; one that was grounded is no longer there, its successor may be. */
  end(flight: Flight): void {
    endStep(flight)
    flight.work?.end()
    this.#leave(flight.key)
    flight.outcome = undefined // a timer that was started by the loader may keep the flight
    const flights = this.#byKey.get(flight.key)
    if (flights === undefined || !flights.includes(flight)) return
    const others = flights.filter((other) => other !== flight)
    if (others.length === 0) this.#byKey.delete(flight.key)
    else this.#byKey.set(flight.key, others)
  }

  #leave(key: Key): void {
    const others = (this.#running.get(key) as number) - 1
    if (others === 0) this.#running.delete(key)
    else this.#running.set(key, others)
  }

  /** Whether any load of this key is running, also one that nobody joins any more. */
  isRunning(key: Key): boolean {
    return this.#running.has(key)
  }

  /** Nobody joins the running flights of this key any more, and their outputs are not kept. */
  ground(key: Key): void {
    this.#groundedAt = nextOrder()
    for (const flight of this.#byKey.get(key) ?? []) flight.lands = false
    this.#byKey.delete(key)
  }

  groundAll(): void {
    this.#groundedAt = nextOrder()
    for (const key of [...this.#byKey.keys()]) this.ground(key)
  }

  /**
   * A newer output has landed: what older flights bring is not kept, though sessions that see their version
   * may still join them.
   *
   *   1. session A reads version 1 and starts to load
   *   2. session B reads version 2, loads, and lands
   *   3. A lands: B's entry is newer and stays, even if it has been evicted since
   */
  overtake(key: Key, order: number): void {
    for (const flight of this.#byKey.get(key) ?? []) {
      if (flight.reading.order < order) flight.lands = false
    }
  }
}
