import type { Dependency } from './dependency.ts'
import type { Settings, UserFunction } from './settings.ts'
import type { CacheStats } from './stats.ts'
import { VersionedLruCache } from './versioned-lru-cache.ts'

export type AnyFunction = (...args: never[]) => unknown

/** What a call gives: a promise where the loader or the version function gives one, else the bare value. */
export type CachedResult<Result, V> =
  V extends PromiseLike<unknown>
    ? Promise<Awaited<Result>>
    : Result extends PromiseLike<unknown>
      ? Promise<Awaited<Result>>
      : Result

/** The loader's own type, with its overloads and type parameters, where the result stays what it was. */
export type Callable<Loader extends AnyFunction, V> =
  Same<CachedResult<ReturnType<Loader>, V>, ReturnType<Loader>> extends true
    ? Loader
    : (this: ThisParameterType<Loader>, ...args: Parameters<Loader>) => CachedResult<ReturnType<Loader>, V>

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** What a cached function carries besides being called. */
export interface CacheControls<Loader extends AnyFunction, V = undefined> {
  /**
   * Forgets what is kept for these arguments. Loads of them that are running are not kept, and nobody joins
   * them any more. The calling session forgets its pins too, so that a writer reads its own write; other
   * sessions keep theirs.
   *
   * @returns whether an output was kept.
   */
  invalidate(...args: Parameters<Loader>): boolean
  /** Forgets everything that is kept, as `invalidate` does for one list of arguments. */
  clear(): void
  /** The output that is kept for these arguments, whatever its version; undefined when there is none, or it expired. */
  peek(...args: Parameters<Loader>): Awaited<ReturnType<Loader>> | undefined
  /**
   * Checks and loads now. What is kept serves others until the new output has landed, and after a failure.
   * The calling session goes by the new output.
   */
  refresh(...args: Parameters<Loader>): CachedResult<ReturnType<Loader>, V>
  /**
   * Names a call, so that something else can depend on its version: the `ETag` of an answer, see `conditional` of the
   * web frameworks. Nothing is asked yet.
   */
  dependency(...args: Parameters<Loader>): Dependency
  /** What the function has done so far, and what it holds. */
  stats(): CacheStats
  /** The function that was wrapped. */
  readonly loader: Loader
}

/** A function whose outputs are kept, and given again while their version is still the current one. */
export type CachedFunction<Loader extends AnyFunction, V = undefined> = Callable<Loader, V> & CacheControls<Loader, V>

/** Wraps a function: one cache, whatever `this` it is called on. */
export function cachedFunction(loader: UserFunction<unknown>, settings: Settings): CachedFunction<AnyFunction> {
  const cache = new VersionedLruCache(loader, settings)
  const cached = dress(function (this: unknown, ...args: unknown[]): unknown {
    return cache.call(this, ...args)
  }, loader)
  return Object.assign(cached, controlsOf(cache, undefined)) as CachedFunction<AnyFunction>
}

/** The controls of a cache, for calls on `self`. */
export function controlsOf(cache: VersionedLruCache, self: unknown): CacheControls<AnyFunction> {
  return {
    invalidate: (...args) => cache.invalidate(self, args),
    clear: () => cache.clear(),
    peek: (...args) => cache.peek(self, args),
    refresh: (...args) => cache.refresh(self, args),
    dependency: (...args) => cache.dependency(self, args),
    stats: () => cache.stats(),
    loader: cache.loader as AnyFunction,
  }
}

/** Makes a wrapper look like what it wraps. */
export function dress<F extends UserFunction<unknown>>(wrapper: F, loader: UserFunction<unknown>): F {
  Object.defineProperty(wrapper, 'name', { value: loader.name, configurable: true })
  Object.defineProperty(wrapper, 'length', { value: loader.length, configurable: true })
  return wrapper
}
