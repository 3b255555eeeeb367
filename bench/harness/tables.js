import { OURS } from './case.js'
import { table } from './markdown.js'
import { fixed, short } from './numbers.js'
import { summarise } from './statistics.js'
import { isMet, medianOf, reached } from './targets.js'

/** @typedef {import('./case.js').Case} Case */
/** @typedef {import('./results.js').Result} Result */
/** @typedef {import('./results.js').RowResult} RowResult */

/**
 * All targets, met or not.
 *
 * @param {{ benchCase: Case, result?: Result }[]} measured
 */
export function targetsTable(measured) {
  const rows = measured.flatMap(({ benchCase, result }) =>
    benchCase.targets.map((target) => targetRow(benchCase, target, result?.rows ?? [])),
  )
  return table(['case', 'what', 'wanted', 'measured', 'reached'], rows, 'llrrl')
}

/**
 * @param {Case} benchCase
 * @param {import('./case.js').Target} target
 * @param {RowResult[]} rows
 */
function targetRow({ name, metrics }, target, rows) {
  const { metric, variant, toVariant = variant, of, to, atMost, atLeast, note } = target
  const place = toVariant === variant ? variant : `${variant} / ${toVariant}`
  const what = `${metrics[metric].title}, ${place}: ${to === undefined ? of : `${of} / ${to}`}`
  const wanted = [atLeast === undefined ? [] : `≥ ${atLeast}`, atMost === undefined ? [] : `≤ ${atMost}`].flat()
  const value = reached(target, rows)
  const verdict = value === undefined ? 'not measured' : isMet(target, value) ? 'yes' : '**no**'
  const shown = value === undefined ? '–' : to === undefined ? fixed(value, metrics[metric].digits) : short(value)
  return [name, note === undefined ? what : `${what} (${note})`, wanted.join(', '), shown, verdict]
}

/**
 * What was measured in one variant; each metric with its spread, and how many times ours it is.
 *
 * @param {Case} benchCase
 * @param {string} variant
 * @param {RowResult[]} rows all of the case
 */
export function variantTable({ metrics }, variant, rows) {
  const columns = Object.entries(metrics).flatMap(([name, metric]) => {
    const ours = medianOf(rows, variant, OURS, name)
    const values = { heading: metric.title, cell: (row) => withSpread(row.metrics[name], metric) }
    if (ours === undefined || roundsToZero(ours, metric)) return [values] // nothing to compare with
    return [values, { heading: '× ours', cell: (row) => timesOurs(row.metrics[name], ours) }]
  })
  const lines = rows
    .filter((row) => row.variant === variant)
    .map((row) => [titleOf(row), ...columns.map(({ cell }) => cell(row))])
  return table(['', ...columns.map(({ heading }) => heading)], lines)
}

/**
 * How each candidate was configured.
 *
 * @param {RowResult[]} rows
 */
export function setupTable(rows) {
  const setups = new Map(rows.map((row) => [titleOf(row), row.how]))
  return table(['', 'how it was asked'], [...setups], 'll')
}

/**
 * What did not give a number, and why.
 *
 * @param {RowResult[]} rows
 */
export function failureList(rows) {
  return rows
    .flatMap(({ case: name, node, variant, candidate, failures = [] }) => {
      const place = [name, node, variant].filter((part) => part !== undefined).join(', ')
      return failures.map((failure) => `- ${place}: ${candidate} ${failure}`)
    })
    .join('\n')
}

/** @param {RowResult} row */
export function titleOf({ candidate, version }) {
  return version === '' ? candidate : `${candidate} ${version}`
}

/**
 * @param {number[]} values
 * @param {import('./case.js').Metric} metric
 */
function withSpread(values, { digits }) {
  const summary = summarise(values)
  if (summary === undefined) return 'failed'
  const [middle, low, high] = [summary.median, summary.low, summary.high].map((number) => fixed(number, digits))
  return low === high ? middle : `${middle} (${low}–${high})`
}

/**
 * @param {number} number
 * @param {import('./case.js').Metric} metric
 */
function roundsToZero(number, { digits }) {
  return Math.abs(number) < 0.5 / 10 ** digits
}

/**
 * @param {number[]} values
 * @param {number} ours
 */
function timesOurs(values, ours) {
  const summary = summarise(values)
  return summary === undefined ? '–' : short(summary.median / ours)
}
