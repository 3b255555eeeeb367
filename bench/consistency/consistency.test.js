import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replaceSection } from '../harness/markdown.js'
import { candidates } from './candidates/index.js'
import neverInvalidated from './candidates/never-invalidated.js'
import noCache from './candidates/no-cache.js'
import validated from './candidates/read-consistently.js'
import ours from './candidates/versioned-lru-cache.js'
import { judge, newTally } from './checker.js'
import { play } from './interleaving.js'
import { randomStream, Schedule } from './schedule.js'
import { FOUR_FUNCTIONS } from './shapes.js'
import { World } from './world.js'

async function tallyOf(candidate, runs, { seed = 'test', turns = 2 } = {}) {
  const tally = newTally()
  for (let run = 0; run < runs; run++) judge(tally, await play(candidate, { seed: `${seed}/${run}`, turns }))
  return tally
}

/** Keeps outputs, and is wrong in one way. */
function wrong(make) {
  return { name: 'wrong', how: 'on purpose', make }
}

test('counts by hand-written histories', () => {
  const schedule = new Schedule(1)
  const world = new World(['a', 'b'], schedule, 'test', () => {})
  for (const [time, key] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'a'],
  ]) {
    schedule.now = time
    world.commit(key)
  }
  const read = (key, version, floor) => ({ key, floor, output: { key, version } })
  const history = (requests, atRest = []) => ({ world, requests, atRest, loads: 2, checks: 1, settled: true, late: 0 })
  const expect = (requests, atRest, counts) => {
    const tally = newTally()
    judge(tally, history(requests, atRest))
    const { stale, behind, changed, mixed, staleAtRest, errors } = tally
    assert.deepEqual({ stale, behind, changed, mixed, staleAtRest, errors }, { ...NOTHING, ...counts })
  }
  const NOTHING = { stale: 0, behind: 0, changed: 0, mixed: 0, staleAtRest: 0, errors: 0 }
  expect([[read('a', 2, 2), read('b', 1, 1), read('a', 2, 2)]], [read('a', 2, 2)], {})
  expect([[read('a', 1, 2)]], [], { stale: 1 })
  expect([[read('a', 1, 1), read('a', 1, 2)]], [], { behind: 1 })
  expect([[read('a', 1, 1), read('a', 2, 1)]], [], { changed: 1 })
  expect([[read('a', 0, 0), read('b', 0, 0)]], [], {})
  expect([[read('a', 1, 1), read('b', 0, 0)]], [], {})
  expect([[read('a', 0, 0), read('b', 1, 0)]], [], { mixed: 1 })
  expect([[read('b', 0, 0), read('a', 2, 0)]], [], { mixed: 1 })
  expect([], [read('a', 1, 2), read('b', 0, 1)], { staleAtRest: 1 })
  expect([[{ ...read('a', 1, 2), asked: 1 }]], [], {})
  expect([[{ ...read('a', 1, 2), asked: 2 }]], [], { stale: 1 })
  expect([[{ key: 'a', floor: 0, error: new Error('no') }, read('a', 0, 0)]], [], { errors: 1 })
  assert.throws(() => judge(newTally(), history([[read('a', 3, 0)]])), /never written/)
})

test('sees a cache that nobody invalidates', async () => {
  const { stale, staleAtRest, changed } = await tallyOf(neverInvalidated, 100)
  assert.ok(stale > 50 && staleAtRest > 50 && changed === 0)
})

test('sees what reading without a cache does: fresh, and changing within a request', async () => {
  const { stale, staleAtRest, behind, changed, mixed, loads, reads } = await tallyOf(noCache, 100)
  assert.deepEqual({ stale, staleAtRest, behind, loads }, { stale: 0, staleAtRest: 0, behind: 0, loads: reads })
  assert.ok(changed > 50 && mixed > 50)
})

test('sees a load that is joined after the write, and one that lands after it', async () => {
  const joins = wrong(({ load }) => {
    const [kept, flights] = [new Map(), new Map()]
    const land = (key, output) => flights.delete(key) && kept.set(key, output) && output
    const fly = (key) =>
      flights
        .set(
          key,
          load(key).then((output) => land(key, output)),
        )
        .get(key)
    return { read: (key) => kept.get(key) ?? flights.get(key) ?? fly(key), invalidate: (key) => kept.delete(key) }
  })
  const { stale, staleAtRest } = await tallyOf(joins, 200)
  assert.ok(stale > 0 && staleAtRest > 0)
})

test('sees a version that is read after the load', async () => {
  const stampsTooLate = wrong(({ load, check }) => {
    const kept = new Map()
    const read = async (key) => {
      if (kept.has(key) && kept.get(key).version === (await check(key))) return kept.get(key).output
      const output = await load(key)
      kept.set(key, { output, version: await check(key) })
      return output
    }
    return { read, invalidate() {} }
  })
  const { stale, staleAtRest } = await tallyOf(stampsTooLate, 200)
  assert.ok(stale > 0 && staleAtRest > 0)
})

test('counts errors, silence and waiting for timers as what they are', async () => {
  const throwing = await tallyOf(
    wrong(() => ({ read: () => Promise.reject(new Error('no')), invalidate() {} })),
    2,
  )
  assert.equal(throwing.errors, throwing.reads)
  const empty = await tallyOf(
    wrong(() => ({ read: () => undefined, invalidate() {} })),
    2,
  )
  assert.equal(empty.errors, empty.reads)
  const silent = await tallyOf(
    wrong(() => ({ read: () => new Promise(() => {}), invalidate() {} })),
    1,
  )
  assert.deepEqual([silent.hangs, silent.firstReads], [1, 0])
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const slow = await tallyOf(
    wrong(({ load }) => ({ read: (key) => later(2).then(() => load(key)), invalidate() {} })),
    2,
  )
  assert.ok(slow.late > 0)
  assert.deepEqual([slow.hangs, slow.stale], [0, 0])
})

