import { OURS } from './case.js'
import { table } from './markdown.js'
import { fixed, short } from './numbers.js'
import { failureList } from './tables.js'
import { medianOf } from './targets.js'

/** The name of the results of all Node versions. */
export const NODES = 'node-versions'

/** @typedef {import('./case.js').Case} Case */
/** @typedef {import('./results.js').Result} Result */

/**
 * Whether what holds on one version of Node holds on the others.
 *
 * @param {Case[]} cases
 * @param {Result} result
 */
export function nodesSection(cases, { rows, rounds }) {
  const measured = cases.filter(({ name }) => rows.some((row) => row.case === name))
  const tables = measured.map((benchCase) => {
    const [{ title }] = Object.values(benchCase.metrics)
    return `### ${benchCase.title}: ${title}\n\n${nodesTable(
      benchCase,
      rows.filter((row) => row.case === benchCase.name),
    )}`
  })
  const about = `The first metric of some cases on several versions of Node, all in turn. Rounds: ${rounds}.`
  const failures = failureList(rows)
  return ['## Node versions', about, ...tables, ...(failures === '' ? [] : ['### Failed rounds', failures])].join(
    '\n\n',
  )
}

/**
 * @param {Case} benchCase
 * @param {import('./results.js').RowResult[]} rows of this case
 */
function nodesTable({ metrics }, rows) {
  const [[metric, { digits }]] = Object.entries(metrics)
  const unique = (property) => [...new Set(rows.map((row) => row[property]))]
  const candidates = unique('candidate')
  const others = candidates.filter((candidate) => candidate !== OURS)
  const lines = unique('variant').flatMap((variant) =>
    unique('node').map((node) => {
      const here = rows.filter((row) => row.node === node)
      const value = (candidate) => medianOf(here, variant, candidate, metric) ?? Number.NaN
      const values = candidates.map((candidate) => (value(candidate) ? fixed(value(candidate), digits) : '–'))
      return [variant, node, ...values, ...others.map((other) => short(value(OURS) / value(other)))]
    }),
  )
  return table(['', 'Node', ...candidates, ...others.map((other) => `ours / ${other}`)], lines, 'l'.padEnd(9, 'r'))
}
