/**
 * Records as an API gives them, so many that they take this many bytes as JSON.
 *
 * @param {number} bytes
 * @param {number} seed what makes each payload another one
 */
export function payload(bytes, seed) {
  const records = []
  for (let size = 2; ; ) {
    const record = recordOf(seed * 1000 + records.length)
    size += JSON.stringify(record).length + 1
    if (size > bytes) break
    records.push(record)
  }
  const output = { records, note: '' }
  const rest = bytes - JSON.stringify(output).length
  return { ...output, note: 'x'.repeat(Math.max(0, rest)) }
}

/** @param {number} n */
function recordOf(n) {
  return {
    id: n,
    name: `Customer ${n} & Söhne`,
    total: Math.round(n * 17.3) / 100,
    paid: n % 3 === 0,
    at: new Date(1.7e12 + n * 61_000).toISOString(),
    tags: ['north', 'retail', `group-${n % 7}`],
    address:
      n % 5 === 0 ? null : { street: `${n % 90} Long Street`, city: 'Lübeck', zip: String(10_000 + (n % 80_000)) },
  }
}
