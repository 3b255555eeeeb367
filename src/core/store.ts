import { Entries, type Making } from './entries.ts'
import { NO_SLOT, type Slot } from './eviction.ts'
import type { Flight } from './flight.ts'
import { Generations } from './generations.ts'
import { isSame, newIdentity } from './identity.ts'
import type { Key } from './key.ts'
import type { Settings } from './settings.ts'
import type { Origin, Stamps } from './stamps.ts'
import type { Counters } from './stats.ts'
import { type Reading, sameVersion, type Version } from './version.ts'

/** What is kept in a slot. */
export interface KeptOutput {
  readonly output: unknown
  readonly version: Version
  /** When that was read. */
  readonly readAt: number
  readonly stamps: Stamps | undefined
}

/** The outputs that are kept: judged on the way out, sized and dated on the way in. */
export class Store {
  readonly generations: Generations
  readonly #settings: Settings
  readonly #counters: Counters
  readonly #entries: Entries

  constructor(settings: Settings, counters: Counters) {
    this.#settings = settings
    this.#counters = counters
    this.generations = new Generations(settings.max)
    this.#entries = new Entries(settings, () => {
      counters.evictions++
    })
  }

  get count(): number {
    return this.#entries.count
  }

  get totalSize(): number {
    return this.#entries.totalSize
  }

  /** The entry that is good for this reading, if what it was made of is too; the counters say why there is none. */
  find(key: Key, reading: Reading): Slot {
    const now = this.#settings.clock() // a clock of the user's may do anything, also empty the slot
    const entries = this.#entries
    const slot = entries.find(key)
    if (slot === NO_SLOT) return this.miss()
    if (!sameVersion(entries.versions[slot], reading.version)) return this.miss('outdated')
    if (this.stamps(slot) === undefined) this.#confirm(slot, reading)
    if (this.#isExpired(slot, now)) return this.miss('expired')
    if (reading.snapshot !== undefined && entries.exact[slot] === 0) return this.miss()
    return slot
  }

  /** What is kept for this version was made of these, however old it is; undefined when nothing is. */
  madeOf(key: Key, { version }: Reading): Stamps | undefined {
    const slot = this.#entries.find(key)
    if (slot === NO_SLOT || !sameVersion(this.#entries.versions[slot], version)) return undefined
    return this.stamps(slot) ?? []
  }

  /** It is given to a session, which has found it good. */
  use(slot: Slot, reading: Reading): void {
    this.#counters.hits++
    this.#confirm(slot, reading)
    this.#entries.use(slot)
  }

  #confirm(slot: Slot, { readAt }: Reading): void {
    const { confirmedAt } = this.#entries
    if (readAt > (confirmedAt[slot] as number)) confirmedAt[slot] = readAt
  }

  stamps(slot: Slot): Stamps | undefined {
    return this.#entries.makings[slot]?.stamps
  }

  /** @param order of the oldest reading by which it was found good. */
  origin(slot: Slot, key: Key, order: number): Origin {
    const { makings, orders, readAt, expiresAt, exact } = this.#entries
    const making = makings[slot]
    return {
      stamps: making?.stamps,
      isWhole: true,
      areTooMany: false,
      order,
      born: orders[slot] as number,
      generation: this.generations.of(key),
      readAt: readAt[slot] as number,
      expiresAt: expiresAt[slot] as number,
      exact: exact[slot] === 1,
      identity: making?.identity ?? 0,
    }
  }

  miss(why?: 'outdated' | 'expired'): Slot {
    this.#counters.misses++
    if (why !== undefined) this.#counters[why]++
    return NO_SLOT
  }

  /** When the clock went back, or gave no number, nobody can tell how old the entry is: it counts as expired. */
  #isExpired(slot: Slot, now: number): boolean {
    const { readAt, expiresAt } = this.#entries
    return !(now >= (readAt[slot] as number) && now < (expiresAt[slot] as number))
  }

  /** The output as the loader gave it: behind a promise, or bare. */
  give(slot: Slot): unknown {
    const output = this.#entries.output(slot)
    return this.#entries.isAsync(slot) ? Promise.resolve(output) : output
  }

  isAsync(slot: Slot): boolean {
    return this.#entries.isAsync(slot)
  }

  kept(slot: Slot): KeptOutput {
    const { versions, readAt } = this.#entries
    const output = this.#entries.output(slot)
    return { output, version: versions[slot], readAt: readAt[slot] as number, stamps: this.stamps(slot) }
  }

  /** Where the output is kept of which these stamps are. */
  whereMadeOf(key: Key, stamps: Stamps): Slot {
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && this.stamps(slot) === stamps ? slot : NO_SLOT
  }

  /** Where this output is kept, if it still is. */
  where(key: Key, output: unknown): Slot {
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && Object.is(this.#entries.output(slot), output) ? slot : NO_SLOT
  }

  /** The entry that may be served although it is no longer good, for at most so many milliseconds since it was. */
  findStale(key: Key, bound: number): Slot {
    if (bound === 0) return NO_SLOT
    const now = this.#settings.clock()
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && this.#staleness(slot, now) < bound ? slot : NO_SLOT
  }

  /** For how many milliseconds an entry may not have been good any more: since it expired, or was last current. */
  #staleness(slot: Slot, now: number): number {
    const { readAt, confirmedAt, expiresAt } = this.#entries
    if (!(now >= (readAt[slot] as number))) return Number.POSITIVE_INFINITY
    return Math.max(now - (confirmedAt[slot] as number), now - (expiresAt[slot] as number))
  }

  peek(key: Key): unknown {
    const now = this.#settings.clock()
    const slot = this.#entries.find(key)
    if (slot === NO_SLOT || this.#isExpired(slot, now)) return undefined
    return this.#entries.output(slot)
  }

  /** Whether what is kept was read later than this. */
  isNewer(key: Key, order: number): boolean {
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && (this.#entries.orders[slot] as number) > order
  }

  /** @param replaces whether it comes in place of what is kept. */
  identify(key: Key, output: unknown, replaces: boolean): number {
    const { equals } = this.#settings
    if (equals === undefined) return 0
    const slot = replaces ? this.#entries.find(key) : NO_SLOT
    if (slot === NO_SLOT || !isSame(equals, this.#entries.output(slot), output)) return newIdentity()
    return this.#entries.makings[slot]?.identity as number
  }

  /**
   * Keeps an output in place of what there is, which is older, also when the new one turns out not to be keepable.
   *
   * @returns how long it is good, in milliseconds since its version was read.
   */
  keep({ key, reading, order }: Flight, output: unknown, async: boolean, making: Making | undefined): number {
    const { sizeCalculation, maxSize, ttl, ttlJitter } = this.#settings
    const size = sizeCalculation === undefined ? 0 : sizeCalculation(output, key)
    const lifetime = (typeof ttl === 'function' ? ttl(output) : ttl) * (1 - ttlJitter * Math.random())
    const fits = sizeCalculation === undefined || (typeof size === 'number' && size > 0 && size <= maxSize)
    if (fits && lifetime > 0) {
      this.#entries.set({ key, output, async, size, reading, order, making, lifetime })
    } else {
      this.#entries.delete(key)
      this.#counters.unkept++
    }
    return lifetime
  }

  delete(key: Key): boolean {
    this.generations.outdate(key)
    return this.#entries.delete(key)
  }

  clear(): void {
    this.generations.outdateAll()
    this.#entries.clear()
  }
}
