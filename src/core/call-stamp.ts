import type { CarriedCall } from './carried-stamps.ts'
import { timelessClock } from './clock.ts'
import type { Judgement } from './judgement.ts'
import { type Key, keyOfCall } from './key.ts'
import { isPrimitive } from './key-writer.ts'
import { cachedFunctions } from './names.ts'
import { describeVersion, type Pin, type PinOwner, type SeenVersion } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Settings } from './settings.ts'
import type { Origin, Stamp } from './stamps.ts'
import type { Store } from './store.ts'
import { after, recover } from './thenable.ts'
import { NotSharedError } from './tier.ts'
import { type Reading, sameVersion, type Version } from './version.ts'
import { type Asker, pinVersion, type Versions } from './versions.ts'
import { wallTime } from './wall-clock.ts'

/** A cached function, as far as stamps need it. */
export interface Inner extends PinOwner {
  readonly settings: Settings
  readonly versions: Versions
  readonly store: Store
  /** Whether it is the cache of a method, in one instance. */
  readonly isOfInstance: boolean
  /** The pin of a call, which may be new. */
  pinOf(pins: Pins | undefined, key: Key, call: Asker): Pin
  /** What a session gets. */
  ask(pins: Pins, pin: Pin, call: Asker): unknown
}

/** Different in each process, and after each start: what is counted in memory begins anew. */
const PROCESS: string = crypto.randomUUID()

/** A call of a cached function that a load has made. */
export class CallStamp implements Stamp {
  readonly key: Key
  readonly #inner: Ref<Inner>
  readonly #name: string
  readonly #self: Ref<unknown>
  readonly #hasSelf: boolean
  readonly #args: unknown[]
  readonly #origin: Origin
  /** The version that it went by; undefined when the function has none, or goes by sources that have stamps themselves. */
  readonly #version: { readonly version: Version } | undefined
  readonly #hasSources: boolean

  /**
   * A method's cache is to die with its instance, so neither is held. To any other function its `this` is nothing by
   * which calls differ.
   *
   * @param seen what it went by.
   */
  constructor(inner: Inner, { self, args }: Asker, key: Key, seen: Seen, origin: Origin) {
    this.key = key
    this.#inner = inner.isOfInstance ? new WeakRef(inner) : { deref: () => inner }
    this.#name = inner.name
    this.#hasSelf = typeof self === 'object' && self !== null
    this.#self = this.#hasSelf ? new WeakRef(self as object) : { deref: () => self }
    this.#args = args
    this.#origin = { ...origin, stamps: undefined } // they stand beside it, or do not matter
    this.#hasSources = seen === 'sources'
    this.#version = typeof seen === 'object' ? { version: seen.version } : undefined
  }

  get owner(): Inner | undefined {
    return this.#inner.deref()
  }

  get ttl(): number | undefined {
    const ttl = this.owner?.settings.ttl
    return typeof ttl === 'number' ? ttl : undefined
  }

