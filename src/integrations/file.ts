import { posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'
import { type VersionSource, versionSource } from '../core/version-source.ts'
import { type Filter, type Selection, versionOfAll, versionOfPath } from '../sources/file-tree.ts'

/** The options of a version source that reads files. */
export interface FileVersionOptions {
  /**
   * What people know the source by. It goes into the tags of conditional requests, so it should not change.
   *
   * @default 'files'
   */
  name?: string | undefined
  /**
   * Says what of a directory counts, by its path from that directory, with `/` between the names. A directory that
   * is left out is not read.
   *
   * @default everything counts
   * @example (path) => path !== 'node_modules'
   */
  filter?: Filter | undefined
  /**
   * Says which files of a directory count, by their path from it as in `filter`, however deep in it: a pattern for the
   * runtime's `path.matchesGlob`, or a function. All directories are read, unless `filter` leaves them out.
   *
   * @default all files count
   * @example '**\/*.md'
   * @see https://nodejs.org/api/path.html#pathmatchesglobpath-pattern
   */
  glob?: string | Filter | undefined
  /**
   * How long a check may take, in milliseconds, before its waiters fail with `ERR_VERSION_TIMEOUT`.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/**
 * Makes the version of a file, of a directory with all that is in it, or of several of them, whatever a call's
 * arguments are. A relative path is resolved at once.
 *
 * @throws {InvalidOptionError} for a path that is none, and an option that is unknown or cannot be used.
 * @example
 * const settings = versionedLruCache(readSettings, { version: fileVersion('settings.json') })
 */
export function fileVersion(
  path: string | URL | readonly (string | URL)[],
  options?: FileVersionOptions,
): () => Promise<string> {
  const paths: unknown[] = Array.isArray(path) ? [...path] : [path]
  if (paths.length === 0) throw new InvalidOptionError('The list of paths is empty: give at least one path.')
  const resolved = paths.map(toPath)
  return makeSource<undefined>(options, (_key, selection) => versionOfAll(resolved, selection)).of()
}

/**
 * Makes a version source whose key is a path: by itself the call's first argument, or what `of` makes of the call.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used; from a call, for a path that is none.
 * @example
 * const files = fileVersions()
 * const page = versionedLruCache(render, { version: files.of((name) => join(root, name)) })
 */
export function fileVersions(options?: FileVersionOptions): VersionSource<string, Promise<string>> {
  return makeSource<string>(options, async (path, selection) => versionOfPath(toPath(path), selection))
}

function makeSource<K extends string | undefined>(
  options: FileVersionOptions = {},
  read: (key: K, selection: Selection) => Promise<string>,
): VersionSource<K, Promise<string>> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { filter }.`)
  }
  const { name = 'files', filter = () => true, glob = () => true, timeout, ...others } = options
  refuseOthers(others, '"name", "filter", "glob", "timeout"')
  if (typeof filter !== 'function') {
    throw new InvalidOptionError(`The option "filter" is ${describe(filter)}: give a function of a path.`)
  }
  const selection = { filter, glob: toFilter(glob) }
  return versionSource<K, Promise<string>>({ name, timeout, read: async (key) => read(key, selection) })
}

function toFilter(glob: unknown): Filter {
  if (typeof glob === 'function') return glob as Filter
  if (typeof glob === 'string' && glob !== '') return (path) => posix.matchesGlob(path, glob)
  throw new InvalidOptionError(`The option "glob" is ${describe(glob)}: give a pattern, or a function of a path.`)
}

function toPath(path: unknown): string {
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path)
  const came = path instanceof URL ? `the URL ${path.href}` : describe(path)
  throw new InvalidOptionError(`The path is ${came}: give the path of a file or a directory, or a file: URL.`)
}
