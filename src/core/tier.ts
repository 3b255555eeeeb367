import type { CarriedStamp } from './carried-stamps.ts'
import { VersionedLruCacheError } from './errors.ts'
import type { Key } from './key.ts'
import type { Version } from './version.ts'

/**
 * A second store behind the LRU, which several processes share. Nothing depends on it: whatever it loses, brings late or
 * makes up costs a load. What it gives is judged like an entry of the LRU.
 */
export interface Tier {
  /** What people know it by. */
  readonly name: string
  /** By how many milliseconds the clocks of the processes may differ. */
  readonly maxClockSkew: number
  /** For how many milliseconds a call waits for the load of another process at the most. */
  readonly leaseWait: number
  /**
   * @throws {RefusedEntryError} for what no process of ours has written, or for what came of it.
   */
  read(address: TierAddress): Promise<TierEntry | undefined>
  /** What is there goes, and what is being loaded is not written. */
  remove(address: TierAddress): Promise<void>
  /** Asks for the right to load, and to write what comes of it. It is of one process at a time for each version. */
  lease(address: TierAddress, version: Version): Promise<Lease | NoLease>
}

/** Another process has it; or has had it in vain, so that there is nothing to wait for. */
export type NoLease = 'held' | 'abandoned'

/** What an entry is found by. */
export interface TierAddress {
  /** Of the cached function. */
  readonly name: string
  readonly codeVersion: string | undefined
  readonly key: Key
}

/** An entry as another process has left it. */
export interface TierEntry {
  readonly version: Version
  /** When that was read: milliseconds by the wall clock of who wrote it. */
  readonly readAt: number
  /** Whether it is of exactly its version, and of none after it. */
  readonly exact: boolean
  readonly stamps: readonly (readonly CarriedStamp[])[]
  /**
   * Made of its text when it has been found good, and not before.
   *
   * @throws {RefusedEntryError} when that cannot be done.
   */
  output(): Promise<unknown>
}

export interface NewTierEntry extends Omit<TierEntry, 'output'> {
  readonly output: unknown
  /** How long it is good from now on, in milliseconds. */
  readonly lifetime: number
}

/** The right to load an output, and to write it. */
export interface Lease {
  /** After how many milliseconds it has to be renewed. */
  readonly renewEvery: number
  /** Where it lasts for a time only. @returns whether it is still ours. */
  readonly renew: (() => Promise<boolean>) | undefined
  /**
   * Takes down what is to be written before it returns: the output belongs to others then, who may change it. The lease is
   * given back.
   *
   * @returns whether it was written, which it is not when the lease is ours no more.
   * @throws {NotSharedError} for an output that cannot be carried, by the promise.
   */
  write(entry: NewTierEntry): Promise<boolean>
  /** Gives it back, so that the next one may have it. */
  release(): Promise<void>
  /** Gives it back in vain: for so long nobody gets it, nor waits for it. */
  abandon(milliseconds: number): Promise<void>
}

/** An entry in a tier is not one of ours, or is damaged. It counts as none. */
export class RefusedEntryError extends VersionedLruCacheError {
  override readonly code = 'ERR_REFUSED_ENTRY'
}

/** An output cannot be carried to other processes. It stays in the LRU. */
export class NotSharedError extends VersionedLruCacheError {
  override readonly code = 'ERR_NOT_SHARED'
}
