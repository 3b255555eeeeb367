import { isDeepStrictEqual } from 'node:util'
import { type Clock, monotonicClock, timelessClock } from './clock.ts'
import { describe, InvalidOptionError } from './errors.ts'
import type { Key } from './key.ts'
import type { MaybeAsyncVersion } from './options.ts'
import type { SessionOption } from './session.ts'
import type { Tier } from './tier.ts'
import { isTimeout, TIMEOUT_WANTED } from './timeout.ts'
import { readVerifySettings, type VerifySettings } from './verify-settings.ts'
import { isSource } from './version-source.ts'

/** Options with every default in place, as the cache uses them: it knows nothing of the user's types. */
export interface Settings {
  readonly version: UserFunction<MaybeAsyncVersion> | readonly UserFunction<MaybeAsyncVersion>[] | undefined
  readonly session: SessionOption
  readonly max: number
  readonly maxSize: number
  readonly eviction: 'lru' | 'sieve'
  readonly sizeCalculation: ((output: unknown, key: Key) => number) | undefined
  readonly ttl: number | ((output: unknown) => number)
  readonly ttlJitter: number
  readonly key: UserFunction<unknown> | undefined
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly freeze: boolean
  readonly equals: ((kept: unknown, loaded: unknown) => unknown) | undefined
  readonly maxStamps: number
  readonly versionTimeout: number
  readonly verifyVersions: VerifySettings | undefined
  readonly name: string | undefined
  readonly tier: Tier | undefined
  readonly tierTimeout: number
  readonly codeVersion: string | undefined
  readonly clock: Clock
}

export interface TieredSettings extends Settings {
  readonly tier: Tier
}

export type UserFunction<R> = (this: unknown, ...args: unknown[]) => R

const DEFAULTS: Settings = {
  version: undefined,
  session: undefined,
  max: 1000,
  maxSize: Number.POSITIVE_INFINITY,
  eviction: 'lru',
  sizeCalculation: undefined,
  ttl: 3_600_000,
  ttlJitter: 0,
  key: undefined,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  freeze: false,
  equals: undefined,
  maxStamps: 1000,
  versionTimeout: 10_000,
  verifyVersions: undefined,
  name: undefined,
  tier: undefined,
  tierTimeout: 100,
  codeVersion: undefined,
  clock: monotonicClock,
}

type Rule = readonly [wanted: string, holds: (value: unknown) => boolean]

const STALE: Rule = ['a bounded number of milliseconds, 0 for never', isBounded]

const RULES: { readonly [Option in keyof Settings]: Rule } = {
  version: [
    'a function of the call, a version source, or a list of version sources',
    (value) => isFunction(value) || (Array.isArray(value) && value.length > 0 && value.every(isSource)),
  ],
  session: ['an object that lives as long as the request or job, or a function that returns one', isObject],
  max: ['a whole number of entries, at least 1', isPositiveInteger],
  maxSize: ['a positive number', isPositive],
  eviction: ['"lru" or "sieve"', (value) => value === 'lru' || value === 'sieve'],
  sizeCalculation: ['a function of the output', isFunction],
  ttl: [
    'a positive number of milliseconds, Infinity for none, or a function of the output',
    (value) => isPositive(value) || value === Number.POSITIVE_INFINITY || isFunction(value),
  ],
  ttlJitter: ['a share of the TTL, 0 to 1', (value) => value === 0 || (isPositive(value) && (value as number) <= 1)],
  key: ['a function of the call', isFunction],
  staleWhileRevalidate: STALE,
  staleIfError: STALE,
  freeze: ['true or false', (value) => typeof value === 'boolean'],
  equals: ['true, or a function of two outputs', (value) => value === true || isFunction(value)],
  maxStamps: ['a whole number of stamps, at least 1', isPositiveInteger],
  versionTimeout: [TIMEOUT_WANTED, isTimeout],
  verifyVersions: ['an object such as { sample: 0.01 }', isPlainOptions],
  name: ['a string that is not empty', isText],
  tier: ['what redisTier or keyvTier gives', isTier],
  tierTimeout: [TIMEOUT_WANTED, isTimeout],
  codeVersion: ['a string that is not empty', isText],
  clock: ['a function that returns milliseconds', isFunction],
}

