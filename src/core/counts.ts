import type { Key } from './key.ts'

/**
 * A number for each key, which a bump moves on. Bounded: when more keys than `max` were bumped, all get a new one, and it
 * begins anew.
 */
export class Counts {
  readonly #max: number
  readonly #after: (last: number) => number
  readonly #ofKeys = new Map<Key, number>()
  /** Of all keys that are not in the map. */
  #floor = 0
  #last = 0

  /** @param after gives a greater number. */
  constructor(max: number, after: (last: number) => number = (last) => last + 1) {
    this.#max = max
    this.#after = after
  }

  of(key: Key): number {
    return this.#ofKeys.size === 0 ? this.#floor : (this.#ofKeys.get(key) ?? this.#floor)
  }

  bump(key: Key): void {
    this.#last = this.#after(this.#last)
    this.#ofKeys.set(key, this.#last)
    if (this.#ofKeys.size > this.#max) this.bumpAll()
  }

  bumpAll(): void {
    this.#last = this.#after(this.#last)
    this.#ofKeys.clear()
    this.#floor = this.#last
  }
}
