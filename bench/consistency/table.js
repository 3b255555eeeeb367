/** @typedef {import('./checker.js').Tally} Tally */
/** @typedef {import('./interleaving.js').Candidate} Candidate */
/** @typedef {{ candidate: Candidate, version: string, tally: Tally }} Result */

/** @typedef {[heading: string, cell: (tally: Tally, candidate: Candidate) => string]} Column */

/** @type {Column[]} */
const FAULT_COLUMNS = [
  ['stale reads', (tally) => perMillion(tally.stale, tally.firstReads)],
  ['stale at rest', (tally) => perMillion(tally.staleAtRest, tally.runs)],
  ['changed', (tally) => perMillion(tally.changed, tally.rereads)],
  ['mixed', (tally) => perMillion(tally.mixed, tally.readBoth)],
  ['behind', (tally) => perMillion(tally.behind, tally.rereads)],
  ['loads per read', (tally) => ratio(tally.loads, tally.reads)],
]

/** @type {Column[]} */
const OTHER_COLUMNS = [
  ['restarts per request', ({ restarts, requests }, who) => (who.restarts ? ratio(restarts, requests) : '–')],
  ['given up', ({ givenUp, requests }, who) => (who.restarts ? perMillion(givenUp, requests) : '–')],
  ['errors', (tally) => whole(tally.errors)],
  ['hangs', (tally) => whole(tally.hangs)],
]

/** The faults that `--trace` can show. */
const FAULTS = /** @type {const} */ (['stale', 'staleAtRest', 'changed', 'mixed', 'behind', 'errors', 'hangs'])

/** Where a check is not told apart from what else is asked: all statements but those of loads. */
export const STATEMENTS = 'other statements per read'

/**
 * @param {Result[]} results
 * @param {string} [checks] what is counted as a check
 * @returns {string} the table of rates, in Markdown
 */
export function ratesTable(results, checks = 'checks per read') {
  /** @type {Column[]} */
  const columns = [...FAULT_COLUMNS, [checks, (tally) => ratio(tally.checks, tally.reads)], ...OTHER_COLUMNS]
  const rows = results.map((result) => [
    title(result),
    ...columns.map(([, cell]) => cell(result.tally, result.candidate)),
  ])
  return markdownTable(['', ...columns.map(([heading]) => heading)], rows)
}

/**
 * @param {Result[]} results
 * @returns {string} how each candidate was set up, and invalidated
 */
export function setupTable(results) {
  return markdownTable(
    ['', 'asked and invalidated with'],
    results.map((result) => [title(result), result.candidate.how]),
    ['left', 'left'],
  )
}

/**
 * @param {Result[]} results
 * @returns {string} the first run in which each candidate showed each fault
 */
export function firstSeenTable(results) {
  const seen = FAULTS.filter((fault) => results.some(({ tally }) => fault in tally.firstSeen))
  const headings = { staleAtRest: 'stale at rest' }
  return markdownTable(
    ['', ...seen.map((fault) => headings[fault] ?? fault)],
    results.map((result) => [title(result), ...seen.map((fault) => String(result.tally.firstSeen[fault] ?? '–'))]),
  )
}

/** @param {Result} result */
function title({ candidate, version }) {
  return version === '' ? candidate.name : `${candidate.name} ${version}`
}

/**
 * @param {number} count
 * @param {number} total
 */
function perMillion(count, total) {
  return total === 0 ? '–' : whole(Math.round((count / total) * 1_000_000))
}

/**
 * @param {number} count
 * @param {number} total
 */
function ratio(count, total) {
  return total === 0 ? '–' : (count / total).toFixed(2)
}

/** @param {number} number */
export function whole(number) {
  return number.toLocaleString('en-US')
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {('left' | 'right')[]} sides
 */
function markdownTable(head, rows, sides = head.map((_, column) => (column === 0 ? 'left' : 'right'))) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)))
  const pad = (text, column) => (sides[column] === 'left' ? text.padEnd(widths[column]) : text.padStart(widths[column]))
  const line = (cells) => `| ${cells.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) =>
    sides[column] === 'left' ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}
