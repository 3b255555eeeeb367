import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomStream } from '../../consistency/schedule.js'
import { optimumHits } from './optimum.js'
import { library, policies } from './policies.js'
import { traces, zipf } from './traces.js'

/** One letter is one request; gives an `H` or a `.` for each. */
function outcomes(cache, letters) {
  return [...letters].map((letter) => (cache.request(letter.charCodeAt(0)) ? 'H' : '.')).join('')
}

/** Traces that are small enough to try everything. */
function tinyTraces(count) {
  const random = randomStream('tiny traces')
  const below = (bound) => Math.floor(random() * bound)
  return Array.from({ length: count }, () => {
    const keys = 2 + below(5)
    return { capacity: 1 + below(4), trace: Array.from({ length: 1 + below(11) }, () => below(keys)) }
  })
}

/** The most hits that any choice of evictions gives. */
function bestOfAll(trace, capacity, kept = []) {
  if (trace.length === 0) return 0
  const [key, ...rest] = trace
  if (kept.includes(key)) return 1 + bestOfAll(rest, capacity, kept)
  if (kept.length < capacity) return bestOfAll(rest, capacity, [...kept, key])
  return Math.max(...kept.map((_, index) => bestOfAll(rest, capacity, kept.with(index, key))))
}

/** SIEVE told once more: a list from the oldest to the newest, and the hand is a place in it. */
function sieveInAList(trace, capacity) {
  const list = []
  let [hand, hits] = [0, 0]
  for (const key of trace) {
    const found = list.find((entry) => entry.key === key)
    if (found) {
      found.visited = true
      hits++
      continue
    }
    if (list.length === capacity) {
      for (; list[hand].visited; hand = (hand + 1) % capacity) list[hand].visited = false
      list.splice(hand, 1)
      if (hand === list.length) hand = 0 // it does not wait there for whoever comes next
    }
    list.push({ key, visited: false })
  }
  return hits
}

test('SIEVE by hand', () => {
  // d: the hand spares a and takes b. b: it goes on from there and takes c, then d, b and e; a is behind it.
  assert.equal(outcomes(library({ max: 3, eviction: 'sieve' }), 'abcadabecfa'), '...H.H....H')
  // c: both are marked, so the hand comes round to a. a: it spares b and takes c, the newest. c: it begins anew with b.
  assert.equal(outcomes(library({ max: 2, eviction: 'sieve' }), 'ababcbaca'), '..HH.H..H')
})

test('SIEVE is what a plain list makes of it', () => {
  for (const { trace, capacity } of tinyTraces(2000)) {
    assert.equal(policies.SIEVE.hits(trace, capacity), sieveInAList(trace, capacity), `${trace} in ${capacity}`)
  }
  const long = traces['Zipf(1.0) and scans'](20_000, 100)
  assert.equal(policies.SIEVE.hits(long, 100), sieveInAList(long, 100))
})

test('the textbook example: 15, 12 and 9 faults of 20', () => {
  const trace = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1]
  assert.equal(policies.FIFO.hits(trace, 3), 5)
  assert.equal(policies['versioned-lru-cache'].hits(trace, 3), 8)
  assert.equal(policies.optimum.hits(trace, 3), 11)
})

test('the optimum is the best of all choices', () => {
  for (const { trace, capacity } of tinyTraces(2000)) {
    assert.equal(optimumHits(trace, capacity), bestOfAll(trace, capacity), `${trace} in ${capacity}`)
  }
})

test('nobody beats the optimum', () => {
  for (const [name, make] of Object.entries(traces)) {
    const trace = make(20_000, 100)
    for (const { hits } of Object.values(policies)) assert.ok(hits(trace, 100) <= optimumHits(trace, 100), name)
  }
})

test('in a loop LRU finds nothing, and the optimum all but what does not fit', () => {
  const trace = traces['a loop over 1.1 × capacity'](110 * 1000, 100)
  assert.equal(policies['versioned-lru-cache'].hits(trace, 100), 0)
  const share = optimumHits(trace, 100) / trace.length
  assert.ok(Math.abs(share - 99 / 109) < 0.002, `${share}`) // of 109 others, 99 stay: the newest one always has a place
})

test('the same trace every time, by its law', () => {
  const [one, other] = [zipf(1), zipf(1)]
  const picks = Array.from({ length: 100_000 }, () => one())
  assert.deepEqual(
    picks.slice(0, 1000),
    Array.from({ length: 1000 }, () => other()),
  )
  const share = (rank) => picks.filter((key) => key === rank - 1).length / picks.length
  const total = Array.from({ length: 10_000 }, (_, index) => 1 / (index + 1)).reduce((sum, weight) => sum + weight)
  for (const rank of [1, 2, 10]) assert.ok(Math.abs(share(rank) - 1 / rank / total) < 0.003, `${rank}`)
})
