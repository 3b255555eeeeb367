import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { InvalidOptionError } from '../core/errors.ts'

/**
 * The commit that is checked out, read from git's own files.
 *
 * @see https://git-scm.com/docs/gitrepository-layout
 * @throws {InvalidOptionError} where there is none that can be read.
 */
export function commitOf(directory: string): string {
  const folder = gitFolderOf(directory)
  const head = readIfThere(join(folder, 'HEAD')) ?? ''
  const commit = head.startsWith('ref: ') ? commitOfRef(folder, head.slice(5).trim()) : head.trim()
  if (commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit)) return `commit ${commit}`
  throw new InvalidOptionError(`${folder} has no commit that can be read: ${ELSE}.`)
}

const ELSE = 'give its hash as { value }, or what is built as { files }'

/** In a working tree of `git worktree`, and in a submodule, `.git` is a file that says where the folder is. */
function gitFolderOf(directory: string): string {
  const git = join(directory, '.git')
  const found = statSync(git, { throwIfNoEntry: false })
  if (found?.isDirectory()) return git
  if (found !== undefined) return resolve(directory, readFileSync(git, 'utf8').replace('gitdir: ', '').trim())
  const parent = dirname(directory)
  if (parent !== directory) return gitFolderOf(parent)
  throw new InvalidOptionError(`There is no ".git" where "commit" says, nor above it: ${ELSE}.`)
}

/** Branches are kept in the folder that all working trees share, each in a file or all in one that is packed. */
function commitOfRef(folder: string, ref: string): string | undefined {
  const shared = resolve(folder, readIfThere(join(folder, 'commondir'))?.trim() ?? '.')
  const loose = readIfThere(join(shared, ref))
  if (loose !== undefined) return loose.trim()
  const lines = readIfThere(join(shared, 'packed-refs'))?.split('\n') ?? []
  return lines.find((line) => line.endsWith(` ${ref}`))?.split(' ')[0]
}

function readIfThere(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : undefined
}
