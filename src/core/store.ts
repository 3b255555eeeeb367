import { Entries } from './entries.ts'
import { NO_SLOT, type Slot } from './eviction.ts'
import type { Flight } from './flight.ts'
import type { Key } from './key.ts'
import type { Settings } from './settings.ts'
import type { Counters } from './stats.ts'
import { type Reading, sameVersion, type Version } from './version.ts'

/** What is kept in a slot. */
export interface KeptOutput {
  readonly output: unknown
  readonly version: Version
  /** When that was read. */
  readonly readAt: number
}

/** The outputs that are kept: judged on the way out, sized and dated on the way in. */
export class Store {
  readonly #settings: Settings
  readonly #counters: Counters
  readonly #entries: Entries

  constructor(settings: Settings, counters: Counters) {
    this.#settings = settings
    this.#counters = counters
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

  /** The entry that a session with this reading may be given, and may use; the counters say why there is none. */
  find(key: Key, reading: Reading): Slot {
    const now = this.#settings.clock() // a clock of the user's may do anything, also empty the slot
    const entries = this.#entries
    const slot = entries.find(key)
    if (slot === NO_SLOT) return this.#miss()
    if (!sameVersion(entries.versions[slot], reading.version)) return this.#miss('outdated')
    if (reading.readAt > (entries.confirmedAt[slot] as number)) entries.confirmedAt[slot] = reading.readAt
    if (this.#isExpired(slot, now)) return this.#miss('expired')
    if (reading.snapshot !== undefined && entries.exact[slot] === 0) return this.#miss()
    this.#counters.hits++
    entries.use(slot)
    return slot
  }

  #miss(why?: 'outdated' | 'expired'): Slot {
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
    return { output: this.#entries.output(slot), version: versions[slot], readAt: readAt[slot] as number }
  }

  /** Whether it is this output that is kept. */
  holds(key: Key, output: unknown): boolean {
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && Object.is(this.#entries.output(slot), output)
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
  isNewer(key: Key, reading: Reading): boolean {
    const slot = this.#entries.find(key)
    return slot !== NO_SLOT && (this.#entries.orders[slot] as number) > reading.order
  }

  /** Keeps an output in place of what there is, which is older, also when the new one turns out not to be keepable. */
  keep({ key, reading }: Flight, output: unknown, async: boolean): void {
    const { sizeCalculation, maxSize, ttl, ttlJitter } = this.#settings
    const size = sizeCalculation === undefined ? 0 : sizeCalculation(output, key)
    const lifetime = (typeof ttl === 'function' ? ttl(output) : ttl) * (1 - ttlJitter * Math.random())
    const fits = sizeCalculation === undefined || (typeof size === 'number' && size > 0 && size <= maxSize)
    if (fits && lifetime > 0) {
      this.#entries.set({ key, output, async, size, reading, lifetime })
    } else {
      this.#entries.delete(key)
      this.#counters.unkept++
    }
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
