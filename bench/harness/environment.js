import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import { OURS } from './case.js'

/** Where and when something was measured: without it a number says nothing. */
export function environment() {
  return {
    date: new Date().toISOString().slice(0, 10),
    command: ['node bench/run.js', ...process.argv.slice(2)].join(' '),
    commit: commit(),
    node: process.version,
    machine: `${cpus()[0].model}, ${availableParallelism()} cores, ${gigabytes(totalmem())} GB, ${platform()} ${arch()}`,
  }
}

/** @typedef {ReturnType<typeof environment>} Environment */

/** Of the library, `+` after it if its files have changed since. Empty where there is no git. */
function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname, stdio: 'pipe' })
    return `${git('rev-parse', '--short', 'HEAD').trim()}${git('status', '--porcelain', '../../src') === '' ? '' : '+'}`
  } catch {
    return ''
  }
}

/** @param {number} bytes */
function gigabytes(bytes) {
  return Math.round(bytes / 2 ** 30)
}

/**
 * @param {string | undefined} name of the package
 * @returns {Promise<string>} the version that is installed; empty for what is no package
 */
export async function versionOf(name) {
  if (name === undefined) return ''
  const folder = name === OURS ? '../..' : `../node_modules/${name}`
  return JSON.parse(await readFile(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version
}
