import { createHash } from 'node:crypto'
import type { Lease, NoLease, Tier, TierAddress, TierEntry } from '../core/tier.ts'
import type { Version } from '../core/version.ts'
import { writeParts } from './entry-header.ts'
import { EntryText } from './entry-text.ts'
import type { TierSettings } from './tier-options.ts'
import type { StoreLease, TierStore } from './tier-store.ts'

/** Milliseconds: some thousand years. */
const LONGEST_LIFE = 1e14

/** A tier that keeps its entries as texts in a store. */
export class StoredTier implements Tier {
  readonly name: string
  readonly maxClockSkew: number
  readonly leaseWait: number
  readonly #store: TierStore
  readonly #settings: TierSettings
  readonly #text: EntryText

  constructor(store: TierStore, settings: TierSettings) {
    this.name = settings.name
    this.maxClockSkew = settings.maxClockSkew
    this.leaseWait = settings.leaseWait
    this.#store = store
    this.#settings = settings
    this.#text = new EntryText(settings)
  }

  async read(address: TierAddress): Promise<TierEntry | undefined> {
    const text = await this.#store.read(this.#keyOf(address), this.#settings.maxEntrySize)
    return text === undefined ? undefined : this.#text.read(address, text)
  }

  remove(address: TierAddress): Promise<void> {
    return this.#store.remove(this.#keyOf(address))
  }

  async lease(address: TierAddress, version: Version): Promise<Lease | NoLease> {
    const { lease } = this.#settings
    const given = await this.#store.lease(this.#keyOf(address), digest(writeParts(version)), lease)
    return typeof given === 'string' ? given : this.#leaseOf(address, given)
  }

  #leaseOf(address: TierAddress, lease: StoreLease): Lease {
    return {
      renewEvery: this.#settings.lease / 3,
      renew: lease.renew,
      write: async (entry) => lease.write(await this.#text.write(address, entry), lifeOf(entry.lifetime)),
      release: () => lease.release(),
      abandon: (milliseconds) => lease.abandon(milliseconds),
    }
  }

  /** All that belongs to one call has one part in braces, by which Redis Cluster keeps it on one node. */
  #keyOf({ name, codeVersion, key }: TierAddress): string {
    const readable = encodeURIComponent(JSON.stringify(name).slice(1, -1))
    return `${this.#settings.prefix}:${readable}:{${digest([name, codeVersion ?? null, writeParts(key)])}}`
  }
}

/** Stores count in whole numbers, and some from 1970: what is to live for longer than they can tell, lives for ever. */
function lifeOf(milliseconds: number): number {
  return milliseconds < LONGEST_LIFE ? milliseconds : Number.POSITIVE_INFINITY
}

/** Enough of a SHA-256 that no two calls ever meet; what does meet is told apart by the entry itself. */
function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)
}
