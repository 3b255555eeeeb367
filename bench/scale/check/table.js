import { table } from '../../harness/markdown.js'
import { fixed, short } from '../../harness/numbers.js'

/** Where the last check is kept. */
export const CHECKED = new URL('../checked.json', import.meta.url)

/** @typedef {{ calls: number, checks: number, loads: number, operations: number }} Rates per second */
/** @typedef {{ name: string, measured: Rates, simulated: Rates }} Row */

const TITLES = { calls: 'calls', checks: 'checks', loads: 'loads', operations: 'operations of the tier' }

/**
 * Each with what was measured, what was simulated, and how many times the one is the other.
 *
 * @param {Row[]} rows
 */
export function checkTable(rows) {
  const cells = ({ name, measured, simulated }) => [
    name,
    ...Object.keys(TITLES).map((what) => {
      if (measured[what] === 0 && simulated[what] === 0) return '0'
      return `${fixed(measured[what], 1)} / ${fixed(simulated[what], 1)} = ${short(measured[what] / simulated[what])}`
    }),
  ]
  return table(['measured / simulated, per second', ...Object.values(TITLES)], rows.map(cells))
}
