import { createHash, randomUUID } from 'node:crypto'
import { type BigIntStats, createReadStream } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InvalidOptionError } from '../core/errors.ts'

/** Says what of a directory counts, by its path from there. */
export type Filter = (path: string) => boolean

/** What of a directory counts: `filter` of all, `glob` of what is no directory. */
export interface Selection {
  readonly filter: Filter
  readonly glob: Filter
}

/**
 * Nanoseconds for which a file is too young to be told by its times: another write in the same tick of the file
 * system's clock would leave them as they are. The coarsest clock, that of FAT, ticks every two seconds.
 */
const YOUNG = 2_000_000_000n

/** Their order counts: a list is one thing. */
export async function versionOfAll(paths: readonly string[], selection: Selection): Promise<string> {
  const versions: string[] = []
  for (const path of paths) versions.push(await versionOfPath(path, selection))
  if (versions.length === 1) return versions[0] as string
  return `list ${digest(versions)}`
}

export async function versionOfPath(path: string, selection: Selection): Promise<string> {
  return (await versionIfThere(path, '', selection)) ?? versionOfNothing(path)
}

/** @param inside the path from the directory that is read; empty for that itself. */
function versionIfThere(path: string, inside: string, selection: Selection): Promise<string | undefined> {
  const read = async () => {
    const now = nanosecondsNow() // first, so that what is old by then is old when it is looked at
    const own = await lstat(path, { bigint: true })
    if (inside !== '' && !own.isDirectory() && !selection.glob(inside)) return undefined
    if (!own.isSymbolicLink()) return versionOfReal(path, own, now, inside, selection)
    const reached = await unlessMissing(versionOfTarget(path, now, inside, selection))
    const version = `link ${stamp(own)} ${reached}`
    return reached === undefined || isYoung(own, now) ? once(version) : version
  }
  return unlessMissing(read())
}

/** In a directory, a link to another directory is not followed: it may lead back. */
async function versionOfTarget(path: string, now: bigint, inside: string, selection: Selection): Promise<string> {
  const target = await stat(path, { bigint: true })
  if (inside !== '' && target.isDirectory()) return `to directory ${[target.dev, target.ino].join(':')}`
  return versionOfReal(path, target, now, inside, selection)
}

/** Of what is no link: what is young is told by its content as well. */
async function versionOfReal(
  path: string,
  found: BigIntStats,
  now: bigint,
  inside: string,
  selection: Selection,
): Promise<string> {
  if (found.isDirectory()) return `directory ${stamp(found)} ${await contentOfDirectory(path, inside, selection)}`
  if (!found.isFile()) {
    throw new InvalidOptionError(
      `${path} is neither a file nor a directory, and nothing tells when it changes: leave it out, by "filter" if it ` +
        'is in a directory.',
    )
  }
  return isYoung(found, now) ? `file ${stamp(found)} ${await contentOfFile(path)}` : `file ${stamp(found)}`
}

/** The names that are in it, and the version of each. What vanishes while this runs is as good as never seen. */
async function contentOfDirectory(path: string, inside: string, selection: Selection): Promise<string> {
  const names = await readdir(path)
  const entries: string[] = []
  for (const name of names.sort()) {
    const within = inside === '' ? name : `${inside}/${name}`
    if (!selection.filter(within)) continue
    const version = await versionIfThere(join(path, name), within, selection)
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
