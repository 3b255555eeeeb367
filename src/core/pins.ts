import { endCall, type Load, type Waiter } from './dependencies.ts'
import type { Key } from './key.ts'
import type { Reading, VersionSource } from './version.ts'

/** One thing that a session holds on to. */
export class Pin<Owner extends object, T> implements Waiter {
  readonly owner: Owner
  readonly key: Key
  /** What every asker of this session gets; meaningless while it opens. */
  outcome: T | Promise<T> | undefined = undefined
  /** The value itself, once it is there. */
  value: T | undefined = undefined
  /** Opening: what gives the outcome has been called and has not returned. Pending: a promise was returned. */
  state: 'opening' | 'pending' | 'settled' = 'opening'
  load: Load | undefined = undefined
  awaitedBy: Set<Load> | undefined = undefined

  constructor(owner: Owner, key: Key) {
    this.owner = owner
    this.key = key
  }

  settle(value: T): T {
    this.value = value
    this.state = 'settled'
    endCall(this)
    return value
  }
}

/** Up to here a list is faster than maps, to make and to search: most sessions pin a handful of things. */
const FEW = 8

/** Pins by owner (a cached function, a version source) and key. */
export class PinBoard<Owner extends object, T> {
  #few: Pin<Owner, T>[] = []
  #many: Map<Owner, Map<Key, Pin<Owner, T>>> | undefined = undefined

  get(owner: Owner, key: Key): Pin<Owner, T> | undefined {
    if (this.#many !== undefined) return this.#many.get(owner)?.get(key)
    for (const pin of this.#few) if (pin.owner === owner && Object.is(pin.key, key)) return pin
    return undefined
  }

  /**
   * Pins what `give` gives, and returns it. The pin is there before `give` is called, so that concurrent calls
   * of the session meet in it. A failure is unpinned before anyone hears of it, so that whoever asks again
   * after it tries again; a later pin of the same key is left alone.
   */
  hold(owner: Owner, key: Key, give: (pin: Pin<Owner, T>) => T | Promise<T>): T | Promise<T> {
    const pin = new Pin<Owner, T>(owner, key)
    this.#set(pin)
    try {
      const given = give(pin)
      const pending = given instanceof Promise
      pin.outcome = pending ? this.#follow(pin, given) : pin.settle(given)
      if (pending) pin.state = 'pending'
      return pin.outcome
    } catch (error) {
      return this.#unpin(pin, error)
    }
  }

  drop(owner: Owner, key: Key): void {
    if (this.#many === undefined) {
      this.#few = this.#few.filter((pin) => pin.owner !== owner || !Object.is(pin.key, key))
      return
    }
    const pins = this.#many.get(owner)
    pins?.delete(key)
    if (pins?.size === 0) this.#many.delete(owner)
  }

  dropAll(owner: Owner): void {
    this.#few = this.#few.filter((pin) => pin.owner !== owner)
    this.#many?.delete(owner)
  }

  *values(): IterableIterator<T> {
    for (const pin of this.#all()) if (pin.state === 'settled') yield pin.value as T
  }

  *#all(): IterableIterator<Pin<Owner, T>> {
    yield* this.#few
    for (const pins of this.#many?.values() ?? []) yield* pins.values()
  }

  #follow(pin: Pin<Owner, T>, given: Promise<T>): Promise<T> {
    return given.then(
      (value) => pin.settle(value),
      (error) => this.#unpin(pin, error),
    )
  }

  #unpin(pin: Pin<Owner, T>, error: unknown): never {
    endCall(pin)
    if (this.get(pin.owner, pin.key) === pin) this.drop(pin.owner, pin.key)
    throw error
  }

  #set(pin: Pin<Owner, T>): void {
    if (this.#many === undefined && this.#few.length < FEW) {
      this.#few.push(pin)
      return
    }
    const few = this.#few
    this.#few = []
    this.#many ??= new Map()
    for (const each of [...few, pin]) this.#addTo(this.#many, each)
  }

  #addTo(many: Map<Owner, Map<Key, Pin<Owner, T>>>, pin: Pin<Owner, T>): void {
    const pins = many.get(pin.owner)
    if (pins === undefined) many.set(pin.owner, new Map([[pin.key, pin]]))
    else pins.set(pin.key, pin)
  }
}

/** What one session holds on to: the outputs it got, and the versions it saw. */
export class Pins {
  readonly outputs: PinBoard<object, unknown> = new PinBoard()
  readonly readings: PinBoard<VersionSource, Reading> = new PinBoard()
}
