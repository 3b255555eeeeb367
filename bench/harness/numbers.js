/**
 * @param {number} number
 * @param {number} digits after the point
 */
export function fixed(number, digits) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return (Math.abs(number) < 0.5 / 10 ** digits ? 0 : number).toLocaleString('en-US', options) // no "-0"
}

/**
 * Two digits that count, more before the point if there are more: 0.034, 0.91, 1.3, 12, 340.
 * What is as good as nothing is not told apart.
 *
 * @param {number} number a ratio
 */
export function short(number) {
  if (!Number.isFinite(number)) return '–'
  if (number < 0.001) return '< 0.001'
  return number.toLocaleString('en-US', { maximumSignificantDigits: number < 100 ? 2 : 3 })
}
