import { Entry, isExpired, judge, staleness } from './entry.ts'
import type { Flight } from './flight.ts'
import type { Key } from './key.ts'
import { Lru } from './lru.ts'
import type { Settings } from './settings.ts'
import type { Counters } from './stats.ts'
import type { Reading } from './version.ts'

/** The outputs that are kept: judged on the way out, sized and dated on the way in. */
export class Store {
  readonly #settings: Settings
  readonly #counters: Counters
  readonly #entries: Lru<Entry>

  constructor(settings: Settings, counters: Counters) {
    this.#settings = settings
    this.#counters = counters
    this.#entries = new Lru(settings, () => {
      counters.evictions++
    })
  }

  get count(): number {
    return this.#entries.count
  }

  get totalSize(): number {
    return this.#entries.totalSize
  }

  /** The entry that a session with this reading may be given; the counters say why there is none. */
  find(key: Key, reading: Reading): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return this.#miss('misses')
    const verdict = judge(entry, reading, this.#settings.clock())
    if (verdict !== 'outdated') entry.confirmedAt = Math.max(entry.confirmedAt, reading.readAt)
    if (verdict !== 'good') return this.#miss('misses', verdict)
    this.#counters.hits++
    this.#entries.touch(entry)
    return entry
  }

  #miss(...why: (keyof Counters)[]): undefined {
    for (const counter of why) this.#counters[counter]++
  }

  /** The entry that may be served although it is no longer good, for at most so many milliseconds since it was. */
  findStale(key: Key, bound: number): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && bound > 0 && staleness(entry, this.#settings.clock()) < bound ? entry : undefined
  }

  peek(key: Key): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined || isExpired(entry, this.#settings.clock()) ? undefined : entry
  }

  /** Whether what is kept was read later than this. */
  isNewer(key: Key, reading: Reading): boolean {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.order > reading.order
  }

  /** Keeps an output in place of what there is, which is older, also when the new one turns out not to be keepable. */
  keep({ key, reading }: Flight, output: unknown, async: boolean): void {
    const { sizeCalculation, maxSize, ttl, ttlJitter } = this.#settings
    const size = sizeCalculation === undefined ? 0 : sizeCalculation(output, key)
    const lifetime = (typeof ttl === 'function' ? ttl(output) : ttl) * (1 - ttlJitter * Math.random())
    const fits = sizeCalculation === undefined || (typeof size === 'number' && size > 0 && size <= maxSize)
    this.#entries.delete(key)
    if (fits && lifetime > 0) this.#entries.set(new Entry(key, output, async, size, reading, lifetime))
    else this.#counters.unkept++
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
