import { KNOWN, NEW } from './traffic.js'

const WARM_UP = 5
const BATCHES = 15

/**
 * The median time of a call. New keys are made as they are asked for, as by a server that reads them off its
 * requests, and that is part of the time. Nothing is collected by force between batches: V8 would forget some of
 * what it has learnt, and those who make many short-lived objects would pay for it.
 *
 * @param {(load: import('./memos.js').Ask) => import('./memos.js').Ask} make
 * @param {Int16Array} picks
 */
export function nanosecondsPerCall(make, picks) {
  const misses = picks.filter((pick) => pick === NEW).length
  let loads = 0
  const runBatch = batchOf(
    make(() => ({ n: ++loads })),
    picks,
  )
  const times = []
  for (let batch = 0; batch < WARM_UP + BATCHES; batch++) {
    const before = loads
    const began = performance.now()
    runBatch()
    const time = performance.now() - began
    if (batch < WARM_UP) continue
    if (loads - before !== misses) throw new Error(`It loaded ${loads - before} times where ${misses} keys were new.`)
    times.push(time)
  }
  return (times.sort((one, other) => one - other)[BATCHES >> 1] / picks.length) * 1e6
}

/** What every call adds to, so that none can be left out. */
const consumed = { sum: 0 }

/**
 * @param {import('./memos.js').Ask} ask
 * @param {Int16Array} picks
 */
function batchOf(ask, picks) {
  const known = Array.from({ length: KNOWN }, (_, index) => `known${index}`)
  let fresh = 0
  return () => {
    for (const pick of picks) {
      const key = pick === NEW ? `new${++fresh}` : known[pick]
      consumed.sum = (consumed.sum + ask(key).n) | 0
    }
  }
}
