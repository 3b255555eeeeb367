import { describe, InvalidOptionError } from './errors.ts'

let last = 0

/**
 * Says which of all outputs one is, where they are compared. One that is equal to the one that it replaces has its
 * identity. Any other has a new one: like a version, an identity never comes back, also if an output does that was there
 * before. So nothing has to be remembered of outputs that are gone.
 */
export function newIdentity(): number {
  last += 1
  return last
}

/** @throws {InvalidOptionError} when the `equals` of a function gives something else than an answer. */
export function isSame(equals: (kept: unknown, loaded: unknown) => unknown, kept: unknown, loaded: unknown): boolean {
  const same = equals(kept, loaded)
  if (typeof same === 'boolean') return same
  throw new InvalidOptionError(`"equals" gave ${describe(same)}: give true or false.`)
}
