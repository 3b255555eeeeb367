import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { versionOf } from './environment.js'

const RESULTS = new URL('../results/', import.meta.url)

/**
 * @typedef {object} RowResult what was measured for one row
 * @property {string} [case] where a file has several
 * @property {string} [node] where a file has several
 * @property {string} variant
 * @property {string} candidate
 * @property {string} version of its package
 * @property {string} how it was configured when it was measured
 * @property {Record<string, number[]>} metrics the value of each round
 * @property {string[]} [failures] what became of the rounds without values
 */

/** @typedef {import('./environment.js').Environment & { flags: string[], rounds: number, rows: RowResult[] }} Result */

/**
 * @param {import('./measure.js').Measured} measured
 * @returns {Promise<RowResult>}
 */
export async function rowResult({ job: { benchCase, variant, candidate }, rounds, failures }) {
  const { how, package: name } = benchCase.candidates.find(({ name }) => name === candidate)
  const valuesOf = (metric) => rounds.map((metrics) => Number(metrics[metric].toPrecision(6)))
  const metrics = Object.fromEntries(Object.keys(benchCase.metrics).map((metric) => [metric, valuesOf(metric)]))
  const row = { variant, candidate, version: await versionOf(name), how, metrics }
  return failures.length === 0 ? row : { ...row, failures }
}

/**
 * @param {string} name of the case
 * @param {Result} result
 */
export async function saveResult(name, result) {
  await mkdir(RESULTS, { recursive: true })
  await writeFile(new URL(`${name}.json`, RESULTS), toJson(result))
}

/** @returns {Promise<Map<string, Result>>} what there is, by case */
export async function readResults() {
  const files = (await readdir(RESULTS).catch(() => [])).filter((file) => file.endsWith('.json')).sort()
  const read = async (file) => JSON.parse(await readFile(new URL(file, RESULTS), 'utf8'))
  return new Map(await Promise.all(files.map(async (file) => [file.slice(0, -'.json'.length), await read(file)])))
}

/**
 * With a list of numbers on one line, so that a row is a few lines to read, and not a page.
 *
 * @param {Result} result
 */
export function toJson(result) {
  const lists = /\[\s+([-\d.e,\s]+?)\s+\]/g
  return `${JSON.stringify(result, null, 2).replace(lists, (_, numbers) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`
}
