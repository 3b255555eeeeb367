/** @typedef {import('./measure.js').Job} Job */

/**
 * Tells on stderr what is being measured, what came of it, and how long it will go on.
 *
 * @param {{ job: Job, round: number }[]} steps
 * @param {number} rounds
 */
export function progressOf(steps, rounds) {
  const began = performance.now()
  /** @type {Map<Job, number>} how long each job took the last time */
  const durations = new Map()
  let done = 0
  let stepBegan = began
  return {
    /**
     * @param {Job} job
     * @param {number} round
     */
    begin({ benchCase, variant, candidate, label }, round) {
      stepBegan = performance.now()
      const what = [benchCase.name, label, variant, candidate].filter((part) => part !== undefined).join(' · ')
      process.stderr.write(`${done + 1}/${steps.length} round ${round} of ${rounds} · ${what} … `)
    },
    /**
     * @param {Job} job
     * @param {import('./case.js').Metrics | string} outcome
     */
    end(job, outcome) {
      done++
      durations.set(job, performance.now() - stepBegan)
      const rest = done < steps.length ? `, about ${clock(restOf(steps.slice(done), durations))} left` : ''
      process.stderr.write(`${show(outcome, job.benchCase)} (${clock(performance.now() - began)}${rest})\n`)
    },
  }
}

/**
 * What is left takes as long as it took before, and what is new takes as long as the others on average.
 *
 * @param {{ job: Job }[]} steps
 * @param {Map<Job, number>} durations
 */
export function restOf(steps, durations) {
  const average = [...durations.values()].reduce((sum, duration) => sum + duration, 0) / durations.size
  return steps.reduce((sum, { job }) => sum + (durations.get(job) ?? average), 0)
}

/** @param {number} milliseconds */
export function clock(milliseconds) {
  const seconds = Math.round(milliseconds / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const parts = hours > 0 ? [hours, String(minutes).padStart(2, '0')] : [minutes]
  return [...parts, String(seconds % 60).padStart(2, '0')].join(':')
}

/**
 * @param {import('./case.js').Metrics | string} outcome
 * @param {import('./case.js').Case} benchCase
 */
function show(outcome, { metrics }) {
  if (typeof outcome === 'string') return `FAILED: ${outcome}`
  return Object.entries(metrics)
    .map(([metric, { digits }]) => `${metric} ${outcome[metric].toFixed(digits)}`)
    .join(', ')
}
