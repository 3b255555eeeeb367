import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, InvalidOptionError } from '../core/errors.ts'
import { versionSource } from '../core/version-source.ts'
import { commitOf } from '../sources/git-commit.ts'

/** What tells one build from another: exactly one of these. */
export type BuildIdOptions =
  /** An identifier that the deployment gives, such as a variable of the environment. Undefined and '' are refused. */
  | { readonly value: string | undefined }
  /** The commit of the git working tree in which that directory is. */
  | { readonly commit: string }
  /**
   * The content of these files and directories. `node_modules`, and names that begin with a dot, are left out of
   * directories: give the lock file for what is installed.
   */
  | { readonly files: string | readonly string[] }

const WANTED = '{ value: process.env.COMMIT }, { commit: "." } or { files: ["dist", "package-lock.json"] }'

/**
 * Makes a version that each build has to itself, so that a deployment outdates everything. It is read at once, and stays
 * for as long as the process: all processes of one build have the same.
 *
 * @throws {InvalidOptionError} when there is nothing that tells the build; what the file system fails with passes through.
 * @example
 * const build = buildId({ value: process.env.COMMIT })
 * const page = versionedLruCache(render, { version: composite({ name: 'page', sources: [pages, build] }) })
 */
export function buildId(options: BuildIdOptions): () => string {
  const id = readId(options)
  return versionSource<undefined, string>({ name: 'build', read: () => id }).of()
}

function readId(options: unknown): string {
  const [[kind, given], ...others] = entriesOf(options)
  if (others.length > 0 || !['value', 'commit', 'files'].includes(kind)) {
    throw new InvalidOptionError(
      `The options are those of ${[kind, ...others.map(([name]) => name)].join(', ')}: give ${WANTED}.`,
    )
  }
  if (kind === 'files') return `files ${contentOf(given)}`
  if (typeof given === 'string' && given !== '') return kind === 'value' ? `value ${given}` : commitOf(resolve(given))
  throw new InvalidOptionError(
    `The option "${kind}" is ${describe(given)}, which is the same in every build: give a string that is not empty, or ` +
      `another of ${WANTED}.`,
  )
}

function entriesOf(options: unknown): [[string, unknown], ...[string, unknown][]] {
  const entries = typeof options === 'object' && options !== null ? Object.entries(options) : []
  const [first, ...others] = entries
  if (first !== undefined) return [first, ...others]
  throw new InvalidOptionError(`The options are ${describe(options)}, which tells no build: give ${WANTED}.`)
}

/** Goes by names and content alone: times and places differ from machine to machine. */
function contentOf(files: unknown): string {
  const paths: unknown[] = Array.isArray(files) ? files : [files]
  const strange = paths.findIndex((path) => typeof path !== 'string' || path === '')
  if (strange !== -1) {
    throw new InvalidOptionError(
      `A path in "files" is ${describe(paths[strange])}: give the path of a file or directory.`,
    )
  }
  const parts = (paths as string[]).map((path) =>
    statSync(path).isDirectory() ? contentOfDirectory(path) : hash(readFileSync(path)),
  )
  if (parts.flat().length > 0) return hash(JSON.stringify(parts))
  throw new InvalidOptionError(`There are no files in ${JSON.stringify(files)}, which tells no build: give ${WANTED}.`)
}

/** In it a link is told by where it leads. */
function contentOfDirectory(directory: string, inside = ''): string[] {
  const names = readdirSync(join(directory, inside)).filter((name) => name !== 'node_modules' && !name.startsWith('.'))
  return names.sort().flatMap((name) => {
    const path = `${inside}/${name}`
    const file = join(directory, path)
    const found = lstatSync(file)
    if (found.isDirectory()) return contentOfDirectory(directory, path)
    return [path, found.isSymbolicLink() ? `to ${readlinkSync(file)}` : hash(readFileSync(file))]
  })
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url')
}
