/**
 * @param {readonly number[]} numbers
 * @param {number} share 0.99 for what 99 of 100 do not exceed
 * @returns {number}
 */
export function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort()
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}
