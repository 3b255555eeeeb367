import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakesIn, rowsOf } from './case.js'
import { barsOf } from './charts.js'
import { table } from './markdown.js'
import { interleave, metricsIn } from './measure.js'
import { fixed, short } from './numbers.js'
import { clock, restOf } from './progress.js'
import { toJson } from './results.js'
import { median, summarise } from './statistics.js'
import { failureList, setupTable, targetsTable, variantTable } from './tables.js'
import { isMet, reached } from './targets.js'

const OURS = 'versioned-lru-cache'
const NS = { title: 'ns per call', digits: 1, better: 'less' }
const BYTES = { title: 'bytes per call', digits: 0, better: 'less' }

function caseOf(properties) {
  return {
    name: 'some',
    title: 'Some',
    about: 'What it is.',
    rounds: 3,
    metrics: { ns: NS, bytes: BYTES },
    variants: ['one', 'two'],
    candidates: [
      { name: 'floor', how: 'nothing' },
      { name: OURS, how: 'defaults' },
    ],
    measure: async () => ({ ns: 1, bytes: 0 }),
    targets: [],
    ...properties,
  }
}

function row(variant, candidate, ns, bytes = [0]) {
  return { variant, candidate, version: '', how: `${candidate}’s way`, metrics: { ns, bytes } }
}

test('takes the median, of an even number too, and leaves the numbers in their order', () => {
  const numbers = [10, 9, 100]
  assert.equal(median(numbers), 10)
  assert.deepEqual(numbers, [10, 9, 100])
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.deepEqual(summarise([3, 1, 2]), { median: 2, low: 1, high: 3 })
  assert.equal(summarise([]), undefined)
})

test('measures every row once before it measures one twice', () => {
  assert.deepEqual(
    interleave(['a', 'b'], 2).map(({ job, round }) => `${job}${round}`),
    ['a1', 'b1', 'a2', 'b2'],
  )
})

test('leaves out the rows that a case does not have', () => {
  const benchCase = caseOf({ has: (variant, candidate) => variant === 'one' || candidate === OURS })
  assert.deepEqual(
    rowsOf(benchCase).map(({ variant, candidate }) => `${variant} ${candidate}`),
    ['one floor', `one ${OURS}`, `two ${OURS}`],
  )
})

test('says what is wrong with a case', () => {
  assert.deepEqual(mistakesIn(caseOf(), 'some'), [])
  const target = { metric: 'ns', variant: 'one', of: OURS, to: 'floor', atMost: 1 }
  assert.deepEqual(mistakesIn(caseOf({ targets: [target] }), 'some'), [])
  assert.deepEqual(mistakesIn(caseOf({ targets: [{ ...target, to: 'lru' }] }), 'other'), [
    'it calls itself some',
    'there is no row "one: lru"',
  ])
  assert.deepEqual(mistakesIn(caseOf({ charts: [{ metric: 'ms', variant: 'three' }] }), 'some'), [
    'no metric "ms"',
    'no variant "three"',
  ])
  assert.deepEqual(mistakesIn(caseOf({ nodes: { variants: ['one'], candidates: ['lru'] } }), 'some'), [
    'there is no row "one: lru"',
  ])
})

test('reads the last line that a measurement prints, and wants all metrics', () => {
  assert.deepEqual(metricsIn('a peer greets\n{"ns":1,"bytes":0}\n', caseOf()), { metrics: { ns: 1, bytes: 0 } })
  assert.deepEqual(metricsIn('{"ns":1}\n', caseOf()), { failure: 'gave no number for bytes' })
  assert.match(metricsIn('hello\n', caseOf()).failure, /gave "hello" instead/)
  assert.match(metricsIn('', caseOf()).failure, /gave nothing instead/)
})

test('judges a target by the ratio of medians, or by the value alone', () => {
  const rows = [row('one', OURS, [30, 10, 20], [0.002]), row('one', 'floor', [10, 11, 9]), row('two', 'floor', [40])]
  const ratio = { metric: 'ns', variant: 'one', of: OURS, to: 'floor', atMost: 1.3 }
  assert.equal(reached(ratio, rows), 2)
  assert.equal(reached({ ...ratio, toVariant: 'two' }, rows), 0.5)
  assert.equal(reached({ metric: 'bytes', variant: 'one', of: OURS, atMost: 1 }, rows), 0.002)
  assert.equal(reached(ratio, []), undefined)
  assert.equal(reached(ratio, [row('one', OURS, [1]), row('one', 'floor', [])]), undefined)
  assert.deepEqual([isMet(ratio, 1.3), isMet(ratio, 1.31)], [true, false])
  assert.deepEqual([isMet({ atLeast: 0.8 }, 0.8), isMet({ atLeast: 0.8 }, 0.7)], [true, false])
})

