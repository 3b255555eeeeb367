import type { Key, KeyParts } from './key.ts'
import type { Version } from './version.ts'

/**
 * A stamp as processes hand it to each other: what it stands for is named, and times are of the wall clock. See `Stamp`
 * for the rest.
 */
export type CarriedStamp = CarriedSource | CarriedCall

/** A key of a version source. */
interface CarriedSource {
  readonly source: string
  readonly value: KeyParts
  readonly version: Version
  readonly exact: boolean
}

/** A call of a cached function. */
export interface CarriedCall {
  readonly call: string
  readonly codeVersion: string | undefined
  readonly key: Key
  readonly args: readonly unknown[]
  /** The version that it went by; undefined when the function has none, or goes by sources that have stamps themselves. */
  readonly version: { readonly version: Version } | undefined
  readonly hasSources: boolean
  readonly readAt: number
  readonly expiresAt: number
  readonly exact: boolean
}
