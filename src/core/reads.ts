import { currentLoad } from './context.ts'
import { announce } from './events.ts'
import { type Key, showKey } from './key.ts'
import type { PinOwner } from './pin.ts'
import type { Origin, Stamp, Stamps } from './stamps.ts'

/** The function whose load it is. */
interface Reader {
  readonly name: string
  /** How many stamps an entry may have. */
  readonly maxStamps: number
  /** Whether it has been told of what is read too late. */
  hasReadLate: boolean
}

/** What a load wants to know of what it has read. */
type ReadOrigin = Pick<Origin, 'stamps' | 'isWhole' | 'areTooMany' | 'identity' | 'order'>

/** When a load has asked for something: after how many waves, and as which of all. */
interface Turn {
  readonly wave: number
  readonly place: number
}

interface Read {
  /** That of the turn by which it came. */
  readonly place: number
  readonly stamp: Stamp
}

/** What a load has read so far, of cached functions and of version sources. */
export class Reads {
  readonly #reader: Reader
  #waves: Read[][] = []
  #known: Map<PinOwner, Map<Key, Stamp>> | undefined
  #count = 0
  #asked = 0
  /** What was asked for and has not come. */
  #pending = 0
  /** Whether what is known is all that the load has read. */
  isWhole = true
  /** Whether the load is still running. */
  isOpen = true
  /** When the oldest thing was read; see `order` of a reading. */
  order: number = Number.POSITIVE_INFINITY

  constructor(reader: Reader) {
    this.#reader = reader
  }

  get areTooMany(): boolean {
    return this.#count > this.#reader.maxStamps
  }

  /** Something is asked for. What came before it may be why: it goes into a later wave than all that. */
  begin(): Turn {
    this.#pending++
    return { wave: this.#waves.length, place: this.#asked++ }
  }

  /**
   * It has come. What is compared by its output hides what it was made of.
   *
   * @param turn what `begin` gave.
   */
  end(
    { wave, place }: Turn,
    read: readonly Stamp[],
    { stamps, isWhole, areTooMany, identity, order }: ReadOrigin,
  ): void {
    if (!isWhole && !areTooMany) {
      this.spoil()
      return
    }
    this.#pending--
    if (!this.isOpen) return
    this.order = Math.min(this.order, order)
    for (const stamp of read) this.#add(wave, place, stamp)
    if (identity !== 0) return
    if (areTooMany) this.#overflow()
    for (const [index, inner] of stamps?.entries() ?? []) {
      for (const one of inner) this.#add(wave + 1 + index, place, one)
    }
  }

  /** What was read is not known, so what is made of it is good for nobody else. */
  spoil(): void {
    this.#pending--
    this.isWhole = false
    this.order = Number.NEGATIVE_INFINITY
  }

  #add(wave: number, place: number, stamp: Stamp): void {
    if (this.areTooMany || this.#isKnown(stamp)) return
    this.#count++
    if (this.areTooMany) {
      this.#overflow()
      return
    }
    while (this.#waves.length <= wave) this.#waves.push([])
    this.#waves[wave]?.push({ place, stamp })
  }

  /** Nobody will look at them. */
  #overflow(): void {
    this.isWhole = false
    this.#count = Number.POSITIVE_INFINITY
    this.#waves = []
    this.#known = undefined
  }

  /** Whether it was read before, and was the same. */
  #isKnown(stamp: Stamp): boolean {
    const { owner, key } = stamp
    if (owner === undefined) return false
    this.#known ??= new Map()
    let ofOwner = this.#known.get(owner)
    if (ofOwner === undefined) {
      ofOwner = new Map()
      this.#known.set(owner, ofOwner)
    }
    const known = ofOwner.get(key)
    if (known?.isSame(stamp)) return true
    ofOwner.set(key, stamp)
    return false
  }

  /**
   * The load has its output. What it has asked for and not waited for may be in there all the same, as a promise.
   *
   * @returns what it was made of.
   */
  closeWith(): Stamps | undefined {
    if (this.#pending > 0) {
      this.isWhole = false
      this.tellLate('a call that the loader did not wait for')
    }
    return this.close()
  }

  /** It is not loaded, but was found with all that it was made of. */
  adopt(stamps: Stamps): void {
    this.#waves = stamps.map((wave) => wave.map((stamp, place) => ({ place, stamp })))
  }

  soFar(): Stamp[] {
    return this.#waves.flat().map(({ stamp }) => stamp)
  }

  /** @returns what the load has read. */
  close(): Stamps | undefined {
    const waves = this.#waves.filter((wave) => wave.length > 0).map(inTurn)
    this.isOpen = false
    this.#waves = []
    this.#known = undefined
    return waves.length === 0 ? undefined : waves
  }

  /** Once for each function: it is a fault in its code, not one of a call. */
  tellLate(read: string): void {
    if (this.#reader.hasReadLate) return
    this.#reader.hasReadLate = true
    announce({ type: 'lateRead', name: this.#reader.name, read })
  }
}

/** As it was asked for: what came first is chance, and two functions of one name are told apart by nothing else. */
function inTurn(wave: readonly Read[]): Stamp[] {
  return wave.toSorted((a, b) => a.place - b.place).map(({ stamp }) => stamp)
}

/** Where it is recorded that the calling code reads this: undefined when it is part of no load. */
export function readsOfCaller({ name }: Pick<PinOwner, 'name'>, key: Key): Reads | undefined {
  const reads = currentLoad()?.reads
  if (reads === undefined || reads.isOpen) return reads
  reads.tellLate(`${name}${showKey(key)}`)
  return undefined
}
