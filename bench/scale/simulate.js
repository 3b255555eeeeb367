import { randomStream } from '../consistency/schedule.js'
import { Data } from './data.js'
import { keysBy, pauseOf, popularity } from './popularity.js'
import { Process } from './process.js'
import { SharedTier } from './shared-tier.js'
import { Timeline } from './timeline.js'

/**
 * @typedef {object} Counts
 * @property {number} calls of a session with a key that it has not called with before
 * @property {number} checks runs of the version function, or batches
 * @property {number} checkedKeys
 * @property {number} hits of an LRU
 * @property {number} loads
 * @property {number} operations of the tier
 * @property {number} stale calls that go by a version older than the one when they asked
 */

/** @returns {Counts} */
const nothing = () => ({
  calls: 0,
  checks: 0,
  checkedKeys: 0,
  hits: 0,
  loads: 0,
  operations: 0,
  stale: 0,
})

/**
 * Plays what happens, request by request, from a cold start; the same seed gives the same numbers.
 *
 * @param {import('./settings.js').Settings} settings
 * @param {{ seconds: number, warmUp: number, seed?: string | number }} run seconds, of which the warm-up is not counted
 * @returns {Counts} per second
 */
export function simulate(settings, { seconds, warmUp, seed = 1 }) {
  const timeline = new Timeline()
  const counts = nothing()
  const data = new Data()
  const tier = settings.tier ? new SharedTier(timeline, settings, counts) : undefined
  const world = { timeline, data, tier, settings, counts }
  const shares = popularity(settings)
  for (let number = 0; number < settings.processes; number++) {
    const pick = keysBy(shares, randomStream('keys', seed, number))
    const process = new Process(world, randomStream('looks', seed, number))
    repeat(timeline, settings.requests, randomStream('requests', seed, number), () => {
      process.request([...new Set(Array.from({ length: settings.calls }, pick))])
    })
  }
  const pick = keysBy(shares, randomStream('written', seed))
  repeat(timeline, settings.writes, randomStream('writes', seed), () =>
    data.write(settings.coarse ? 0 : pick(), timeline.now),
  )
  timeline.run(warmUp * 1000)
  Object.assign(counts, nothing())
  timeline.run((warmUp + seconds) * 1000)
  return perSecond(counts, seconds)
}

/**
 * Again and again at random, so often per second.
 *
 * @param {Timeline} timeline
 * @param {number} rate
 * @param {() => number} random
 * @param {() => void} action
 */
function repeat(timeline, rate, random, action) {
  const next = () => {
    action()
    timeline.after(pauseOf(rate, random), next)
  }
  if (rate > 0) timeline.after(pauseOf(rate, random), next)
}

/**
 * @param {Counts} counts
 * @param {number} seconds
 */
function perSecond(counts, seconds) {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / seconds]))
}
