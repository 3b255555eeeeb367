import { median } from './statistics.js'

/** @typedef {import('./case.js').Target} Target */
/** @typedef {import('./results.js').RowResult} RowResult */

/**
 * @param {Target} target
 * @param {RowResult[]} rows
 * @returns {number | undefined} nothing when it was not measured
 */
export function reached({ metric, variant, toVariant = variant, of, to }, rows) {
  const value = medianOf(rows, variant, of, metric)
  if (to === undefined || value === undefined) return value
  const base = medianOf(rows, toVariant, to, metric)
  return base === undefined ? undefined : value / base
}

/**
 * @param {Target} target
 * @param {number} value
 */
export function isMet({ atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }, value) {
  return value <= atMost && value >= atLeast
}

/**
 * @param {RowResult[]} rows
 * @param {string} variant
 * @param {string} candidate
 * @param {string} metric
 * @returns {number | undefined}
 */
export function medianOf(rows, variant, candidate, metric) {
  const values = rows.find((row) => row.variant === variant && row.candidate === candidate)?.metrics[metric] ?? []
  return values.length === 0 ? undefined : median(values)
}