  /** @param other of the same owner, so of a call as well. */
  isSame(other: CallStamp): boolean {
    const [a, b] = [this.#origin, other.#origin]
    if (a.generation !== b.generation || a.born !== b.born || a.expiresAt !== b.expiresAt || a.identity !== b.identity)
      return false
    return sameVersion(this.#version?.version, other.#version?.version)
  }

  matches(judgement: Judgement): boolean | Promise<boolean> {
    const inner = this.owner
    const self = this.#self.deref()
    if (inner === undefined || (inner.isOfInstance && self === undefined)) return false
    const call = { self, args: this.#args }
    return recover(
      () =>
        this.#origin.identity === 0 ? this.#isCurrent(inner, call, judgement) : this.#isEqual(inner, call, judgement),
      () => false,
    )
  }

  /** Whether its output would be good for this session, as far as its own version and the clock can tell. */
  #isCurrent(inner: Inner, call: Asker, judgement: Judgement): boolean | Promise<boolean> {
    const { generation, readAt, expiresAt } = this.#origin
    if (inner.store.generations.of(this.key) !== generation) return false
    if (expiresAt !== Number.POSITIVE_INFINITY) {
      const now = judgement.nowBy(inner.settings.clock)
      if (!(now >= readAt && now < expiresAt)) return false
    }
    if (this.#version === undefined) return true
    const pin = inner.pinOf(judgement.pins, this.key, call)
    return this.#isSeen(pin.seen ?? this.#ask(inner, pin, call, judgement.pins), judgement)
  }

  #isSeen(coming: Reading | Promise<Reading>, judgement: Judgement): boolean | Promise<boolean> {
    return after(coming, ({ version, order, snapshot }) => {
      judgement.order = Math.min(judgement.order, order)
      return (snapshot === undefined || this.#origin.exact) && sameVersion(version, this.#version?.version)
    })
  }

  #ask(inner: Inner, pin: Pin, call: Asker, pins: Pins): Reading | Promise<Reading> {
    this.#refuseChanged(inner, call)
    return pinVersion(inner.versions, pins, pin, call)
  }

  /** Whether its output is the same for this session, which has to get it to know that. */
  #isEqual(inner: Inner, call: Asker, judgement: Judgement): boolean | Promise<boolean> {
    const { pins } = judgement
    const pin = inner.pinOf(pins, this.key, call)
    if (!pin.isTaken) this.#refuseChanged(inner, call)
    judgement.waitFor(pin)
    const outcome = pin.isTaken ? pin.give() : inner.ask(pins, pin, call)
    return after(outcome, () => {
      const { order, identity } = pin.origin as Origin // an output that has come has one
      judgement.order = Math.min(judgement.order, order)
      return !pin.tainted && identity === this.#origin.identity
    })
  }

  /** The arguments are the caller's, who may have changed them: then they ask for something else than the key says. */
  #isChanged({ settings, name }: Inner, { self, args }: Asker): boolean {
    if (settings.key === undefined && args.every(isPrimitive)) return false
    return keyOfCall(settings.key, name, self, args) !== this.key
  }

  #refuseChanged(inner: Inner, call: Asker): void {
    if (this.#isChanged(inner, call)) throw new Error('changed')
  }

  /** What has no version is told by when it was made: only by that can a client know whether it has the same. */
  describe(): SeenVersion {
    const { identity, born, readAt, generation } = this.#origin
    const owner = { name: this.#name }
    if (identity !== 0) return describeVersion(owner, this.key, [PROCESS, 'output', identity])
    if (this.#version !== undefined) return describeVersion(owner, this.key, this.#version.version)
    if (this.#hasSources) return describeVersion(owner, this.key, undefined)
    return describeVersion(owner, this.key, [PROCESS, 'made', born, readAt, generation])
  }

  carry(): CarriedCall {
    const inner = this.owner
    const refuse = (why: string): NotSharedError => new NotSharedError(`it was made of ${this.#name}, ${why}`)
    if (inner === undefined || inner.isOfInstance) throw refuse('a method, and no name tells which instance it is of')
    if (cachedFunctions.only(inner.name) !== inner) throw refuse('which has no "name" that no other function has')
    if (this.#origin.identity !== 0) throw refuse('which has "equals": only here it is known which outputs are equal')
    if (this.#hasSelf && this.#version !== undefined) throw refuse('whose version function has a "this"')
    if (this.#isChanged(inner, { self: undefined, args: this.#args })) throw refuse('whose arguments have changed')
    const { clock, codeVersion } = inner.settings
    const { readAt, expiresAt, exact } = this.#origin
    return {
      call: inner.name,
      codeVersion,
      key: this.key,
      args: this.#args,
      version: this.#version,
      hasSources: this.#hasSources,
      readAt: clock === timelessClock ? Number.NEGATIVE_INFINITY : wallTime(readAt, clock),
      expiresAt: wallTime(expiresAt, clock),
      exact,
    }
  }
}

/** The version that a call went by, if the function has any; `'sources'` where those have stamps themselves. */
type Seen = Pick<Reading, 'version'> | 'sources' | undefined

/** Something that may be gone. */
interface Ref<T> {
  deref(): T | undefined
}
