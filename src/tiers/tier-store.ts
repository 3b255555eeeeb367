import type { NoLease } from '../core/tier.ts'

/**
 * Where a tier keeps its entries: texts under keys, each for a while. What was written may be lost or come back at any
 * time; only what a lease says has to be true as long as nothing is lost.
 */
export interface TierStore {
  /**
   * @returns undefined when there is nothing, or what was there has been removed.
   * @throws {RefusedEntryError} for a text of more bytes, and for what is no text.
   */
  read(key: string, maxBytes: number): Promise<string | undefined>
  /**
   * What is there goes, and where leases are told apart, none that was given before allows to write, nor keeps others from
   * getting one.
   */
  remove(key: string): Promise<void>
  /**
   * The right to write a key, for as many milliseconds. There can be one for each purpose at a time, in a store that can
   * tell.
   *
   * @returns why there is none, while somebody else has it.
   */
  lease(key: string, purpose: string, milliseconds: number): Promise<StoreLease | NoLease>
}

export interface StoreLease {
  /** Counts the milliseconds from now on; without it there is nothing to renew. @returns whether it is still ours. */
  renew?(): Promise<boolean>
  /** Gives it back, and writes if it was still ours. @returns whether it was. */
  write(text: string, lifetime: number): Promise<boolean>
  release(): Promise<void>
  /** Gives it back in vain: for so long nobody gets it. */
  abandon(milliseconds: number): Promise<void>
}
