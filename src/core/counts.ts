import type { Key } from './key.ts'

/**
 * A number for each key, which a bump moves on. Bounded: when more keys than `max` were bumped, the oldest gets the number
 * of those that never were, which all get a new one.
 */
export class Counts {
  readonly #max: number
  readonly #ofKeys = new Map<Key, number>()
  /** Of all keys that are not in the map. */
  #floor = 0
  #last = 0

  constructor(max: number) {
    this.#max = max
  }

  of(key: Key): number {
    return this.#ofKeys.size === 0 ? this.#floor : (this.#ofKeys.get(key) ?? this.#floor)
  }

  bump(key: Key): void {
    this.#last++
    this.#ofKeys.delete(key) // so that it is the newest in the map
    this.#ofKeys.set(key, this.#last)
    if (this.#ofKeys.size > this.#max) this.#dropOldest()
  }

  bumpAll(): void {
    this.#last++
    this.#ofKeys.clear()
    this.#floor = this.#last
  }

  #dropOldest(): void {
    const [oldest] = this.#ofKeys.keys()
    this.#ofKeys.delete(oldest)
    this.#last++
    this.#floor = this.#last
  }
}
