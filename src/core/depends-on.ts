import { currentLoad } from './context.ts'
import { describe, InvalidDependencyError } from './errors.ts'
import type { KeyParts } from './key.ts'
import type { MaybeAsyncVersion } from './options.ts'
import { after } from './thenable.ts'
import { isAsyncVersion, isSource, type VersionSource } from './version-source.ts'

/**
 * Says by hand that what the running load brings depends on a version: for a loader that reads where nothing can be seen
 * of it, through an emitter, a batch or a worker. Call it in the loader itself, and wait for it before you read the data.
 *
 * @returns a promise where the source gives one. Outside of a load it does nothing.
 * @throws {InvalidDependencyError} for what is no version source, or what the source fails with, or rejects with it.
 * @example
 * const order = versionedLruCache(async (id) => {
 *   await dependsOn(orders, id)
 *   return batch.load(id) // runs in whatever context the batch was opened
 * })
 */
export function dependsOn<K extends KeyParts, V extends MaybeAsyncVersion>(
  source: VersionSource<K, V>,
  ...key: undefined extends K ? [key?: K] : [key: K]
): V extends PromiseLike<unknown> ? Promise<void> : void
export function dependsOn(source: unknown, key?: unknown): unknown {
  if (!isSource(source) || typeof (source as { current?: unknown }).current !== 'function') {
    throw new InvalidDependencyError(
      `A load was to depend on ${describe(source)}: give a version source, see versionSource, and its key.`,
    )
  }
  if (currentLoad() === undefined) return isAsyncVersion(source) ? Promise.resolve() : undefined
  const version = (source as VersionSource<KeyParts, MaybeAsyncVersion>).current(key as KeyParts)
  return after(version as unknown, () => undefined)
}
