import type { Load, Waiter } from './dependencies.ts'
import { isItsOwnKey, type Key, NO_ARGUMENTS } from './key.ts'
import type { Reading } from './version.ts'

/** What has pins: a cached function. */
export interface PinOwner {
  readonly name: string
}

/** For how many arguments a pin has the outcome; or one of these. */
const NOTHING = -2
const OPENING = -1
/** For any number of arguments, which only a written key can tell apart. */
const WRITTEN = 3

/** What a session holds on to of one call: the version that it saw, and the output that it got. */
export class Pin implements Waiter {
  readonly owner: PinOwner
  readonly key: Key
  /** What every call of this session goes by: a version, or the promise of one. */
  reading: Reading | Promise<Reading> | undefined = undefined
  /** The version itself, once it is there. */
  seen: Reading | undefined = undefined
  /** What every call of this session gets: an output, or the promise of one. */
  outcome: unknown = undefined
  load: Load | undefined = undefined
  awaitedBy: Set<Load> | undefined = undefined
  next: Pin | undefined = undefined
  /** A call of that many arguments may have the outcome: all that a hit has to look at. */
  readyFor: number = NOTHING
  /** The same when it is ready. */
  readonly #arity: number
  /** The two arguments, where they can be compared as they are. */
  readonly pair: readonly unknown[] | undefined

  /** @param args unless there is a key function, by which they cannot be told apart. */
  constructor(owner: PinOwner, key: Key, args: readonly unknown[] | undefined) {
    this.owner = owner
    this.key = key
    this.#arity = args === undefined ? WRITTEN : plainArity(key, args)
    this.pair = this.#arity === 2 ? args : undefined
  }

  /** Whether what gives the outcome has been called and has not returned. */
  get isOpening(): boolean {
    return this.readyFor === OPENING
  }

  get isReady(): boolean {
    return this.readyFor > OPENING
  }

  open(): void {
    this.readyFor = OPENING
  }

  hold(outcome: unknown): unknown {
    this.outcome = outcome
    this.readyFor = this.#arity
    return outcome
  }

  letGo(): void {
    this.outcome = undefined
    this.readyFor = NOTHING
  }
}

/** How many arguments there are, if `===` tells them from all others: then no key has to be written to find the pin. */
function plainArity(key: Key, args: readonly unknown[]): number {
  if (args.length === 0) return 0
  if (args.length === 1) return key === args[0] ? 1 : WRITTEN
  return args.length === 2 && isItsOwnKey(args[0]) && isItsOwnKey(args[1]) ? 2 : WRITTEN
}

/** Up to here a list is faster than maps, to make and to search. Most sessions ask for a handful of things. */
const FEW = 6

/** What one session holds on to. */
export class Pins {
  #count = 0
  /** While they are few. */
  #list: Pin | undefined = undefined
  /** When they are many: those of the function that was asked first, and those of others. */
  #first: PinBoard | undefined = undefined
  #others: Map<PinOwner, PinBoard> | undefined = undefined

  get(owner: PinOwner, key: Key): Pin | undefined {
    const first = this.#first
    if (first === undefined) return this.#getOfFew(owner, key)
    return first.owner === owner ? first.byKey.get(key) : this.#others?.get(owner)?.byKey.get(key)
  }

  /**
   * What there is for a call of a function, by its arguments as they are: no list of them is made, and no key. (With a
   * key, a hit by two arguments takes 160 ns instead of 35.)
   */
  find(owner: PinOwner, count: number, a: unknown, b: unknown): Pin | undefined {
    const pin = count === 1 ? this.#getPlain(owner, a) : this.#getOther(owner, count, a, b)
    return pin !== undefined && pin.readyFor === count ? pin : undefined
  }

  add(pin: Pin): void {
    this.#count++
    if (this.#first === undefined && this.#count > FEW) this.#spread()
    if (this.#first === undefined) this.#append(pin)
    else this.#pinTo(this.#first, pin)
  }

  /** Takes a pin out; one that was dropped before is no longer there, its successor may be. */
  drop(pin: Pin): void {
    if (this.get(pin.owner, pin.key) !== pin) return
    this.#count--
    if (this.#first === undefined) this.#unlink(pin)
    else this.#unpin(this.#first, pin)
  }

  dropAll(owner: PinOwner): void {
    for (const pin of [...this]) if (pin.owner === owner) this.drop(pin)
  }

  /** Forgets everything; calls that are under way keep their pins to themselves. */
  clear(): void {
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

  #getOfFew(owner: PinOwner, key: Key): Pin | undefined {
    for (let pin = this.#list; pin !== undefined; pin = pin.next) {
      if (pin.owner === owner && pin.key === key) return pin
    }
    return undefined
  }

  #getPlain(owner: PinOwner, a: unknown): Pin | undefined {
    return isMinusZero(a) ? undefined : this.get(owner, a as Key)
  }

  #getOther(owner: PinOwner, count: number, a: unknown, b: unknown): Pin | undefined {
    if (count === 0) return this.get(owner, NO_ARGUMENTS)
    return count > 2 || isMinusZero(a) || isMinusZero(b) ? undefined : this.#getPair(owner, a, b)
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
    let last = this.#list
    if (last === undefined) {
      this.#list = pin
      return
    }
    while (last.next !== undefined) last = last.next
    last.next = pin
  }

  #unlink(pin: Pin): void {
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

  #unpin(first: PinBoard, pin: Pin): void {
    const board = this.#boardOf(pin.owner, first)
    board?.drop(pin)
    if (board?.byKey.size === 0) this.#others?.delete(pin.owner)
  }
}

/** What is pinned of one function, when there is much. */
class PinBoard {
  readonly owner: PinOwner
  readonly byKey: Map<Key, Pin> = new Map()
  byPair: Map<unknown, Map<unknown, Pin>> | undefined = undefined

  constructor(owner: PinOwner) {
    this.owner = owner
  }

  add(pin: Pin): void {
    this.byKey.set(pin.key, pin)
    if (pin.pair === undefined) return
    const [a, b] = pin.pair
    this.byPair ??= new Map()
    const ofFirst = this.byPair.get(a)
    if (ofFirst === undefined) this.byPair.set(a, new Map([[b, pin]]))
    else ofFirst.set(b, pin)
  }

  drop(pin: Pin): void {
    this.byKey.delete(pin.key)
    if (pin.pair === undefined) return
    const [a, b] = pin.pair
    const ofFirst = this.byPair?.get(a)
    ofFirst?.delete(b)
    if (ofFirst?.size === 0) this.byPair?.delete(a)
  }
}

/** A `Map` and `===` take it for 0. */
const isMinusZero = (value: unknown): boolean => typeof value === 'number' && Object.is(value, -0)
