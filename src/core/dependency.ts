import { InvalidDependencyError } from './errors.ts'
import type { SeenVersion } from './pin.ts'
import type { Settings } from './settings.ts'

/** A call whose version something is to depend on, such as the `ETag` of an answer. Nothing has been asked yet. */
export interface Dependency {
  /**
   * Pins the version for the calling session, by one check at the most: a call in this session goes by it too. Nothing
   * is loaded.
   *
   * @throws what the version function fails with, or rejects with it; then nothing is pinned.
   */
  pinVersion(): SeenVersion | Promise<SeenVersion>
  /** The function's `ttl` in milliseconds; undefined where that is a function of the output. */
  readonly ttl: number | undefined
}

/** @throws {InvalidDependencyError} when there is no version to depend on. */
export function dependencyOn(
  name: string,
  { version, ttl }: Settings,
  pinVersion: Dependency['pinVersion'],
): Dependency {
  if (version !== undefined) return { pinVersion, ttl: typeof ttl === 'number' ? ttl : undefined }
  throw new InvalidDependencyError(
    `Nothing can depend on the version of ${name}, which has none: give it a "version" function.`,
  )
}
