import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../nodes', import.meta.url))

/** @typedef {{ node: string, label: string }} Node a binary and its version */

/**
 * This Node, and those that `bench/nodes` pins, without its own major version.
 *
 * @returns {Node[]} the oldest first
 */
export function installNodes() {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('The Node versions in bench/nodes could not be installed.')
  const { dependencies } = JSON.parse(readFileSync(`${FOLDER}/package.json`, 'utf8'))
  const others = Object.keys(dependencies).map((name) => withVersion(`${FOLDER}/node_modules/${name}/bin/node`))
  const here = { node: process.execPath, label: process.version }
  return [here, ...others.filter(({ label }) => major(label) !== major(here.label))].sort(
    (one, other) => major(one.label) - major(other.label),
  )
}

/** @param {string} node */
function withVersion(node) {
  return { node, label: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim() }
}

/** @param {string} version */
function major(version) {
  return Number.parseInt(version.slice(1), 10)
}