test('shows all targets, those that were missed and those that nobody measured', () => {
  const target = { metric: 'ns', variant: 'one', of: OURS, to: 'floor' }
  const bytes = { metric: 'bytes', variant: 'one', of: OURS, atMost: 1, note: 'noise' }
  const benchCase = caseOf({ targets: [{ ...target, atMost: 3 }, { ...target, atMost: 1.3 }, bytes] })
  const result = { rows: [row('one', OURS, [20]), row('one', 'floor', [10])] }
  const lines = targetsTable([{ benchCase, result }, { benchCase }]).split('\n').slice(2)
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()))
  assert.deepEqual(
    cells.map((cell) => cell.slice(3, 6)),
    [
      ['≤ 3', '2', 'yes'],
      ['≤ 1.3', '2', '**no**'],
      ['≤ 1', '0', 'yes'],
      ['≤ 3', '–', 'not measured'],
      ['≤ 1.3', '–', 'not measured'],
      ['≤ 1', '–', 'not measured'],
    ],
  )
  assert.equal(cells[0][2], `ns per call, one: ${OURS} / floor`)
  assert.equal(cells[2][2], `bytes per call, one: ${OURS} (noise)`)
})

test('shows each row with its spread and how many times ours it is', () => {
  const rows = [
    { ...row('one', OURS, [20, 21, 19], [0.3]), version: '1.2.3' },
    row('one', 'floor', [10]),
    { ...row('one', 'lru', [], []), failures: ['ended with exit code 1'] },
    row('two', 'floor', [99]),
  ]
  assert.equal(
    variantTable(caseOf(), 'one', rows),
    [
      '|                           |      ns per call | × ours | bytes per call |',
      '| ------------------------- | ---------------: | -----: | -------------: |',
      '| versioned-lru-cache 1.2.3 | 20.0 (19.0–21.0) |      1 |              0 |',
      '| floor                     |             10.0 |    0.5 |              0 |',
      '| lru                       |           failed |      – |         failed |',
    ].join('\n'),
  )
  assert.equal(failureList(rows), '- one: lru ended with exit code 1')
  assert.equal(setupTable(rows).split('\n').length, 2 + 3)
})

test('draws the best bar first', () => {
  const rows = [row('one', 'slow', [20]), row('one', 'quick', [10.04]), row('one', 'failed', [])]
  assert.deepEqual(barsOf({ metric: 'ns', variant: 'one' }, NS, rows), [
    { candidate: 'quick', value: 10.04, label: '10.0' },
    { candidate: 'slow', value: 20, label: '20.0' },
  ])
  const [{ candidate }] = barsOf({ metric: 'ns', variant: 'one' }, { ...NS, better: 'more' }, rows)
  assert.equal(candidate, 'slow')
})

test('lays out a table, numbers to the right', () => {
  assert.equal(table(['', 'n'], [['a', '1']]), '|     |   n |\n| --- | --: |\n| a   |   1 |')
})

test('writes a list of numbers on one line', () => {
  const text = toJson({ rows: [{ metrics: { ns: [1.5, 2e-7, -3], none: [] } }], flags: ['--a'] })
  assert.match(text, /"ns": \[1\.5, 2e-7, -3\]/)
  assert.deepEqual(JSON.parse(text), { rows: [{ metrics: { ns: [1.5, 2e-7, -3], none: [] } }], flags: ['--a'] })
})

test('shows numbers for people', () => {
  assert.deepEqual([fixed(1234.56, 1), fixed(-0.004, 0), fixed(0.26, 1)], ['1,234.6', '0', '0.3'])
  assert.deepEqual(
    [short(0.0341), short(1.299), short(12.3), short(1234), short(Number.NaN), short(8e-7)],
    ['0.034', '1.3', '12', '1,230', '–', '< 0.001'],
  )
  assert.deepEqual([clock(9_400), clock(75_000), clock(3_725_000)], ['0:09', '1:15', '1:02:05'])
})

test('guesses what is left from what it took before', () => {
  const durations = new Map([
    ['a', 10],
    ['b', 30],
  ])
  assert.equal(restOf([{ job: 'a' }, { job: 'b' }, { job: 'c' }], durations), 10 + 30 + 20)
})
