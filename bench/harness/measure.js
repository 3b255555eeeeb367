import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { progressOf } from './progress.js'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))
/** No row takes nearly as long; one that does hangs. */
const TIMEOUT = 10 * 60_000

/** @typedef {import('./case.js').Metrics} Metrics */

/**
 * @typedef {object} Job one row, to be measured on one Node
 * @property {import('./case.js').Case} benchCase
 * @property {string} variant
 * @property {string} candidate
 * @property {string} node the binary
 * @property {string} [label] of the Node, where there are several
 */

/** @typedef {{ job: Job, rounds: Metrics[], failures: string[] }} Measured */

/**
 * Every job once, then every job once more: what slows the machine down for a while slows down all candidates.
 *
 * @template T
 * @param {readonly T[]} jobs
 * @param {number} rounds
 * @returns {{ job: T, round: number }[]}
 */
export function interleave(jobs, rounds) {
  return Array.from({ length: rounds }, (_, index) => jobs.map((job) => ({ job, round: index + 1 }))).flat()
}

/**
 * Measures all jobs, each round of each in a process of its own. One that fails is reported and not repeated.
 *
 * @param {readonly Job[]} jobs
 * @param {number} rounds
 * @returns {Promise<Measured[]>} in the order of the jobs
 */
export async function measureAll(jobs, rounds) {
  const measured = new Map(jobs.map((job) => [job, { job, rounds: [], failures: [] }]))
  const steps = interleave(jobs, rounds)
  const progress = progressOf(steps, rounds)
  for (const { job, round } of steps) {
    progress.begin(job, round)
    const { metrics, failure } = await measureOnce(job)
    if (metrics === undefined) measured.get(job).failures.push(failure)
    else measured.get(job).rounds.push(metrics)
    progress.end(job, metrics ?? failure)
  }
  return [...measured.values()]
}

/**
 * @param {Job} job
 * @returns {Promise<{ metrics?: Metrics, failure?: string }>}
 */
function measureOnce({ benchCase, variant, candidate, node }) {
  const args = [...(benchCase.flags ?? []), CHILD, benchCase.name, variant, candidate]
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: TIMEOUT, killSignal: 'SIGKILL' })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ failure: error.message }))
    child.on('close', (code, signal) => {
      resolve(code === 0 ? metricsIn(output, benchCase) : { failure: `ended with ${signal ?? `exit code ${code}`}` })
    })
  })
}

/**
 * @param {string} output
 * @param {import('./case.js').Case} benchCase
 */
export function metricsIn(output, { metrics }) {
  const line = output.trimEnd().split('\n').at(-1) // a peer may have said something before
  try {
    const given = JSON.parse(line)
    const missing = Object.keys(metrics).filter((metric) => typeof given[metric] !== 'number')
    return missing.length === 0 ? { metrics: given } : { failure: `gave no number for ${missing.join(', ')}` }
  } catch {
    return { failure: `gave ${line === '' ? 'nothing' : `"${line}"`} instead of a line of JSON` }
  }
}