/** What the same thing is called elsewhere, for those whose fingers remember. */
const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  cacheKey: 'key',
  maxAge: 'ttl',
  maxEntries: 'max',
  normalizer: 'key',
  resolver: 'key',
  cacheMaxSize: 'max',
}

/**
 * Checks a user's options, and fills in the defaults. An option that is given as `undefined` counts as absent.
 *
 * @throws {InvalidOptionError} for the first option that is unknown or cannot be used.
 */
export function readOptions(options: unknown): Settings {
  if (!isPlainOptions(options)) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { version: () => … }.`)
  }
  const given = Object.entries(options as object).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) checkOption(name, value)
  const settings: Settings = withClock(withEquals({ ...DEFAULTS, ...Object.fromEntries(given) }))
  if ((settings.maxSize === Number.POSITIVE_INFINITY) !== (settings.sizeCalculation === undefined)) {
    throw new InvalidOptionError('"maxSize" and "sizeCalculation" need each other: give both or neither.')
  }
  if (settings.tier !== undefined && settings.name === undefined) {
    throw new InvalidOptionError('"tier" tells outputs apart by "name": give one that no other function has.')
  }
  return settings.verifyVersions === undefined ? settings : withVerification(settings)
}

function withVerification(settings: Settings): Settings {
  if (settings.version !== undefined) {
    return { ...settings, verifyVersions: readVerifySettings(settings.verifyVersions as object) }
  }
  throw new InvalidOptionError('"verifyVersions" looks for a wrong version, and there is none: give "version" as well.')
}

function withEquals(settings: Omit<Settings, 'equals'> & { equals: Settings['equals'] | true }): Settings {
  return { ...settings, equals: settings.equals === true ? isDeepStrictEqual : settings.equals }
}

/** Where nothing is ever too old, nobody has to ask what time it is: that saves two readings of the clock on each first hit. */
function withClock(settings: Settings): Settings {
  const { ttl, staleWhileRevalidate, staleIfError, verifyVersions, tier } = settings
  const isTimeless = ttl === Number.POSITIVE_INFINITY && staleWhileRevalidate === 0 && staleIfError === 0
  return isTimeless && verifyVersions === undefined && tier === undefined
    ? { ...settings, clock: timelessClock }
    : settings
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(RULES, name)) throw unknownOption(name)
  const [wanted, holds] = RULES[name as keyof Settings]
  if (holds(value)) return
  throw new InvalidOptionError(`The option "${name}" is ${describe(value)}: give ${wanted}.`)
}

function unknownOption(name: string): InvalidOptionError {
  const known = Object.keys(RULES)
    .map((option) => `"${option}"`)
    .join(', ')
  const here = Object.hasOwn(KNOWN_ELSEWHERE, name) ? KNOWN_ELSEWHERE[name] : undefined
  const hint = here === undefined ? '' : ` It is called "${here}" here.`
  return new InvalidOptionError(`There is no option "${name}".${hint} The options are ${known}.`)
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

export function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isTier(value: unknown): boolean {
  const { read, remove, lease } = Object(value) as Partial<Tier>
  return [read, remove, lease].every(isFunction)
}

function isPlainOptions(value: unknown): boolean {
  return isObject(value) && !isFunction(value) && !Array.isArray(value)
}

export function isObject(value: unknown): boolean {
  return isFunction(value) || (typeof value === 'object' && value !== null)
}

/** Not negative, and not without end. */
export function isBounded(value: unknown): boolean {
  return value === 0 || isPositive(value)
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
}

export function isPositiveInteger(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1
}
