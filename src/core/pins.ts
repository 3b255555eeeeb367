import { isMinusZero, type Key, NO_ARGUMENTS } from './key.ts'
import type { Pin, PinOwner } from './pin.ts'
import { PinBoard } from './pin-board.ts'
import type { Snapshot } from './snapshot.ts'

/** Up to here a list is faster than maps, to make and to search. Most sessions ask for a handful of things. */
const FEW = 6

/** What one session holds on to. */
export class Pins {
  /** What versions that go in here are read in, unless it is what is current: of one session, one state. */
  readonly snapshot: Snapshot | undefined
  /** Whether nothing stale may be served any more. */
  onlyCurrent = false
  /** Whether all that it sees has to be of one state: then no function goes by another session, and none is renewed. */
  isOfOneState = false
  /** Whether anything stale has been served, also when it is pinned no more. */
  servedStale = false
  /** Of watched code: where everything is pinned that it asks for. Otherwise that is here. */
  root: Pins | undefined = undefined
  /** Of watched code: whether what it has asked for is pinned here as well, so that `find` gives it. */
  remembers = false
  /** While they are few, a list; how many are in it counts no further when they are many. */
  #count = 0
  #list: Pin | undefined = undefined
  /** When they are many: those of the function that was asked first, and those of others. */
  #first: PinBoard | undefined = undefined
  #others: Map<PinOwner, PinBoard> | undefined = undefined
  /** Those that are made of others, or may be; also some that are in here no more. */
  made: Set<Pin> | undefined = undefined
  /** Those of running loads that have these as their root. */
  #ofLoads: Set<Pins> | undefined = undefined

  constructor(snapshot?: Snapshot) {
    this.snapshot = snapshot
  }

  /**
   * For code of which somebody wants to know what it reads. It sees what is in here, but has to ask for it the first
   * time: what `find` gives, nobody is told of.
   *
   * @param snapshot in which its own queries read.
   */
  watched(snapshot: Snapshot | undefined): Pins {
    const pins = new Pins(snapshot)
    pins.root = this
    return pins
  }

  /** The same for a load, which keeps to these even if they are cleared. It has to be let go of. */
  watchedForLoad(snapshot: Snapshot | undefined): Pins {
    const pins = this.watched(snapshot)
    pins.remembers = true
    this.#ofLoads ??= new Set()
    this.#ofLoads.add(pins)
    return pins
  }

  letGoOf(load: Pins): void {
    this.#ofLoads?.delete(load)
  }

