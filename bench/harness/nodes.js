import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../nodes', import.meta.url))

/** @typedef {{ node: string, label: string }} Node a binary and its version */

/**
 * This Node, and those that `bench/nodes` pins, except for one of the same major version. They come as packages, and
 * are large: they are installed when they are first asked for.
 *
 * @returns {Node[]} the oldest first
 */
export function installNodes() {
  const { dependencies } = JSON.parse(readFileSync(`${FOLDER}/package.json`, 'utf8'))
  const pinned = Object.entries(dependencies).map(([name, specifier]) => ({
    node: `${FOLDER}/node_modules/${name}/bin/node`,
    label: `v${specifier.split('@').at(-1)}`,
  }))
  if (!pinned.every(isInstalled)) spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: [0, 2, 2] })
  const missing = pinned.filter((node) => !isInstalled(node)).map(({ label }) => label)
  if (missing.length > 0) throw new Error(`bench/nodes: ${missing.join(', ')} could not be installed.`)
  const here = { node: process.execPath, label: process.version }
  const nodes = [here, ...pinned.filter(({ label }) => major(label) !== major(here.label))]
  return nodes.sort((one, other) => major(one.label) - major(other.label))
}

/** @param {Node} node */
function isInstalled({ node, label }) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() === label
}

/** @param {string} version */
function major(version) {
  return Number.parseInt(version.slice(1), 10)
}
