export type { AnyFunction, CacheControls, CachedFunction, CachedResult } from './core/cached-function.ts'
export { type CompositeKey, type CompositeOptions, type CompositeVersion, composite } from './core/composite.ts'
export { detached } from './core/context.ts'
export { type Counter, type CounterOptions, type CounterVersion, counter } from './core/counter.ts'
export { type CacheDecorator, cachedMethod } from './core/decorator.ts'
export type { Dependency, DependencyVersions } from './core/dependency.ts'
export { dependsOn } from './core/depends-on.ts'
export {
  DuplicateNameError,
  InvalidDecoratorTargetError,
  InvalidDependencyError,
  InvalidKeyError,
  InvalidOptionError,
  InvalidSessionError,
  InvalidVersionError,
  LoadCycleError,
  ReadConflictError,
  TierTimeoutError,
  UnfreezableOutputError,
  UnkeyableArgumentError,
  VersionedLruCacheError,
  VersionTimeoutError,
} from './core/errors.ts'
export {
  type CacheEvent,
  type CheckFailedEvent,
  type EntryRefusedEvent,
  type LateReadEvent,
  type OutputDiffersEvent,
  type OutputNotSharedEvent,
  onCacheEvent,
  type TierFailedEvent,
  type TierRecoveredEvent,
  type TooManyStampsEvent,
  type VerifyFailedEvent,
  type VersionReturnedEvent,
} from './core/events.ts'
export type { MapLike } from './core/holder.ts'
export type { Key, KeyParts } from './core/key.ts'
export type { Primitive } from './core/key-writer.ts'
export type { CacheOptions, MaybeAsyncVersion } from './core/options.ts'
export type { SeenVersion } from './core/pin.ts'
export { type ConsistentReadOptions, readConsistently } from './core/read-consistently.ts'
export {
  currentSession,
  runInSession,
  Session,
  type SessionHolder,
} from './core/session.ts'
export type { CacheStats, TierStats } from './core/stats.ts'
export type { Tier } from './core/tier.ts'
export type { VerifyVersions } from './core/verify-settings.ts'
export type { Version } from './core/version.ts'
export { type VersionSource, type VersionSourceOptions, versionSource } from './core/version-source.ts'
export { versionedLruCacheWithTtl, type WithTtlOptions } from './core/with-ttl.ts'
export { versionedLruCache } from './core/wrap.ts'
