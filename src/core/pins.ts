import type { Key } from './key.ts'
import type { Reading, VersionSource } from './version.ts'

/** One thing that a session holds on to. */
export interface Pin<T> {
  /** What every asker of this session gets, at once or as the one promise that they share. */
  outcome: T | Promise<T>
  /** The value itself, once it is there. */
  settled: T | undefined
}

/** Pins by owner (a cached function, a version source) and key. */
export class PinBoard<Owner extends object, T> {
  readonly #pins = new Map<Owner, Map<Key, Pin<T>>>()

  get(owner: Owner, key: Key): Pin<T> | undefined {
    return this.#pins.get(owner)?.get(key)
  }

  /**
   * Pins an outcome, and returns it. A failure is unpinned before anyone hears of it, so that whoever asks
   * again after it tries again; a later pin of the same key is left alone.
   */
  pin(owner: Owner, key: Key, outcome: T | Promise<T>): T | Promise<T> {
    const pin: Pin<T> = { outcome, settled: undefined }
    if (outcome instanceof Promise) {
      pin.outcome = outcome.then(
        (value) => {
          pin.settled = value
          return value
        },
        (error) => {
          if (this.get(owner, key) === pin) this.drop(owner, key)
          throw error
        },
      )
    } else {
      pin.settled = outcome
    }
    this.#of(owner).set(key, pin)
    return pin.outcome
  }

  drop(owner: Owner, key: Key): void {
    const pins = this.#pins.get(owner)
    if (pins?.delete(key) && pins.size === 0) this.#pins.delete(owner)
  }

  dropAll(owner: Owner): void {
    this.#pins.delete(owner)
  }

  *values(): IterableIterator<Pin<T>> {
    for (const pins of this.#pins.values()) yield* pins.values()
  }

  #of(owner: Owner): Map<Key, Pin<T>> {
    let pins = this.#pins.get(owner)
    if (pins === undefined) {
      pins = new Map()
      this.#pins.set(owner, pins)
    }
    return pins
  }
}

/** What one session holds on to: the outputs it got, and the versions it saw. */
export class Pins {
  readonly outputs: PinBoard<object, unknown> = new PinBoard()
  readonly readings: PinBoard<VersionSource, Reading> = new PinBoard()
}
