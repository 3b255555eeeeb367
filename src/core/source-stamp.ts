import type { CarriedStamp } from './carried-stamps.ts'
import type { Judgement } from './judgement.ts'
import type { Key, KeyParts } from './key.ts'
import { versionSources } from './names.ts'
import { describeVersion, type PinOwner, type SeenVersion } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Stamp } from './stamps.ts'
import { after, recover } from './thenable.ts'
import { NotSharedError } from './tier.ts'
import { type Reading, sameVersion, type Version } from './version.ts'

/** A version source, as far as stamps need it. */
interface Source extends PinOwner {
  seenBy(pins: Pins, key: Key, value: unknown): Reading | Promise<Reading>
}

/** A key of a version source that a load has asked for, itself or by a cached function. */
export class SourceStamp implements Stamp {
  readonly owner: Source
  readonly key: Key
  readonly ttl = undefined
  readonly #value: unknown
  readonly version: Version
  readonly #exact: boolean

  /** @param exact whether what the load reads besides is of exactly this version, and of none after it. */
  constructor(owner: Source, key: Key, value: unknown, version: Version, exact: boolean) {
    this.owner = owner
    this.key = key
    this.#value = value
    this.version = version
    this.#exact = exact
  }

  /** @param other of the same owner, so of a source as well. */
  isSame(other: SourceStamp): boolean {
    return this.#exact === other.#exact && sameVersion(this.version, other.version)
  }

  matches(judgement: Judgement): boolean | Promise<boolean> {
    return recover(
      () =>
        after(this.owner.seenBy(judgement.pins, this.key, this.#value), (seen) => {
          judgement.order = Math.min(judgement.order, seen.order)
          return (seen.snapshot === undefined || this.#exact) && sameVersion(seen.version, this.version)
        }),
      () => false,
    )
  }

  describe(): SeenVersion {
    return describeVersion(this.owner, this.key, this.version)
  }

  carry(): CarriedStamp {
    const { owner, version } = this
    if (versionSources.only(owner.name) !== owner) {
      throw new NotSharedError(`there are several version sources of the name "${owner.name}": give each its own`)
    }
    return { source: owner.name, value: this.#value as KeyParts, version, exact: this.#exact }
  }
}
