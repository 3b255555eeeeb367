/**
 * How often each key is called, of all calls: Zipf's law.
 *
 * @param {import('./settings.js').Settings} settings
 * @returns {Float64Array} of the sum 1, the most popular first
 */
export function popularity({ keys, skew }) {
  const weights = Float64Array.from({ length: keys }, (_, index) => (index + 1) ** -skew)
  const total = weights.reduce((sum, weight) => sum + weight)
  return weights.map((weight) => weight / total)
}

/**
 * Draws keys, each with its share.
 *
 * @param {Float64Array} shares
 * @param {() => number} random
 * @returns {() => number}
 */
export function keysBy(shares, random) {
  let sum = 0
  const sums = shares.map((share) => (sum += share))
  return () => firstAbove(sums, random() * sum)
}

/** In an ascending list, whose last is greater than the bound. */
function firstAbove(sums, bound) {
  let [low, high] = [0, sums.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sums[middle] > bound) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Waiting times of what happens at random, so often per second.
 *
 * @param {number} rate
 * @param {() => number} random
 * @returns {number} milliseconds until it happens next
 */
export function pauseOf(rate, random) {
  return (-Math.log(1 - random()) / rate) * 1000
}
