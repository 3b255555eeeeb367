import type { CarriedStamp } from './carried-stamps.ts'
import type { Judgement } from './judgement.ts'
import type { Key } from './key.ts'
import type { PinOwner, SeenVersion } from './pin.ts'

/** Something that an output was made of: a call of a cached function, or a key of a version source. */
export interface Stamp {
  /** Whose version or output it is; undefined when that is gone. */
  readonly owner: PinOwner | undefined
  readonly key: Key
  /** The `ttl` of the function, in milliseconds, where that is a number. */
  readonly ttl: number | undefined
  isSame(other: Stamp): boolean
  /** Whether the session sees of it what the load saw. What cannot be found out counts as different; nothing is thrown. */
  matches(judgement: Judgement): boolean | Promise<boolean>
  /** What the load saw. It differs when a version does, or, where there is none, when the output is another one. */
  describe(): SeenVersion
  /** @throws {NotSharedError} when other processes could not tell what it stands for. */
  carry(): CarriedStamp
}

/**
 * All that an output was made of, in the order in which the load read it. What stands in one wave was asked for before
 * anything of it had come, so no part of it depends on another: `Promise.all` is one wave, a chain of `await` is many.
 */
export type Stamps = readonly (readonly Stamp[])[]

/** What is known of an output besides itself, for those who make others of it. */
export interface Origin {
  /** Undefined when nothing but its own version matters. */
  readonly stamps: Stamps | undefined
  /** Whether the stamps are all that it was made of: otherwise nobody can tell whether it is good. */
  readonly isWhole: boolean
  /** Whether it was made of more than anybody wants to look at. */
  readonly areTooMany: boolean
  /** When the oldest thing was read by which it was found good; see `order` of a reading. */
  readonly order: number
  /** When the oldest thing was read that went into it. */
  readonly born: number
  /** That of the key when its load began: it moves on when the key is invalidated. */
  readonly generation: number
  /** By the clock of the function. */
  readonly readAt: number
  readonly expiresAt: number
  /** Whether it is of exactly its version, and of none after it. */
  readonly exact: boolean
  /** Which of all outputs it is, for a function with `equals`: the same for those that are equal; otherwise 0. */
  readonly identity: number
}