test('gives every candidate the same arrivals and the same commits', async () => {
  const fixed = async (candidate) => {
    const lines = []
    const log = (time, text) => / commits /.test(text) && lines.push(`${time} ${text}`)
    for (let run = 0; run < 20; run++) await play(candidate, { seed: `test/${run}`, turns: 2, log })
    return lines
  }
  const expected = await fixed(noCache)
  for (const candidate of candidates) assert.deepEqual(await fixed(candidate), expected, candidate.name)
})

test('gives the same numbers again, and with more turns between two steps', async () => {
  for (const candidate of candidates) {
    const first = await tallyOf(candidate, 100)
    assert.deepEqual(await tallyOf(candidate, 100, { turns: 7 }), first, candidate.name)
    assert.equal(first.late, 0, candidate.name)
  }
  assert.notDeepEqual(await tallyOf(noCache, 100, { seed: 'another' }), await tallyOf(noCache, 100))
})

test('finds nothing stale and nothing changed in versioned-lru-cache', async () => {
  const { stale, staleAtRest, changed, errors, hangs } = await tallyOf(ours, 500)
  assert.deepEqual(
    { stale, staleAtRest, changed, errors, hangs },
    { stale: 0, staleAtRest: 0, changed: 0, errors: 0, hangs: 0 },
  )
})

test('finds two states in requests that only pin, and none in those that read consistently', async () => {
  const pinned = await tallyOf(ours, 300)
  assert.ok(pinned.mixed > 50 && pinned.restarts === 0)
  const { stale, changed, mixed, errors, hangs, restarts, givenUp, readBoth } = await tallyOf(validated, 300)
  assert.deepEqual({ stale, changed, mixed, errors, hangs }, { stale: 0, changed: 0, mixed: 0, errors: 0, hangs: 0 })
  assert.ok(restarts > 100 && givenUp < 10 && readBoth > 500)
})

test('judges a request that begins anew by what it has read in the end, and one that is given up by nothing', async () => {
  const requestIs = (request) => wrong(({ load }) => ({ read: load, invalidate() {}, request }))
  const twice = await tallyOf(
    requestIs(async (work) => {
      await work()
      await work()
    }),
    10,
  )
  assert.equal(twice.restarts, twice.requests)
  assert.equal(twice.loads, 2 * twice.reads)
  const never = await tallyOf(
    requestIs(async (work) => {
      await work()
      throw Object.assign(new Error('moved'), { code: 'ERR_READ_CONFLICT' })
    }),
    10,
  )
  assert.deepEqual([never.givenUp, never.reads, never.errors], [never.requests, 0, 0])
})

test('judges what is made of others by its parts', async () => {
  const made = (partsOf) => ({
    ...wrong(({ load }) => {
      const parts = partsOf(load)
      const both = async () => [await parts.a(), await parts.b()]
      const page = async () => [...(await both()), await parts.b()]
      const reads = { ...parts, both, page }
      return { read: (name) => reads[name](), invalidate() {} }
    }),
    shape: FOUR_FUNCTIONS,
  })
  const fresh = await tallyOf(
    made((load) => ({ a: () => load('a'), b: () => load('b') })),
    50,
  )
  assert.ok(fresh.stale === 0 && fresh.mixed > 50 && fresh.changed > 50)
  const kept = (load, key, promise) => () => (promise ??= load(key))
  const old = await tallyOf(
    made((load) => ({ a: kept(load, 'a'), b: () => load('b') })),
    50,
  )
  assert.ok(old.stale > 0 && old.staleAtRest > 0)
  const short = await tallyOf(
    made((load) => ({ a: () => load('a'), b: () => undefined })),
    2,
  )
  assert.ok(short.errors > 0)
})

test('lets nobody go on while something takes real time', async () => {
  const schedule = new Schedule(2)
  const steps = []
  const real = async () => {
    await schedule.pauseFor(1)
    steps.push('asks')
    await schedule.during(new Promise((resolve) => setTimeout(resolve, 20)))
    steps.push('is answered')
  }
  const other = async () => {
    await schedule.pauseFor(2)
    steps.push('other')
  }
  assert.equal(await schedule.settle([real(), other()]), true)
  assert.deepEqual([steps, schedule.late], [['asks', 'is answered', 'other'], 0])
})

test('draws evenly, and other numbers for other names', () => {
  const random = randomStream('test', 1)
  const drawn = Array.from({ length: 10_000 }, random)
  assert.ok(drawn.every((number) => number >= 0 && number < 1))
  assert.ok(Math.abs(drawn.reduce((sum, number) => sum + number) / drawn.length - 0.5) < 0.02)
  const firsts = new Set(Array.from({ length: 1000 }, (_, name) => randomStream('test', name)()))
  assert.ok(firsts.size > 990)
})

test('replaces its section of the page and nothing else', () => {
  const [begin, end] = ['<!-- consistency: written by bench/consistency/run.js -->', '<!-- /consistency -->']
  const page = (section) => `x\n${begin}\n\n${section}\n\n${end}\ny`
  assert.equal(replaceSection(page('old'), 'consistency', 'new'), page('new'))
  assert.throws(() => replaceSection('no markers', 'consistency', 'new'), /lost its markers/)
})
