import { types } from 'node:util'
import type { ReadMany } from './batches.ts'
import type { CheckStats } from './checks.ts'
import type { KeyParts } from './key.ts'
import type { MaybeAsyncVersion } from './options.ts'
import type { UserFunction } from './settings.ts'
import { SharedSource } from './shared-source.ts'
import { readSourceOptions } from './source-settings.ts'
import { after } from './thenable.ts'
import type { Version } from './version.ts'

/** What a version source is made of: `read`, or `readMany`. */
export interface VersionSourceOptions<K extends KeyParts, V extends MaybeAsyncVersion> {
  /** What people know it by. It goes into the tags of conditional requests, so it should not change. */
  name: string
  /** Gives the version of a key: see `version` of {@link versionedLruCache}. */
  read?: ((key: K) => V) | undefined
  /**
   * Gives the versions of many keys at once, as a list in their order or as a `Map`; an `Error` in place of a version
   * fails that key, and a key that a `Map` lacks has the version `undefined`. No key is asked for twice in one run.
   */
  readMany?: ReadMany<K> | undefined
  /**
   * How long a check may take, in milliseconds, before its waiters fail with `ERR_VERSION_TIMEOUT`.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/**
 * Versions that cached functions share: a session checks each key once, however many functions go by it. It is a version
 * function itself, whose key is the call's first argument; `of` picks another key, or none. Called by hand, it gives the
 * version that the session goes by.
 */
export interface VersionSource<K extends KeyParts, V extends MaybeAsyncVersion> {
  (...key: undefined extends K ? [key?: K] : [key: K]): V
  /**
   * The same: the version of a key that the session goes by. What a loader brings depends on it from then on, so ask
   * before you read the data.
   */
  current(...key: undefined extends K ? [key?: K] : [key: K]): V
  /** The version of a key that is made of the call's arguments. */
  of<This, Args extends readonly unknown[]>(pick: (this: This, ...args: Args) => K): (this: This, ...args: Args) => V
  /** The version of the source as a whole, whatever the call's arguments. */
  of(): undefined extends K ? () => V : never
  /** What the source has done so far; `checks` counts batches where it reads many at once. */
  stats(): CheckStats
  readonly name: string
}

/**
 * Makes a version source.
 *
 * @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used.
 * @example
 * const orders = versionSource({ name: 'orders', readMany: (ids) => versionsOfOrders(ids) })
 * const order = versionedLruCache(loadOrder, { version: orders })
 * const invoice = versionedLruCache(makeInvoice, { version: [orders.of((id) => id), customers.of((_id, who) => who)] })
 */
export function versionSource<K extends KeyParts = undefined, V extends MaybeAsyncVersion = Promise<Version>>(
  options: VersionSourceOptions<K, V>,
): VersionSource<K, V> {
  return asFunction<K, V>(new SharedSource(readSourceOptions(options)))
}

/**
 * Makes a version source that a session in a snapshot of this database reads there. Only `readMany` can.
 *
 * @throws {InvalidOptionError} for an option that is missing, unknown or cannot be used.
 */
export function databaseVersionSource<K extends KeyParts = undefined>(
  database: object,
  options: Omit<VersionSourceOptions<K, Promise<Version>>, 'read'>,
): VersionSource<K, Promise<Version>> {
  return asFunction(new SharedSource({ ...readSourceOptions(options), database }))
}

function asFunction<K extends KeyParts, V extends MaybeAsyncVersion>(source: SharedSource): VersionSource<K, V> {
  const read = (key: unknown): unknown => after(source.readHere(key), ({ version }) => version)
  return sourceOfParts([{ source, pick: (key) => key }], { name: source.name, read, stats: () => source.stats() })
}

/** Makes a version source of what its key stands for: one source, or several. */
export function sourceOfParts<K extends KeyParts, V extends MaybeAsyncVersion>(
  parts: readonly SourceOfCall[],
  { name, read, stats }: { name: string; read: (key: unknown) => unknown; stats: () => CheckStats },
): VersionSource<K, V> {
  const call = (key: K): V => read(key) as V
  const of = (pick: UserFunction<unknown> = () => undefined) => {
    const version = function (this: unknown, ...args: unknown[]): unknown {
      return read(pick.apply(this, args))
    }
    SOURCES.set(
      version,
      parts.map((part) => ({
        source: part.source,
        pick: function (this: unknown, ...args: unknown[]): unknown {
          return part.pick(pick.apply(this, args))
        },
      })),
    )
    return version
  }
  SOURCES.set(call, parts)
  Object.defineProperty(call, 'name', { value: name })
  return Object.assign(call, { current: call, of, stats }) as unknown as VersionSource<K, V>
}

/** A source, and the key of it by which a call goes. */
export interface SourceOfCall {
  readonly source: SharedSource
  readonly pick: UserFunction<unknown>
}

/** What each version function stands for that is a source: of several, they are in order. */
const SOURCES = new WeakMap<object, readonly SourceOfCall[]>()

/** The sources that a `version` option names; undefined for a function of the user's. */
export function sourcesOf(version: unknown): readonly SourceOfCall[] | undefined {
  if (Array.isArray(version)) return version.flatMap((item) => SOURCES.get(item) as SourceOfCall[])
  return isSource(version) ? SOURCES.get(version as object) : undefined
}

/** Whether versions are known to be promised, before any was asked for. */
export function isAsyncVersion(version: unknown): boolean {
  return types.isAsyncFunction(version) || (sourcesOf(version)?.some(({ source }) => source.isAsync) ?? false)
}

export function isSource(item: unknown): boolean {
  return typeof item === 'function' && SOURCES.has(item)
}
