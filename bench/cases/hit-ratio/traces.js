import { randomStream } from '../../consistency/schedule.js'

const KEYS = 10_000
const SCAN_EVERY = 10_000
const SCAN = 2_000

/**
 * Which keys are asked for, in order, by the number of requests and the capacity of the cache. The keys of a scan or
 * a loop begin where those of Zipf's law end.
 *
 * @type {Record<string, (requests: number, capacity: number) => Uint32Array>}
 */
export const traces = {
  'Zipf(0.8)': (requests) => trace(requests, zipf(0.8)),
  'Zipf(1.0)': (requests) => trace(requests, zipf(1.0)),
  'Zipf(1.2)': (requests) => trace(requests, zipf(1.2)),
  'Zipf(1.0) and scans': (requests) => trace(requests, scansBetween(zipf(1.0))),
  'Zipf(1.0) by age, a new key after every 10 requests': (requests) => trace(requests, byAge(zipf(1.0), 10)),
  'Zipf(1.0) by age, a new key after every 3 requests': (requests) => trace(requests, byAge(zipf(1.0), 3)),
  'a loop over 1.1 × capacity': (requests, capacity) => trace(requests, loop(1.1 * capacity)),
  'Zipf(1.0) and a loop': (requests, capacity) => trace(requests, inTurn(zipf(1.0), loop(1.1 * capacity))),
}

/** @typedef {() => number} Source gives the next key */

/**
 * @param {number} requests
 * @param {Source} next
 */
function trace(requests, next) {
  return Uint32Array.from({ length: requests }, next)
}

/**
 * Keys at random, the one of rank r with a weight of 1 / r ^ exponent.
 *
 * @param {number} exponent
 * @returns {Source}
 */
export function zipf(exponent, keys = KEYS) {
  const random = randomStream('hit-ratio', exponent)
  const sums = new Float64Array(keys)
  let sum = 0
  for (let rank = 1; rank <= keys; rank++) {
    sum += rank ** -exponent
    sums[rank - 1] = sum
  }
  return () => firstAbove(sums, random() * sum)
}

/**
 * @param {Float64Array} ascending
 * @param {number} bound less than the last of them
 */
function firstAbove(ascending, bound) {
  let [low, high] = [0, ascending.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle] > bound) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * A job that reads what nobody has asked for and nobody will ask for again, after every so many requests.
 *
 * @param {Source} usual
 * @returns {Source}
 */
function scansBetween(usual) {
  let [request, fresh] = [0, KEYS]
  return () => (request++ % (SCAN_EVERY + SCAN) < SCAN_EVERY ? usual() : fresh++)
}

/**
 * News: the newest is asked for the most, until newer ones have come.
 *
 * @param {Source} age
 * @param {number} every after so many requests there is a new one
 * @returns {Source}
 */
function byAge(age, every) {
  let request = 0
  return () => KEYS + Math.floor(request++ / every) - age()
}

/**
 * @param {number} length
 * @returns {Source}
 */
function loop(length) {
  const keys = Math.round(length)
  let request = 0
  return () => KEYS + (request++ % keys)
}

/**
 * @param {...Source} sources
 * @returns {Source}
 */
function inTurn(...sources) {
  let request = 0
  return () => sources[request++ % sources.length]()
}
