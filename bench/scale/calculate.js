import { popularity } from './popularity.js'

/**
 * @typedef {object} Rates of all processes together, per second
 * @property {number} calls of a session with a key that it has not called with before
 * @property {number} checks runs of the version function, or batches
 * @property {number} checkedKeys
 * @property {number} loads
 * @property {number} operations of the tier
 * @property {number} stale calls that go by a version older than the one when they asked
 */

/**
 * What `simulate` would count in the long run, by formulas, key by key: for systems too large to be played. Requests and
 * writes come at random, independent of each other. That a key is evicted when it was not called for some time, which is
 * the same for all keys, is Che's approximation of an LRU (IEEE JSAC 20.7, 2002).
 *
 * @param {import('./settings.js').Settings} settings
 * @returns {Rates}
 */
export function calculate(settings) {
  const shares = popularity(settings)
  const called = shares.map((share) => settings.requests * (1 - (1 - share) ** settings.calls))
  const kept = keptFor(called, settings.max)
  const rates = { calls: 0, loads: 0, operations: 0, stale: 0, ...checksOf(settings, shares, called) }
  for (const [index, calls] of called.entries()) {
    const writes = settings.writes * shares[index]
    const key = { calls, writes, kept, ttl: settings.ttl / 1000 }
    const { loads, operations } = settings.tier ? withTier(key, settings) : withoutTier(key, settings)
    rates.calls += settings.processes * calls
    rates.loads += loads
    rates.operations += operations
    rates.stale += settings.processes * calls * (1 - Math.exp((-writes * settings.lag) / 1000))
  }
  return rates
}

/**
 * @typedef {object} Key
 * @property {number} calls per second and process
 * @property {number} writes per second
 * @property {number} kept for so many seconds since it was called the last time
 * @property {number} ttl in seconds
 */

/**
 * For how long a key that nobody calls stays in a full LRU: after that time, `max` other keys have been called.
 *
 * @param {Float64Array} called per second
 * @param {number} max
 */
function keptFor(called, max) {
  if (max >= called.length) return Number.POSITIVE_INFINITY
  const calledWithin = (time) => called.reduce((sum, rate) => sum - Math.expm1(-rate * time), 0)
  let [low, high] = [0, 1]
  while (calledWithin(high) < max) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (calledWithin(middle) < max) low = middle
    else high = middle
  }
  return high
}

/** How long a version is good on average: until it is written, or the TTL is over. */
function lifetime({ writes, ttl }) {
  return writes === 0 ? ttl : -Math.expm1(-writes * ttl) / writes
}

/**
 * Each process loads for itself: when the version has moved or expired, or the key was not called for too long.
 *
 * @param {Key} key
 * @param {import('./settings.js').Settings} settings
 */
function withoutTier(key, { processes }) {
  const { calls, kept } = key
  const ends = 1 / lifetime(key)
  const hits = (calls / (calls + ends)) * -Math.expm1(-(calls + ends) * kept)
  return { loads: processes * calls * (1 - hits), operations: 0 }
}

/**
 * One process loads what all use until it is over; it begins with the first call of any process.
 *
 * @param {Key} key
 * @param {import('./settings.js').Settings} settings
 */
function withTier(key, settings) {
  const { processes } = settings
  const loads = 1 / (lifetime(key) + 1 / (processes * key.calls))
  const reads = loads * processes * missesOfVersion(key)
  const waiting = loads * (processes - 1) * waitsOfLoad(key, settings)
  return { loads, operations: reads + loads * 2 + waiting }
}

/**
 * How often one process misses a key while a version is good: at its first call, and whenever it was evicted since. At
 * the time t, calls that miss have a rate of c·exp(-c·min(t, kept)); the version is still good with exp(-writes·t).
 *
 * @param {Key} key
 */
function missesOfVersion({ calls, writes, kept, ttl }) {
  const first = Math.min(kept, ttl)
  const both = calls + writes
  const untilFirst = (calls / both) * -Math.expm1(-both * first)
  if (kept >= ttl) return untilFirst
  const rest = writes === 0 ? ttl - kept : (Math.exp(-writes * kept) - Math.exp(-writes * ttl)) / writes
  return untilFirst + calls * Math.exp(-calls * kept) * rest
}

/**
 * Operations of a process that waits while another one loads: a try for the lease, and then polls, each with another try.
 *
 * @param {Key} key
 * @param {import('./settings.js').Settings} settings
 */
function waitsOfLoad({ calls }, { load, operation, poll }) {
  const busy = load + 2 * operation
  let sum = 0
  const STEPS = 50
  for (let step = 0; step < STEPS; step++) {
    const at = ((step + 0.5) / STEPS) * busy
    const arrives = (calls / 1000) * Math.exp((-calls / 1000) * at) * (busy / STEPS)
    sum += arrives * (1 + 2 * Math.ceil((busy - at) / (poll + 2 * operation)))
  }
  return sum
}

/**
 * @param {import('./settings.js').Settings} settings
 * @param {Float64Array} shares
 * @param {Float64Array} called per second and process
 */
function checksOf({ processes, requests, calls, checks, check }, shares, called) {
  const each = called.reduce((sum, rate) => sum + rate, 0)
  if (checks === 'alone') return { checks: processes * each, checkedKeys: processes * each }
  if (checks === 'shared') {
    const shared = processes * called.reduce((sum, rate) => sum + sharedChecks(rate, check), 0)
    return { checks: shared, checkedKeys: shared }
  }
  const batches = sharedChecks(requests, check)
  const drawn = (calls * requests) / batches
  const keys = shares.reduce((sum, share) => sum + 1 - (1 - share) ** drawn, 0)
  return { checks: processes * batches, checkedKeys: processes * batches * keys }
}

/**
 * Of so many sessions per second, who share checks of which one runs and one waits. In a check of d seconds nobody asks
 * with the probability exp(-r·d); so checks follow each other exp(r·d) times until one ends that nobody waits for, and
 * then it takes 1 / r until the next session.
 *
 * @param {number} rate r
 * @param {number} check milliseconds
 */
export function sharedChecks(rate, check) {
  const asked = (rate * check) / 1000
  return rate / (Math.exp(-asked) + asked)
}
