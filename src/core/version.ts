import { describe, InvalidVersionError } from './errors.ts'
import { isPrimitive, type Primitive } from './key-writer.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * What tells whether an output is still good: compared for equality only, never ordered.
 *
 * A version must be unique for ever (one that comes back brings its old outputs back), and must not be
 * visible before the data that it stands for.
 */
export type Version = Primitive | readonly Primitive[]

/** What a call goes by: the version that it saw, and when. */
export interface Reading {
  /** Undefined where the TTL alone decides. */
  readonly version: Version
  /** When reading began, by the cached function's clock. The TTL counts from here. */
  readonly readAt: number
  /** Greater than that of every reading that began before. Versions have no order; readings have. */
  readonly order: number
  /** Whether it was read by way of something that was served stale. */
  readonly tainted: boolean
  /** In which it was read, and in which to load: what comes from there is of exactly this version, and of none after it. */
  readonly snapshot: Snapshot | undefined
}

export function sameVersion(a: Version, b: Version): boolean {
  if (a === b) return a !== 0 || Object.is(a, b)
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((part, index) => Object.is(part, b[index]))
}

/**
 * What a version function gave, as it is kept: a list is copied.
 *
 * @throws {InvalidVersionError} for what cannot be compared for equality.
 */
export function admitVersion(version: unknown, name: string): Version {
  if (isComparable(version)) return version
  if (Array.isArray(version) && version.every(isComparable)) return Object.freeze([...version])
  throw new InvalidVersionError(
    `The version function of ${name} returned ${describeVersion(version)}: return a string, number, bigint, ` +
      'boolean, null, undefined or a list of these, such as a counter, an id or an ETag.',
  )
}

function isComparable(value: unknown): value is Primitive {
  return isPrimitive(value) && !Number.isNaN(value)
}

function describeVersion(version: unknown): string {
  if (!Array.isArray(version)) return describe(version)
  return `a list with ${describe(version.find((part) => !isComparable(part)))} in it`
}
