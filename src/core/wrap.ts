import { type AnyFunction, type CachedFunction, cachedFunction } from './cached-function.ts'
import { type CacheDecorator, decorate } from './decorator.ts'
import { InvalidDecoratorTargetError } from './errors.ts'
import { requireLoader } from './loader.ts'
import type { CacheOptions, MaybeAsyncVersion } from './options.ts'
import { readOptions } from './settings.ts'
import type { Tier } from './tier.ts'

/** The options of a loader, with everything that it tells about itself. */
type OptionsFor<Loader extends AnyFunction, V extends MaybeAsyncVersion, T extends Tier | undefined> = CacheOptions<
  ThisParameterType<Loader>,
  Parameters<Loader>,
  Awaited<ReturnType<Loader>>,
  V,
  T
>

/** What comes from a tier comes later. */
type Given<V, T> = T extends Tier ? Promise<V> : V

/**
 * Keeps a function's outputs, and asks `version` once per session and arguments whether they are still good.
 *
 * A synchronous loader with a synchronous version function (or none) gives its value at once; otherwise a call
 * gives a promise, the same one for all equal calls of a session. An error reaches every waiter and is then
 * forgotten; `undefined` and `null` are kept like any output.
 *
 * With a `tier`, a call always gives a promise.
 *
 * A call fails with `UnkeyableArgumentError` for arguments that cannot be told apart safely, with
 * `VersionTimeoutError`, `InvalidVersionError`, `InvalidKeyError`, `InvalidSessionError`, `LoadCycleError`,
 * `UnfreezableOutputError`, or whatever the version function and the loader throw. Where the loader or the version
 * function is written with `async`, or the loader was seen to give a promise, all of these reject; elsewhere what is
 * known at once is thrown at once.
 *
 * @param loader the costly function. Its `this` is handed on, but is not part of the key.
 * @throws {InvalidOptionError} when an option is unknown or cannot be used, or the loader is not a function.
 * @throws {DuplicateNameError} with a `tier`, when another function has that name.
 * @example
 * const report = versionedLruCache(buildReport, { version: (region) => db.reportVersion(region), max: 500 })
 */
export function versionedLruCache<
  Loader extends AnyFunction,
  V extends MaybeAsyncVersion = undefined,
  T extends Tier | undefined = undefined,
>(loader: Loader, options?: OptionsFor<Loader, V, T>): CachedFunction<Loader, Given<V, T>>
/**
 * Gives a decorator for a method (standard, or of TypeScript's `experimentalDecorators`) or a function. Each
 * instance has a cache of its own, which dies with the instance; {@link cachedMethod} reaches it.
 *
 * @throws {InvalidOptionError} when an option is unknown or cannot be used.
 * @example
 * class Reports {
 *   @versionedLruCache({ version() { return this.db.version() } })
 *   async build(region: string) { … }
 * }
 */
export function versionedLruCache<
  This,
  Method extends AnyFunction,
  V extends MaybeAsyncVersion = undefined,
  T extends Tier | undefined = undefined,
>(
  options: CacheOptions<NoInfer<This>, Parameters<Method>, Awaited<ReturnType<Method>>, V, T>,
): CacheDecorator<This, Method, Given<V, T>>
export function versionedLruCache(first: unknown, second?: unknown, third?: unknown): unknown {
  if (typeof first !== 'function' && second === undefined) return decorate(readOptions(first))
  refuseBareDecorator(second, third)
  return cachedFunction(requireLoader(first), readOptions(second === undefined ? {} : second))
}

/** `@versionedLruCache` without its parentheses is called with what a decorator is called with. */
function refuseBareDecorator(second: unknown, third: unknown): void {
  const isContext = typeof second === 'object' && second !== null && 'addInitializer' in second
  if (!isContext && third === undefined) return
  throw new InvalidDecoratorTargetError('Write the decorator with its options: @versionedLruCache({ version: … }).')
}
