import { readdir } from 'node:fs/promises'

/** The row that the others are compared with. */
export const OURS = 'versioned-lru-cache'

/** @typedef {{ title: string, digits: number, better: 'less' | 'more' }} Metric */
/** @typedef {{ name: string, package?: string, how: string }} Candidate */
/** @typedef {{ variant: string, candidate: string }} Row */
/** @typedef {Record<string, number>} Metrics what one measurement gives, by metric */

/**
 * @typedef {object} Target what is to be reached: the median of `of`, divided by that of `to` if there is one
 * @property {string} metric
 * @property {string} variant
 * @property {string} [toVariant] of `to`, if it is another one
 * @property {string} of
 * @property {string} [to]
 * @property {number} [atMost]
 * @property {number} [atLeast]
 * @property {string} [note]
 */

/** @typedef {{ file: string, title: string, metric: string, variant: string, log?: boolean }} Chart */

/**
 * @typedef {object} Case
 * @property {string} name also the file's
 * @property {string} title
 * @property {string} about what is measured, how, and against what
 * @property {string[]} [flags] of node, for the processes that measure
 * @property {number} rounds how often each row is measured
 * @property {Record<string, Metric>} metrics in the order of the columns
 * @property {string[]} variants each of them a table
 * @property {Candidate[]} candidates the rows of these tables
 * @property {(variant: string, candidate: string) => boolean} [has] whether there is such a row
 * @property {(variant: string, candidate: string) => Promise<Metrics>} measure one measurement, warm-up included
 * @property {Target[]} targets
 * @property {Chart[]} [charts]
 * @property {{ variants: string[], candidates: string[] }} [nodes] what is measured on other versions of Node, too
 */

const CASES = new URL('../cases/', import.meta.url)

/** @returns {Promise<string[]>} the names of all cases */
export async function caseNames() {
  const files = await readdir(CASES)
  return files
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort()
}

/**
 * @param {string} name
 * @returns {Promise<Case>}
 */
export async function loadCase(name) {
  const { default: benchCase } = await import(new URL(`${name}.js`, CASES).href)
  const mistakes = mistakesIn(benchCase, name)
  if (mistakes.length > 0) throw new Error(`bench/cases/${name}.js is not right: ${mistakes.join('; ')}.`)
  return benchCase
}

/**
 * @param {Case} benchCase
 * @returns {Row[]}
 */
export function rowsOf({ variants, candidates, has = () => true }) {
  const rows = variants.flatMap((variant) => candidates.map(({ name }) => ({ variant, candidate: name })))
  return rows.filter(({ variant, candidate }) => has(variant, candidate))
}

/**
 * A target or chart of a row that does not exist would never be seen to be missing.
 *
 * @param {Case} benchCase
 * @param {string} name
 */
export function mistakesIn(benchCase, name) {
  const rows = new Set(rowsOf(benchCase).map(({ variant, candidate }) => `${variant}: ${candidate}`))
  const wanted = [...benchCase.targets.flatMap(rowsOfTarget), ...rowsOnNodes(benchCase)]
  const views = [...benchCase.targets, ...(benchCase.charts ?? [])]
  return [
    ...(benchCase.name === name ? [] : [`it calls itself ${benchCase.name}`]),
    ...wanted.filter((row) => !rows.has(row)).map((row) => `there is no row "${row}"`),
    ...views.filter(({ metric }) => !(metric in benchCase.metrics)).map(({ metric }) => `no metric "${metric}"`),
    ...views
      .filter(({ variant }) => !benchCase.variants.includes(variant))
      .map(({ variant }) => `no variant "${variant}"`),
  ]
}

/** @param {Target} target */
function rowsOfTarget({ variant, toVariant = variant, of, to }) {
  return [`${variant}: ${of}`, ...(to === undefined ? [] : [`${toVariant}: ${to}`])]
}

/** @param {Case} benchCase */
function rowsOnNodes({ nodes = { variants: [], candidates: [] } }) {
  return nodes.variants.flatMap((variant) => nodes.candidates.map((candidate) => `${variant}: ${candidate}`))
}
