import { popularity } from './popularity.js'
import { FIRST_LOOK, LAST_LOOK, LOOK_SHARE, RENEWAL } from './settings.js'
import { simulate } from './simulate.js'

/** Writes of a key in the time of a load, from which on they are in each other's way. */
const CONTESTED = 0.1
/** How many seconds are played of a key that is contested. */
const PLAYED = 5

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
    const writes = settings.writes * (settings.coarse ? 1 : shares[index])
    const ttl = (settings.tier ? settings.ttl - settings.clockSkew : settings.ttl) / 1000
    const key = { calls, writes, kept, ttl }
    const { loads, operations } = waysOf(settings, key)(key, settings)
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
 * A key that is written again while it is loaded, as often as not, has several versions under way at a time, of which the
 * tier keeps one: there is no formula for what comes of that.
 *
 * @param {import('./settings.js').Settings} settings
 * @param {Key} key
 */
function waysOf({ tier, load, coarse }, { writes }) {
  if (!tier) return withoutTier
  return !coarse && (writes * load) / 1000 > CONTESTED ? played : withTier
}

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
  const { processes, load } = settings
  const loads = 1 / (lifetime(key) + 1 / (processes * key.calls))
  const later = missesLater(key)
  const reads = loads * (1 + (processes - 1) * missesAtFirst(key) + processes * later)
  const waits = loads * (processes - 1) * waitsOfLoad(key, settings)
  const leasesAndWrites = loads * (2 + Math.floor(load / RENEWAL))
  return { loads, operations: reads + leasesAndWrites + waits }
}

/**
 * The same, played for this one key.
 *
 * @param {Key} key
 * @param {import('./settings.js').Settings} settings
 */
function played({ calls, writes }, settings) {
  const alone = { ...settings, requests: calls, writes, calls: 1, keys: 1, max: 1, checks: 'shared' }
  return simulate(alone, { seconds: PLAYED, warmUp: 1 })
}

/**
 * How often a process that has not loaded a version misses it at first: at the time t since it was loaded, it is called for
 * the first time with a rate of c·exp(-c·t), and the version is still good with exp(-writes·t).
 *
 * @param {Key} key
 */
function missesAtFirst({ calls, writes, kept, ttl }) {
  const until = Math.min(kept, ttl)
  return (calls / (calls + writes)) * -Math.expm1(-(calls + writes) * until)
}

/**
 * And later, when whoever was not called for too long has it no more, or has it not yet: calls come that find it so with a
 * rate of c·exp(-c·kept).
 *
 * @param {Key} key
 */
function missesLater({ calls, writes, kept, ttl }) {
  if (kept >= ttl) return 0
  const rest = writes === 0 ? ttl - kept : (Math.exp(-writes * kept) - Math.exp(-writes * ttl)) / writes
  return calls * Math.exp(-calls * kept) * rest
}

/**
 * Operations of a process that waits while another one loads: it begins to wait at any moment of the load.
 *
 * @param {Key} key
 * @param {import('./settings.js').Settings} settings
 */
function waitsOfLoad({ calls }, settings) {
  const STEPS = 50
  const busy = settings.load + settings.operation
  let sum = 0
  for (let step = 0; step < STEPS; step++) {
    const at = ((step + 0.5) / STEPS) * busy
    const arrive = (calls / 1000) * Math.exp((-calls / 1000) * at) * (busy / STEPS)
    sum += arrive * operationsWithin(busy - at, settings)
  }
  return sum
}

/**
 * It asks for the lease, and then looks, and asks again if it looks in vain: twice as many operations as it looks.
 *
 * @param {number} time until the entry is there
 * @param {import('./settings.js').Settings} settings
 */
function operationsWithin(time, { operation }) {
  let operations = 0
  let pause = FIRST_LOOK
  for (let looked = 0; looked < time; pause = Math.min(2 * pause, LAST_LOOK)) {
    looked += LOOK_SHARE * pause + 2 * operation
    operations += 2
  }
  return operations
}

/**
 * @param {import('./settings.js').Settings} settings
 * @param {Float64Array} shares
 * @param {Float64Array} called per second and process
 */
function checksOf({ processes, requests, calls, checks, check, coarse }, shares, called) {
  if (coarse)
    return checksOf({ processes, requests, calls, checks, check }, Float64Array.of(1), Float64Array.of(requests))
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