  get(owner: PinOwner, key: Key): Pin | undefined {
    if (this.#first !== undefined) return this.#boardOf(owner, this.#first)?.byKey.get(key)
    for (let pin = this.#list; pin !== undefined; pin = pin.next) {
      if (pin.owner === owner && pin.key === key) return pin
    }
    return undefined
  }

  /**
   * What there is for a call of a function, if it is ready: by the arguments as they are, without a list of them and
   * without a key. (The way of one argument is written out, for the sake of what the compiler puts in line.)
   */
  find(owner: PinOwner, count: number, a: unknown, b: unknown): Pin | undefined {
    let pin: Pin | undefined
    if (count === 1 && !isMinusZero(a)) {
      const first = this.#first
      pin = first !== undefined && first.owner === owner ? first.byKey.get(a as Key) : this.get(owner, a as Key)
    } else if (count === 2 && !isMinusZero(a) && !isMinusZero(b)) {
      pin = this.#getPair(owner, a, b)
    } else if (count === 0) {
      pin = this.get(owner, NO_ARGUMENTS)
    }
    return pin !== undefined && pin.readyFor === count ? pin : undefined
  }

  /** Puts a pin in, in place of the one of the same call. */
  add(pin: Pin): void {
    this.drop(this.get(pin.owner, pin.key))
    if (this.#first === undefined && this.#count === FEW) this.#spread()
    if (this.#first === undefined) this.#append(pin)
    else this.#pinTo(this.#first, pin)
  }

  /** Takes a pin out; one that was dropped before is no longer there, its successor may be. */
  drop(pin: Pin | undefined): void {
    if (pin === undefined || this.get(pin.owner, pin.key) !== pin) return
    this.made?.delete(pin)
    if (this.#first === undefined) this.#unlink(pin)
    else this.#unpin(pin, this.#boardOf(pin.owner, this.#first))
  }

  dropAll(owner: PinOwner): void {
    if (this.#first !== undefined) {
      this.#removeBoard(owner)
      return
    }
    for (const pin of [...this]) if (pin.owner === owner) this.#unlink(pin)
  }

  /** Forgets everything; calls and loads that are under way keep their pins to themselves. */
  clear(): void {
    if (this.#ofLoads !== undefined && this.#ofLoads.size > 0) this.#bequeath(this.#ofLoads)
    else for (const pin of [...this]) pin.next = undefined
    this.#empty()
  }

  #bequeath(loads: Set<Pins>): void {
    const heir = new Pins(this.snapshot)
    heir.onlyCurrent = this.onlyCurrent
    heir.#count = this.#count
    heir.#list = this.#list
    heir.#first = this.#first
    heir.#others = this.#others
    heir.made = this.made
    heir.#ofLoads = loads
    this.#ofLoads = undefined
    for (const pins of loads) pins.root = heir
  }

  #empty(): void {
    this.made = undefined
    this.#count = 0
    this.#list = undefined
    this.#first = undefined
    this.#others = undefined
  }

  *[Symbol.iterator](): IterableIterator<Pin> {
    for (let pin = this.#list; pin !== undefined; pin = pin.next) yield pin
    yield* this.#first?.byKey.values() ?? []
    for (const { byKey } of this.#others?.values() ?? []) yield* byKey.values()
  }

  #getPair(owner: PinOwner, a: unknown, b: unknown): Pin | undefined {
    if (this.#first !== undefined) return this.#boardOf(owner, this.#first)?.byPair?.get(a)?.get(b)
    for (let pin = this.#list; pin !== undefined; pin = pin.next) {
      if (pin.owner === owner && pin.pair !== undefined && pin.pair[0] === a && pin.pair[1] === b) return pin
    }
    return undefined
  }

  #boardOf(owner: PinOwner, first: PinBoard): PinBoard | undefined {
    if (first.owner === owner) return first
    return this.#others === undefined ? undefined : this.#others.get(owner)
  }

  #append(pin: Pin): void {
    this.#count++
    let last = this.#list
    if (last === undefined) {
      this.#list = pin
      return
    }
    while (last.next !== undefined) last = last.next
    last.next = pin
  }

  #unlink(pin: Pin): void {
    this.#count--
    if (this.#list === pin) this.#list = pin.next
    for (let other = this.#list; other !== undefined; other = other.next) if (other.next === pin) other.next = pin.next
    pin.next = undefined
  }

  /** There are too many for a list. */
  #spread(): void {
    const few = [...this]
    this.#list = undefined
    for (const pin of few) {
      pin.next = undefined
      this.#first ??= new PinBoard(pin.owner)
      this.#pinTo(this.#first, pin)
    }
  }

  #pinTo(first: PinBoard, pin: Pin): void {
    let board = this.#boardOf(pin.owner, first)
    if (board === undefined) {
      board = new PinBoard(pin.owner)
      this.#others ??= new Map()
      this.#others.set(pin.owner, board)
    }
    board.add(pin)
  }

  #unpin(pin: Pin, board: PinBoard | undefined): void {
    board?.drop(pin)
    if (board?.byKey.size === 0) this.#removeBoard(board.owner)
  }

  /** A function of which nothing is pinned is let go of; when there is no other, everything begins anew. */
  #removeBoard(owner: PinOwner): void {
    if (this.#first?.owner !== owner) {
      this.#others?.delete(owner)
      return
    }
    const next: PinBoard | undefined = this.#others?.values().next().value
    if (next === undefined) {
      this.#empty()
      return
    }
    this.#first = next
    this.#others?.delete(next.owner)
  }
}
