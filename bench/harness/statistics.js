/**
 * @param {readonly number[]} numbers at least one
 * @returns {number}
 */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @typedef {{ median: number, low: number, high: number }} Summary */

/**
 * @param {readonly number[]} numbers
 * @returns {Summary | undefined} nothing of nothing
 */
export function summarise(numbers) {
  if (numbers.length === 0) return undefined
  return { median: median(numbers), low: Math.min(...numbers), high: Math.max(...numbers) }
}
