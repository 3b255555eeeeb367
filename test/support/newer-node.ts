import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '24.21.0'

/** Whether this Node has `node:sqlite` without a flag, with all that is used of it, and runs better-sqlite3 as npm brings it. */
export const HAS_SQLITE = Number.parseInt(process.versions.node, 10) >= 24

/** The npm package of its executable. */
const PACKAGE = `node-${process.platform}-${process.arch}`

/**
 * The executable of a Node that has them, as npm brings it. No dependency, since npm would put its `node` on the path of
 * each script of ours: it is brought when the first test asks, and kept until `npm ci`.
 */
export async function newerNode(): Promise<string> {
  if (HAS_SQLITE) return process.execPath
  const folder = resolve('node_modules/.node', VERSION)
  if (!existsSync(folder)) bringing ??= bring(folder)
  await bringing
  return join(folder, 'node_modules', PACKAGE, 'bin/node')
}

let bringing: Promise<void> | undefined

/** Other test files may be bringing it as well: whoever is ready first puts it in its place, and in one step. */
async function bring(folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true })
  const own = mkdtempSync(`${folder}-`)
  const options = ['--prefix', own, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent']
  await promisify(execFile)('npm', ['install', ...options, `${PACKAGE}@${VERSION}`])
  try {
    renameSync(own, folder)
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

/** The Node that runs a page's code: this one, unless it uses what only a newer one has. */
export function nodeFor(code: string): Promise<string> | string {
  return /from '(node:sqlite|better-sqlite3)'/.test(code) ? newerNode() : process.execPath
}
