import {
  type AnyFunction,
  type CacheControls,
  type CachedFunction,
  type Callable,
  cachedFunction,
  controlsOf,
  dress,
} from './cached-function.ts'
import { describe, InvalidDecoratorTargetError, InvalidOptionError } from './errors.ts'
import { requireLoader } from './loader.ts'
import { claimName } from './names.ts'
import type { Settings, UserFunction } from './settings.ts'
import { VersionedLruCache } from './versioned-lru-cache.ts'

/** Infers `T` only where nothing else does: the other kind of decorator has something else in this place. */
type LastResort<T> = T extends unknown ? T : never

/** What is used of a standard decorator's `ClassMethodDecoratorContext`. */
interface MethodContext<This, Method> {
  readonly kind: 'method'
  readonly access: { get(instance: This): Method }
  addInitializer(initializer: (this: This) => void): void
}

/** What {@link versionedLruCache} gives for options alone. */
export interface CacheDecorator<This, Method extends AnyFunction, V> {
  /** As a standard decorator of a method. */
  (method: LastResort<Method>, context: MethodContext<This, Method>): Callable<Method, V>
  /** As a decorator of a method under `experimentalDecorators`. */
  (
    target: LastResort<This>,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): TypedPropertyDescriptor<Callable<Method, V>>
  /** Called with a function. */
  <Loader extends AnyFunction>(loader: Loader): CachedFunction<Loader, V>
}

/** The cache of each instance, by decorated method. */
const cachesOf = new WeakMap<object, (instance: object) => VersionedLruCache>()

/** The decorator for options that have been read: it tells by its arguments what it is put on. */
export function decorate(settings: Settings): (...args: unknown[]) => unknown {
  return (target, second, descriptor) => {
    if (second === undefined) return cachedFunction(requireLoader(target), settings)
    if (typeof second === 'object') return decorateMethod(target, second as DecoratorContext, settings)
    return decorateLegacy(second as string | symbol, descriptor as PropertyDescriptor | undefined, settings)
  }
}

function decorateMethod(method: unknown, context: DecoratorContext, settings: Settings): unknown {
  if (context.kind !== 'method') throw notAMethod(`the ${context.kind} ${String(context.name)}`)
  return cachedPerInstance(requireLoader(method), settings)
}

function decorateLegacy(
  name: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  settings: Settings,
): PropertyDescriptor {
  if (typeof descriptor?.value !== 'function') throw notAMethod(`${String(name)}, which is not a method`)
  return { ...descriptor, value: cachedPerInstance(requireLoader(descriptor.value), settings) }
}

/** No name tells one instance from another: with a tier, the key has to say all by which their outputs differ. */
function claimForAll(method: UserFunction<unknown>, { name, tier, key }: Settings, cached: object): void {
  if (tier === undefined) return
  if (key === undefined) {
    throw new InvalidOptionError(
      `"tier" is shared by all instances that have the method ${method.name}: give a "key" that tells apart what they give.`,
    )
  }
  claimName(name as string, cached)
}

/** Held weakly by the instance, so that a cache neither outlives its instance nor keeps it alive. */
function cachedPerInstance(method: UserFunction<unknown>, settings: Settings): UserFunction<unknown> {
  const caches = new WeakMap<object, VersionedLruCache>()
  const cacheOf = (instance: object): VersionedLruCache => {
    let cache = caches.get(instance)
    if (cache === undefined) {
      const name = settings.name ?? `${classNameOf(instance)}.${method.name}`
      cache = new VersionedLruCache(method, { ...settings, name }, true)
      caches.set(instance, cache)
    }
    return cache
  }
  const cached = dress(function (this: unknown, ...args: unknown[]): unknown {
    if (this === null || (typeof this !== 'object' && typeof this !== 'function')) throw lostInstance(method, this)
    return cacheOf(this).call(this, ...args)
  }, method)
  claimForAll(method, settings, cached)
  cachesOf.set(cached, cacheOf)
  return cached
}

/**
 * The controls of a decorated method, for one instance.
 *
 * @throws {InvalidDecoratorTargetError} when the instance has no decorated method of that name.
 * @example
 * cachedMethod(reports, 'build').invalidate('eu')
 */
export function cachedMethod<T extends object, Name extends keyof T>(
  instance: T,
  name: Name,
): T[Name] extends AnyFunction ? CacheControls<T[Name]> : never {
  const method: unknown = instance[name]
  const cacheOf = typeof method === 'function' ? cachesOf.get(method) : undefined
  if (cacheOf === undefined) {
    throw new InvalidDecoratorTargetError(
      `"${String(name)}" of ${describe(instance)} is not a cached method: decorate it with @versionedLruCache({ … }).`,
    )
  }
  return controlsOf(cacheOf(instance), instance) as T[Name] extends AnyFunction ? CacheControls<T[Name]> : never
}

function classNameOf(instance: object): string {
  const owner: { name: string } | undefined = typeof instance === 'function' ? instance : instance.constructor
  return owner?.name || 'anonymous'
}

function notAMethod(what: string): InvalidDecoratorTargetError {
  return new InvalidDecoratorTargetError(
    `@versionedLruCache was put on ${what}: put it on a method, or wrap a function with versionedLruCache(loader, options).`,
  )
}

function lostInstance(method: UserFunction<unknown>, self: unknown): InvalidDecoratorTargetError {
  return new InvalidDecoratorTargetError(
    `The cached method ${method.name} was called on ${describe(self)}: call it on its instance, or bind it first.`,
  )
}
