import { createHash, randomUUID } from 'node:crypto'
import { type BigIntStats, createReadStream } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, InvalidOptionError } from '../core/errors.ts'
import { type VersionSource, versionSource } from '../core/version-source.ts'

/** Says what of a directory counts, by its path from there. */
type Filter = (path: string) => boolean

/**
 * Nanoseconds for which a file is too young to be told by its times: another write in the same tick of the file
 * system's clock would leave them as they are. The coarsest clock, that of FAT, ticks every two seconds.
 */
const YOUNG = 2_000_000_000n

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
  return makeSource<undefined>(options, (_key, filter) => versionOfAll(resolved, filter)).of()
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
  return makeSource<string>(options, async (path, filter) => versionOfPath(toPath(path), filter))
}

function makeSource<K extends string | undefined>(
  options: FileVersionOptions = {},
  read: (key: K, filter: Filter) => Promise<string>,
): VersionSource<K, Promise<string>> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(`The options are ${describe(options)}: give an object such as { filter }.`)
  }
  const { name = 'files', filter = () => true, timeout, ...others } = options
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new InvalidOptionError(`There is no option "${unknown}". The options are "name", "filter", "timeout".`)
  }
  if (typeof filter !== 'function') {
    throw new InvalidOptionError(`The option "filter" is ${describe(filter)}: give a function of a path.`)
  }
  return versionSource<K, Promise<string>>({ name, timeout, read: async (key) => read(key, filter) })
}

/** Their order counts: a list is one thing. */
async function versionOfAll(paths: readonly string[], filter: Filter): Promise<string> {
  const versions: string[] = []
  for (const path of paths) versions.push(await versionOfPath(path, filter))
  if (versions.length === 1) return versions[0] as string
  return `list ${digest(versions)}`
}

function toPath(path: unknown): string {
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path)
  const came = path instanceof URL ? `the URL ${path.href}` : describe(path)
  throw new InvalidOptionError(`The path is ${came}: give the path of a file or a directory, or a file: URL.`)
}

async function versionOfPath(path: string, filter: Filter): Promise<string> {
  return (await versionIfThere(path, '', filter)) ?? versionOfNothing(path)
}

/** @param inside the path from the directory that is read; empty for that itself. */
function versionIfThere(path: string, inside: string, filter: Filter): Promise<string | undefined> {
  const read = async () => {
    const now = nanosecondsNow() // first, so that what is old by then is old when it is looked at
    const own = await lstat(path, { bigint: true })
    if (!own.isSymbolicLink()) return versionOfReal(path, own, now, inside, filter)
    const reached = await unlessMissing(versionOfTarget(path, now, inside, filter))
    const version = `link ${stamp(own)} ${reached}`
    return reached === undefined || isYoung(own, now) ? once(version) : version
  }
  return unlessMissing(read())
}

/** In a directory, a link to another directory is not followed: it may lead back. */
async function versionOfTarget(path: string, now: bigint, inside: string, filter: Filter): Promise<string> {
  const target = await stat(path, { bigint: true })
  if (inside !== '' && target.isDirectory()) return `to directory ${[target.dev, target.ino].join(':')}`
  return versionOfReal(path, target, now, inside, filter)
}

/** Of what is no link: what is young is told by its content as well. */
async function versionOfReal(
  path: string,
  found: BigIntStats,
  now: bigint,
  inside: string,
  filter: Filter,
): Promise<string> {
  if (found.isDirectory()) return `directory ${stamp(found)} ${await contentOfDirectory(path, inside, filter)}`
  if (!found.isFile()) {
    throw new InvalidOptionError(
      `${path} is neither a file nor a directory, and nothing tells when it changes: leave it out, by "filter" if it ` +
        'is in a directory.',
    )
  }
  return isYoung(found, now) ? `file ${stamp(found)} ${await contentOfFile(path)}` : `file ${stamp(found)}`
}

/** The names that are in it, and the version of each. What vanishes while this runs is as good as never seen. */
async function contentOfDirectory(path: string, inside: string, filter: Filter): Promise<string> {
  const names = await readdir(path)
  const entries: string[] = []
  for (const name of names.sort()) {
    const within = inside === '' ? name : `${inside}/${name}`
    if (!filter(within)) continue
    const version = await versionIfThere(join(path, name), within, filter)
    if (version !== undefined) entries.push(name, version)
  }
  return digest(entries)
}

async function contentOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('base64url')
}

/**
 * A file that is missing, was there, and is missing again would have its old version back, and an output that was made
 * in between would stay for ever. So it goes by the directory in which it would appear: that one changes.
 */
async function versionOfNothing(path: string): Promise<string> {
  const parent = dirname(path)
  const now = nanosecondsNow()
  const found = await unlessMissing(stat(parent, { bigint: true }))
  if (found === undefined) return versionOfNothing(parent)
  const version = `nothing in ${stamp(found)}`
  return isYoung(found, now) ? once(version) : version
}

/** What tells a file from any other, and a state of it from those that were before. */
function stamp({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** A time to come, of another machine's clock or of one that was set back, is young as well. */
function isYoung({ mtimeNs, ctimeNs }: BigIntStats, now: bigint): boolean {
  return now - mtimeNs < YOUNG || now - ctimeNs < YOUNG
}

function nanosecondsNow(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

/** A version like no other: what it is of, cannot be told apart yet. */
function once(version: string): string {
  return `${version} ${randomUUID()}`
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
