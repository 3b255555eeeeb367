import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'
import { isBounded, isPositiveInteger, isText } from '../core/settings.ts'
import { isTimeout } from '../core/timeout.ts'
import { type Codec, defaultCodec } from './codec.ts'
import type { TextSettings } from './entry-text.ts'

/** The options of every tier. */
export interface TierOptions {
  /**
   * What its keys in the store begin with: one for each application, since functions of the same name share their outputs.
   */
  prefix: string
  /** What people know the tier by, in events. */
  name?: string | undefined
  /**
   * Writes outputs and reads them: `stringify` and `parse`, of which the one throws for what it cannot carry.
   *
   * @default that of the package `devalue`, for plain objects, arrays, `Date`, `Map`, `Set`, bigint, typed arrays, `Buffer`
   */
  codec?: Codec | undefined
  /**
   * How many bytes an output may have that is not compressed (deflate, RFC 1951).
   *
   * @default Infinity: none is
   */
  compressAbove?: number | undefined
  /**
   * Signs entries by HMAC-SHA-256, so that who can write to the store, and does not know the secret, can make nobody
   * believe anything. Of a list, the first signs, and each may have signed: so a secret can be replaced.
   *
   * @default none: a SHA-256 tells what is damaged
   */
  secret?: string | readonly string[] | undefined
  /**
   * How many bytes an entry may have, and its output when it is inflated. Larger ones are neither written nor read.
   *
   * @default 4_194_304
   */
  maxEntrySize?: number | undefined
  /**
   * By how many milliseconds the clocks of the processes may differ. It is taken off the TTL of what another process has
   * loaded.
   *
   * @default 1000
   */
  maxClockSkew?: number | undefined
}

export interface LeaseOptions {
  /**
   * For how many milliseconds a process has the right to load before others may, if it is heard of no more. It is renewed
   * while the load runs.
   *
   * @default 2000
   */
  lease?: number | undefined
  /**
   * For how many milliseconds a call waits for the load of another process at the most, before it loads itself.
   *
   * @default 10_000
   */
  leaseWait?: number | undefined
}

export interface TierSettings extends TextSettings {
  readonly prefix: string
  readonly name: string
  readonly maxClockSkew: number
  readonly lease: number
  readonly leaseWait: number
}

type Rule = readonly [wanted: string, holds: (value: unknown) => boolean]

const RULES: { readonly [Option in keyof (TierOptions & LeaseOptions)]-?: Rule } = {
  prefix: ['the name of your application, without braces', (value) => isText(value) && !/[{}]/.test(value as string)],
  name: ['a string that is not empty', isText],
  codec: ['an object with "stringify" and "parse"', isCodec],
  compressAbove: ['a number of bytes, or Infinity for never', (value) => isBounded(value) || value === Infinity],
  secret: ['a string that is not empty, or a list of some', (value) => isText(value) || isList(value)],
  maxEntrySize: ['a whole number of bytes, at least 1', isPositiveInteger],
  maxClockSkew: ['a number of milliseconds, 0 for none', isBounded],
  lease: [
    'a whole number of milliseconds, from 1 to 2147483647',
    (value) => isPositiveInteger(value) && isTimeout(value),
  ],
  leaseWait: ['a number of milliseconds', isBounded],
}

/** @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used. */
export function readTierOptions(options: unknown, defaultName: string, hasLeases: boolean): TierSettings {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { prefix: 'shop' }.`)
  }
  const { lease, leaseWait, ...rules } = RULES
  const all: { readonly [option: string]: Rule } = hasLeases ? RULES : rules
  const others = Object.keys(options).filter((option) => !Object.hasOwn(all, option))
  const known = Object.keys(all).map((option) => `"${option}"`)
  refuseOthers(Object.fromEntries(others.map((option) => [option, true])), known.join(', '))
  const given = options as { [option: string]: unknown }
  for (const [option, [wanted, holds]] of Object.entries(all)) {
    const value = given[option]
    if ((value !== undefined || option === 'prefix') && !holds(value)) {
      throw new InvalidOptionError(`The option "${option}" of a tier is ${describe(value)}: give ${wanted}.`)
    }
  }
  return withDefaults(given as unknown as TierOptions & LeaseOptions, defaultName)
}

function withDefaults(options: TierOptions & LeaseOptions, defaultName: string): TierSettings {
  const { prefix, secret = [] } = options
  return {
    prefix,
    name: options.name ?? defaultName,
    codec: options.codec ?? defaultCodec(),
    compressAbove: options.compressAbove ?? Number.POSITIVE_INFINITY,
    secrets: typeof secret === 'string' ? [secret] : secret,
    maxEntrySize: options.maxEntrySize ?? 4_194_304,
    maxClockSkew: options.maxClockSkew ?? 1000,
    lease: options.lease ?? 2000,
    leaseWait: options.leaseWait ?? 10_000,
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText)
}

function isCodec(value: unknown): boolean {
  const { stringify, parse } = Object(value) as Partial<Codec>
  return typeof stringify === 'function' && typeof parse === 'function'
}
