import { Counts } from './counts.ts'
import type { Key } from './key.ts'
import { nextTick } from './wall-clock.ts'

/** Keys that were invalidated are told apart up to here, or up to `max` entries where those are more. */
const MIN_KEYS = 1000

/** Of each key a number that is greater each time that it was invalidated, and that tells when: 0 if it never was. */
export class Generations {
  readonly #counts: Counts

  constructor(max: number) {
    this.#counts = new Counts(Math.max(MIN_KEYS, max), nextTick)
  }

  /** What was made of its output at an earlier one is not good any more. */
  of(key: Key): number {
    return this.#counts.of(key)
  }

  /** @returns that of what is made of this key's output from now on. */
  outdate(key: Key): number {
    this.#counts.bump(key)
    return this.of(key)
  }

  outdateAll(): void {
    this.#counts.bumpAll()
  }

  /** Whether what another process has read at this time is to be taken for older than the last of these. */
  isAfter(time: number, key: Key, maxClockSkew: number): boolean {
    const generation = this.of(key)
    return generation > 0 && time - maxClockSkew <= generation
  }
}
