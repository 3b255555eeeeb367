import type { AnyFunction } from './cached-function.ts'
import { type CacheDecorator, decorate } from './decorator.ts'
import { describe, InvalidOptionError } from './errors.ts'
import type { MaybeAsyncVersion } from './options.ts'
import type { SessionHolder } from './session.ts'
import { readOptions } from './settings.ts'
import { after, isThenable } from './thenable.ts'
import type { Version } from './version.ts'

/** The parameters of the Python decorator, in camel case. */
export interface WithTtlOptions<This, Args extends unknown[], V extends MaybeAsyncVersion> {
  /** Where the session is kept, such as the request; see `session`. */
  proxyToSessionContextObject: SessionHolder | (() => SessionHolder | null | undefined)
  /** Gives the version; see `version`. */
  generateVersionFunc: (this: This, ...args: Args) => V
  /** Put before the function's name in errors and statistics. */
  moduleName?: string
  /** Entries. @default 1 */
  cacheMaxSize?: number
  /** Seconds. @default 3600 */
  timeToLiveSeconds?: number
  /** The version when `generateVersionFunc` gives null or undefined. @default '-1' */
  noHistoryEventsDefaultVersion?: string
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
  const {
    proxyToSessionContextObject,
    generateVersionFunc,
    moduleName,
    cacheMaxSize = 1,
    timeToLiveSeconds = 3600,
    noHistoryEventsDefaultVersion = '-1',
    ...unknown
  } = options
  requireParameters({ proxyToSessionContextObject, generateVersionFunc }, Object.keys(unknown))
  return decorate(
    readOptions({
      session: proxyToSessionContextObject,
      version(this: unknown, ...args: unknown[]) {
        return after(pending(generateVersionFunc.apply(this, args)), (v) => v ?? noHistoryEventsDefaultVersion)
      },
      name: moduleName,
      max: cacheMaxSize,
      ttl: typeof timeToLiveSeconds === 'number' ? timeToLiveSeconds * 1000 : timeToLiveSeconds,
    }),
  )
}

function pending(version: MaybeAsyncVersion): Version | Promise<Version> {
  return isThenable(version) ? Promise.resolve(version) : version
}

function requireParameters(required: Record<string, unknown>, unknown: readonly string[]): void {
  for (const [name, value] of Object.entries(required)) {
    if (value === undefined || value === null) throw new InvalidOptionError(`The parameter "${name}" is missing.`)
  }
  if (typeof required.generateVersionFunc !== 'function') {
    throw new InvalidOptionError(
      `"generateVersionFunc" is ${describe(required.generateVersionFunc)}: give a function of the call.`,
    )
  }
  if (unknown.length > 0) throw new InvalidOptionError(`There is no parameter "${unknown[0]}".`)
}
