import { endCall, type Load, type Waiter } from './dependencies.ts'
import type { Key } from './key.ts'
import type { Reading, VersionSource } from './version.ts'

/** One thing that a session holds on to. */
export class Pin<T> implements Waiter {
  /** What every asker of this session gets; meaningless while it opens. */
  outcome: T | Promise<T> | undefined = undefined
  /** The value itself, once it is there. */
  value: T | undefined = undefined
  /** Opening: what gives the outcome has been called and has not returned. Pending: a promise was returned. */
  state: 'opening' | 'pending' | 'settled' = 'opening'
  load: Load | undefined = undefined
  readonly awaitedBy: Set<Load> = new Set()

  settle(value: T): T {
    this.value = value
    this.state = 'settled'
    endCall(this)
    return value
  }
}

/** Pins by owner (a cached function, a version source) and key. */
export class PinBoard<Owner extends object, T> {
  readonly #pins = new Map<Owner, Map<Key, Pin<T>>>()

  get(owner: Owner, key: Key): Pin<T> | undefined {
    return this.#pins.get(owner)?.get(key)
  }

  /**
   * Pins what `give` gives, and returns it. The pin is there before `give` is called, so that concurrent calls
   * of the session meet in it. A failure is unpinned before anyone hears of it, so that whoever asks again
   * after it tries again; a later pin of the same key is left alone.
   */
  hold(owner: Owner, key: Key, give: (pin: Pin<T>) => T | Promise<T>): T | Promise<T> {
    const pin = new Pin<T>()
    this.#of(owner).set(key, pin)
    const unpin = (error: unknown): never => {
      endCall(pin)
      if (this.get(owner, key) === pin) this.drop(owner, key)
      throw error
    }
    try {
      const given = give(pin)
      const pending = given instanceof Promise
      pin.outcome = pending ? given.then((value) => pin.settle(value), unpin) : pin.settle(given)
      if (pending) pin.state = 'pending'
      return pin.outcome
    } catch (error) {
      return unpin(error)
    }
  }

  drop(owner: Owner, key: Key): void {
    const pins = this.#pins.get(owner)
    if (pins?.delete(key) && pins.size === 0) this.#pins.delete(owner)
  }

  dropAll(owner: Owner): void {
    this.#pins.delete(owner)
  }

  *values(): IterableIterator<T> {
    for (const pins of this.#pins.values()) {
      for (const pin of pins.values()) if (pin.state === 'settled') yield pin.value as T
    }
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
