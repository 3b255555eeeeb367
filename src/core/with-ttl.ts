import type { AnyFunction } from './cached-function.ts'
import { type CacheDecorator, decorate } from './decorator.ts'
import { describe, InvalidOptionError } from './errors.ts'
import type { MaybeAsyncVersion } from './options.ts'
import type { SessionHolder } from './session.ts'
import { isFunction, isObject, isPositiveInteger, readOptions } from './settings.ts'
import { after, isThenable } from './thenable.ts'
import type { Version } from './version.ts'

/** The parameters of the Python decorator, in camel case. */
export interface WithTtlOptions<This, Args extends unknown[], V extends MaybeAsyncVersion> {
  /** Where the session is kept, such as the request; see `session`. */
  proxyToSessionContextObject: SessionHolder | (() => SessionHolder | null | undefined)
  /** Gives the version; see `version`. */
  generateVersionFunc: (this: This, ...args: Args) => V
  /** What people know the function by, in errors and statistics. */
  moduleName?: string | undefined
  /** Entries. @default 1 */
  cacheMaxSize?: number | undefined
  /** Seconds. @default 3600 */
  timeToLiveSeconds?: number | undefined
  /** The version when `generateVersionFunc` gives null or undefined. @default '-1' */
  noHistoryEventsDefaultVersion?: string | undefined
}

/**
 * The decorator of the Python package `versioned-lru-cache` 0.0.1, with its parameters and defaults: a thin
 * mapping onto {@link versionedLruCache}, which new code calls directly.
 *
 * @throws {InvalidOptionError} when a parameter is missing, unknown or cannot be used.
 */
export function versionedLruCacheWithTtl<This, Method extends AnyFunction, V extends MaybeAsyncVersion = undefined>(
  options: WithTtlOptions<NoInfer<This>, Parameters<Method>, V>,
): CacheDecorator<This, Method, V>
export function versionedLruCacheWithTtl(options: WithTtlOptions<unknown, unknown[], MaybeAsyncVersion>): unknown {
  checkParameters(options)
  const { generateVersionFunc, noHistoryEventsDefaultVersion = '-1', timeToLiveSeconds = 3600 } = options
  return decorate(
    readOptions({
      session: options.proxyToSessionContextObject,
      version(this: unknown, ...args: unknown[]) {
        return after(pending(generateVersionFunc.apply(this, args)), (v) => v ?? noHistoryEventsDefaultVersion)
      },
      name: options.moduleName,
      max: options.cacheMaxSize ?? 1,
      ttl: timeToLiveSeconds * 1000,
    }),
  )
}

function pending(version: MaybeAsyncVersion): Version | Promise<Version> {
  return isThenable(version) ? Promise.resolve(version) : version
}

const isText = (value: unknown): boolean => typeof value === 'string'

/** Parameter by parameter: what is wanted, whether a value is that, and whether it may be left out. */
const PARAMETERS: Record<keyof WithTtlOptions<unknown, [], undefined>, [string, (value: unknown) => boolean, boolean]> =
  {
    proxyToSessionContextObject: [
      'the object of the request, a proxy to it, or a function that returns it',
      isObject,
      false,
    ],
    generateVersionFunc: ['a function of the call', isFunction, false],
    moduleName: ['a string', isText, true],
    cacheMaxSize: ['a whole number of entries, at least 1', isPositiveInteger, true],
    timeToLiveSeconds: ['a positive number of seconds', (value) => typeof value === 'number' && value > 0, true],
    noHistoryEventsDefaultVersion: ['a string', isText, true],
  }

function checkParameters(options: unknown): void {
  if (!isObject(options)) throw new InvalidOptionError(`The parameters are ${describe(options)}: give an object.`)
  const given = options as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(PARAMETERS, name)) continue
    throw new InvalidOptionError(`There is no parameter "${name}": give ${Object.keys(PARAMETERS).join(', ')}.`)
  }
  for (const [name, [wanted, holds, optional]] of Object.entries(PARAMETERS)) {
    const value = given[name]
    if (value === undefined ? optional : holds(value)) continue
    throw new InvalidOptionError(`The parameter "${name}" is ${describe(value)}: give ${wanted}.`)
  }
}
