import { randomStream } from '../../consistency/schedule.js'

/** As many as are picked before they are picked again in the same order; a power of two. */
export const PICKS = 4096

/**
 * Numbers below `count`, the first the most often: the one of rank r with a weight of 1 / r (Zipf's law), the same
 * ones in every process.
 *
 * @param {number} count
 * @returns {number[]}
 */
export function zipfPicks(count) {
  const random = randomStream('zipf', count)
  const weights = Array.from({ length: count }, (_, index) => 1 / (index + 1))
  const total = weights.reduce((sum, weight) => sum + weight)
  return Array.from({ length: PICKS }, () => {
    let rest = random() * total
    const pick = weights.findIndex((weight) => {
      rest -= weight
      return rest < 0
    })
    return pick === -1 ? count - 1 : pick // what rounding left over
  })
}
