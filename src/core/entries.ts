import { resized, resizedList } from './columns.ts'
import { type Eviction, Lru, NO_SLOT, Sieve, type Slot } from './eviction.ts'
import type { Key } from './key.ts'
import type { Stamps } from './stamps.ts'
import type { Reading, Version } from './version.ts'

export interface Limits {
  /** Entries. */
  readonly max: number
  /** Sum of the entries' sizes. */
  readonly maxSize: number
  readonly eviction: 'lru' | 'sieve'
}

/** An entry as it comes: a settled output, since a kept promise would keep its creator's async context alive (Node 20). */
export interface NewEntry {
  readonly key: Key
  readonly output: unknown
  /** Whether the loader gave it as a promise, so that hits do too. */
  readonly async: boolean
  readonly size: number
  readonly reading: Reading
  readonly order: number
  readonly making: Making | undefined
  /** How long it is good, in milliseconds since its version was read. */
  readonly lifetime: number
}

/** What is kept of an entry only if there is any of it. */
export interface Making {
  /** What it was made of, besides its own version. */
  readonly stamps: Stamps | undefined
  /** Which of all outputs it is; see `identity` of an origin. */
  readonly identity: number
}

const POLICIES: Readonly<Record<Limits['eviction'], new () => Eviction>> = { lru: Lru, sieve: Sieve }

const FIRST_CAPACITY = 8

/**
 * A bounded map of entries, which lie in columns: all keys in one, all times in another, and so on, by slot. An entry
 * costs 108 bytes beyond its key and output; as an object of its own, with boxed times, it took 284.
 */
export class Entries {
  readonly #slots = new Map<Key, Slot>()
  readonly #limits: Limits
  readonly #evicted: () => void
  #eviction: Eviction
  #capacity = 0
  /** Slots that were filled at some time; those in `#free` are empty again. */
  #filled = 0
  #free: Slot[] = []
  #totalSize = 0
  #keys: Key[] = []
  #outputs: unknown[] = []
  #sizes = new Float64Array(0)
  #async = new Uint8Array(0)
  /** What each was stamped with before its load began. */
  versions: Version[] = []
  /** Empty until there is one: most functions have none. */
  makings: (Making | undefined)[] = []
  /** When the oldest thing was read that went into each. */
  orders: Float64Array = new Float64Array(0)
  /** Whether each is of exactly its version, and of none after it. */
  exact: Uint8Array = new Uint8Array(0)
  readAt: Float64Array = new Float64Array(0)
  expiresAt: Float64Array = new Float64Array(0)
  /** When its version was last known to be the current one. */
  confirmedAt: Float64Array = new Float64Array(0)

  constructor(limits: Limits, evicted: () => void) {
    this.#limits = limits
    this.#evicted = evicted
    this.#eviction = new POLICIES[limits.eviction]()
  }

  get count(): number {
    return this.#slots.size
  }

  get totalSize(): number {
    return this.#totalSize
  }

  /** Where the entry of a key is, without using it; `NO_SLOT` when there is none. */
  find(key: Key): Slot {
    return this.#slots.get(key) ?? NO_SLOT
  }

  use(slot: Slot): void {
    this.#eviction.use(slot)
  }

  /** The output itself, whichever way the loader gave it. */
  output(slot: Slot): unknown {
    return this.#outputs[slot]
  }

  isAsync(slot: Slot): boolean {
    return this.#async[slot] === 1
  }

  /** Puts an entry in, in place of the one of the same key; others make room for it. */
  set(entry: NewEntry): void {
    if (this.#replace(entry)) return
    this.delete(entry.key)
    this.#makeRoom(entry.size)
    const slot = this.#takeSlot()
    this.#fill(slot, entry)
    this.#slots.set(entry.key, slot)
    this.#eviction.add(slot)
    this.#totalSize += entry.size
  }

  /** In the slot that the key has got, which was asked for once more; not if others would have to make room. */
  #replace(entry: NewEntry): boolean {
    const slot = this.find(entry.key)
    if (slot === NO_SLOT) return false
    const totalSize = this.#totalSize - (this.#sizes[slot] as number) + entry.size
    if (totalSize > this.#limits.maxSize) return false
    this.#totalSize = totalSize
    this.#fill(slot, entry)
    this.#eviction.use(slot)
    return true
  }

  delete(key: Key): boolean {
    const slot = this.find(key)
    if (slot === NO_SLOT) return false
    this.#slots.delete(key)
    this.#eviction.remove(slot)
    this.#totalSize -= this.#sizes[slot] as number
    this.#keys[slot] = undefined
    this.#outputs[slot] = undefined
    this.versions[slot] = undefined
    if (this.makings.length > 0) this.makings[slot] = undefined
    this.#free.push(slot)
    if (this.#slots.size === 0 && this.#capacity > FIRST_CAPACITY) this.clear()
    return true
  }

  clear(): void {
    this.#slots.clear()
    this.#eviction = new POLICIES[this.#limits.eviction]()
    this.#filled = 0
    this.#free = []
    this.#totalSize = 0
    this.#resize(0)
  }

  #makeRoom(size: number): void {
    const { max, maxSize } = this.#limits
    while (this.#slots.size > 0 && (this.#slots.size >= max || this.#totalSize + size > maxSize)) {
      this.delete(this.#keys[this.#eviction.victim()])
      this.#evicted()
    }
  }

  #takeSlot(): Slot {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#filled === this.#capacity) this.#grow()
    this.#filled++
    return this.#filled
  }

  /** Doubles the columns, up to what `max` allows, so that a function that keeps little takes little. */
  #grow(): void {
    this.#resize(Math.min(this.#limits.max, Math.max(FIRST_CAPACITY, this.#capacity * 2)))
  }

  #resize(capacity: number): void {
    this.#capacity = capacity
    const slots = capacity === 0 ? 0 : capacity + 1
    this.#keys = resizedList(this.#keys, slots)
    this.#outputs = resizedList(this.#outputs, slots)
    this.versions = resizedList(this.versions, slots)
    if (this.makings.length > 0) this.makings = resizedList(this.makings, slots)
    this.#sizes = resized(this.#sizes, slots)
    this.#async = resized(this.#async, slots)
    this.orders = resized(this.orders, slots)
    this.exact = resized(this.exact, slots)
    this.readAt = resized(this.readAt, slots)
    this.expiresAt = resized(this.expiresAt, slots)
    this.confirmedAt = resized(this.confirmedAt, slots)
    this.#eviction.resize(slots)
  }

  #fill(slot: Slot, { key, output, async, size, reading, order, making, lifetime }: NewEntry): void {
    this.#keys[slot] = key
    this.#outputs[slot] = output
    this.#async[slot] = async ? 1 : 0
    this.#sizes[slot] = size
    this.versions[slot] = reading.version
    if (making !== undefined && this.makings.length === 0) this.makings = resizedList([], this.#keys.length)
    if (this.makings.length > 0) this.makings[slot] = making
    this.orders[slot] = order
    this.exact[slot] = reading.snapshot === undefined ? 0 : 1
    this.readAt[slot] = reading.readAt
    this.expiresAt[slot] = reading.readAt + lifetime
    this.confirmedAt[slot] = reading.readAt
  }
}
