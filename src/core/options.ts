import type { Clock } from './clock.ts'
import type { Key, KeyParts } from './key.ts'
import type { SessionHolder } from './session.ts'
import type { Tier } from './tier.ts'
import type { VerifyVersions } from './verify-settings.ts'
import type { Version } from './version.ts'

/** The options of a cached function, by the loader's `this`, arguments, output and the version's type. */
export interface CacheOptions<
  This,
  Args extends readonly unknown[],
  Output,
  V extends MaybeAsyncVersion,
  T extends Tier | undefined = Tier | undefined,
> {
  /**
   * Says which state of the data a call depends on: cheap, called with the call's arguments, at most once
   * per session and arguments, also for what the session's loads call. It must give a value that is unique for
   * ever, and not visible before its data. Or a version source that several functions share, or a list of them.
   *
   * @default none: the TTL alone decides
   * @example (id) => db.newestRowId(id)
   */
  version?: ((this: This, ...args: Args) => V) | readonly ((this: This, ...args: Args) => V)[] | undefined
  /**
   * Where the session is kept: an object that lives as long as the request, a `Map`-like, a `Session`, a
   * proxy to any of these, or a function that gives one.
   *
   * @default the ambient session of `runInSession`; without one each call is a session of its own
   * @example () => requestStorage.getStore()
   */
  session?: (SessionHolder | (() => SessionHolder | null | undefined)) | undefined
  /**
   * How many outputs are kept at the most.
   *
   * @default 1000
   */
  max?: number | undefined
  /**
   * Which output makes room for another one: the least recently used, or by SIEVE one that was not asked for again
   * lately. SIEVE keeps more of what is popular where popularity changes slowly, and less where it changes fast; see
   * docs/speed.md.
   *
   * @default 'lru'
   */
  eviction?: 'lru' | 'sieve' | undefined
  /**
   * The total size that is kept at the most, in the unit of `sizeCalculation`.
   *
   * @default none: only `max` bounds
   */
  maxSize?: number | undefined
  /**
   * The size of an output. One whose size is not a positive number, or over `maxSize`, is returned but not kept.
   *
   * @example (output) => output.length
   */
  sizeCalculation?: ((output: Output, key: Key) => number) | undefined
  /**
   * How old an output may be, in milliseconds since its version was read, whatever its version says.
   * `Infinity` for no bound, or a function of the output (not kept when that gives no positive number).
   *
   * @default 3_600_000 (one hour)
   */
  ttl?: number | ((output: Output) => number) | undefined
  /**
   * The share of the TTL, 0 to 1, that is taken off at random, so that outputs made together do not expire together.
   *
   * @default 0
   */
  ttlJitter?: number | undefined
  /**
   * What tells calls apart: a primitive or a list of primitives, called with the call's arguments. Everything
   * that selects a variant belongs in it (tenant, locale, user): what is left out is shared between them.
   *
   * @default all arguments, compared by structure
   * @example (request) => [request.tenant, request.url]
   */
  key?: ((this: This, ...args: Args) => KeyParts) | undefined
  /**
   * For how many milliseconds an output may be served after it expired, or was last known to be current, while a
   * new one is loaded in the background. What is served so is pinned, and counted as `stale`. It is for
   * asynchronous loaders; a synchronous one is run at once. Named after RFC 5861, section 3, which counts from
   * the expiry alone.
   *
   * @default 0: a session never gets an output that is not good
   */
  staleWhileRevalidate?: number | undefined
  /**
   * For how many milliseconds an output may be served after it expired, or was last known to be current, when the
   * check or the load fails. Past it the call fails. Named after RFC 5861, section 4.
   *
   * @default 0: the call fails
   */
  staleIfError?: number | undefined
  /**
   * Deep-freezes outputs, so that no caller can change what others get. An output that cannot be frozen (a typed
   * array) fails the call with `ERR_UNFREEZABLE_OUTPUT`.
   *
   * @default false
   */
  freeze?: boolean | undefined
  /**
   * Whether a new output is as good as the one that is kept: `true` compares them by `isDeepStrictEqual` of node:util.
   * Then cached functions that call this one stay good when its version moves and its output does not. To find that
   * out, a session that asks for them brings this one up to date first.
   *
   * @default none: when the version moves, all that was made of the output is outdated
   * @example (kept, loaded) => kept.total === loaded.total
   */
  equals?: true | ((kept: Output, loaded: Output) => boolean) | undefined
  /**
   * Of how many things an output may be made, to be kept: calls of cached functions and keys of version sources, also
   * by way of others. An output that is made of more is returned, not kept, and reported by `onCacheEvent`
   * (`tooManyStamps`).
   *
   * @default 1000
   */
  maxStamps?: number | undefined
  /**
   * How long an asynchronous version function may take, in milliseconds, before its waiters fail with
   * `ERR_VERSION_TIMEOUT`. A session that has to wait for a check to end first may wait twice as long.
   *
   * @default 10_000
   */
  versionTimeout?: number | undefined
  /**
   * Looks for a wrong version function: loads a sample of the hits again in the background, and tells by
   * `onCacheEvent` of an output that differs at the same version (`outputDiffers`), and of a version that came back
   * (`versionReturned`). See docs/version-sources.md.
   *
   * @default none: nothing is loaded or compared
   * @example { sample: 0.01 }
   */
  verifyVersions?: VerifyVersions<Output> | undefined
  /**
   * What people know the function by, in errors and statistics. Two functions of one name share nothing. To other
   * processes it says which function is meant: with a `tier`, and for functions that are called by the loaders of such.
   *
   * @default the loader's name; with a `tier` it has to be given, and be unique in the process
   */
  name?: string | undefined
  /**
   * A second store behind the LRU, which several processes share: see `redisTier` and `keyvTier`. What one of them has
   * loaded, the others need not load while its version is the one that their session sees. Calls give promises then, and
   * outputs have to be such that they can be carried.
   *
   * @default none
   */
  tier?: T
  /**
   * How long a call waits for its tier at the most before it goes on without it, in milliseconds. (While another process
   * loads the same it waits for that, see `leaseWait` of the tier.)
   *
   * @default 100
   */
  tierTimeout?: number | undefined
  /**
   * Which code has made an output: what was made by another one is not read from the tier, nor what was made of it. Change
   * it with a deploy that changes what the loader gives.
   *
   * @default none
   * @example process.env.GIT_COMMIT
   */
  codeVersion?: string | undefined
  /**
   * Milliseconds on a clock that never goes back.
   *
   * @default performance.now
   */
  clock?: Clock | undefined
}

export type MaybeAsyncVersion = Version | PromiseLike<Version>
