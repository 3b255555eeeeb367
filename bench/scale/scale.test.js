import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomStream } from '../consistency/schedule.js'
import { calculate, sharedChecks } from './calculate.js'
import { CHECKS } from './checks.js'
import { Data } from './data.js'
import { keysBy, popularity } from './popularity.js'
import { USUAL } from './settings.js'
import { simulate } from './simulate.js'
import { Timeline } from './timeline.js'

const SMALL = { ...USUAL, processes: 8, keys: 100, max: 100 }
const RUN = { seconds: 60, warmUp: 10 }

test('what comes first happens first, and at one moment what was planned first', () => {
  const timeline = new Timeline()
  const happened = []
  for (const delay of [5, 1, 9, 3, 1, 7, 2]) timeline.after(delay, () => happened.push([delay, timeline.now]))
  timeline.after(3, () => timeline.after(1, () => happened.push(['later', timeline.now])))
  timeline.run(7)
  const wanted = [1, 1, 2, 3].map((delay) => [delay, delay])
  assert.deepEqual(happened, [...wanted, ['later', 4], [5, 5], [7, 7]])
  assert.equal(timeline.now, 7)
})

test('keys are called by Zipf’s law', () => {
  const shares = popularity({ keys: 100, skew: 1 })
  assert.ok(Math.abs(shares[0] / shares[9] - 10) < 1e-9)
  const pick = keysBy(shares, randomStream('test'))
  const counts = new Float64Array(100)
  for (let turn = 0; turn < 1e6; turn++) counts[pick()]++
  for (const key of [0, 1, 9]) assert.ok(Math.abs(counts[key] / 1e6 / shares[key] - 1) < 0.05)
})

test('a version is how often the key had been written by then', () => {
  const data = new Data()
  for (const at of [10, 20, 30]) data.write(7, at)
  assert.deepEqual(
    [9, 10, 25, 40].map((at) => data.version(7, at)),
    [0, 1, 2, 3],
  )
  assert.equal(data.version(8, 40), 0)
})

/** Who asks at which moment, which check answers them, and how many there are. */
function checksOf(kind, asks) {
  const timeline = new Timeline()
  const counts = { checks: 0, checkedKeys: 0 }
  const checks = new CHECKS[kind]({ timeline, data: new Data(), settings: { check: 10, lag: 0 }, counts })
  const answers = []
  for (const [at, keys] of asks) {
    timeline.after(at, () => checks.ask(keys, (key, { readAt }) => answers.push([at, key, readAt, timeline.now])))
  }
  timeline.run(1000)
  return { answers, ...counts }
}

test('of a key one check runs and one waits, for all who have asked meanwhile', () => {
  const { answers, checks } = checksOf('shared', [
    [0, [1]],
    [3, [1]],
    [4, [2]],
    [9, [1]],
    [11, [1]],
  ])
  assert.deepEqual(answers, [
    [0, 1, 0, 10],
    [4, 2, 4, 14],
    [3, 1, 10, 20],
    [9, 1, 10, 20],
    [11, 1, 20, 30],
  ])
  assert.equal(checks, 4)
})

test('one batch runs and one gathers, for all keys', () => {
  const { answers, checks, checkedKeys } = checksOf('batched', [
    [0, [1, 2]],
    [3, [1]],
    [4, [3]],
    [25, [1]],
  ])
  assert.deepEqual(answers, [
    [0, 1, 0, 10],
    [0, 2, 0, 10],
    [3, 1, 10, 20],
    [4, 3, 10, 20],
    [25, 1, 25, 35],
  ])
  assert.deepEqual([checks, checkedKeys], [3, 5])
})

test('the same seed gives the same numbers, and another one others', () => {
  const run = { seconds: 2, warmUp: 1 }
  assert.deepEqual(simulate(SMALL, run), simulate(SMALL, run))
  assert.notDeepEqual(simulate(SMALL, run), simulate(SMALL, { ...run, seed: 2 }))
})

test('no call goes by a version that is older than when it asked, unless a replica gives it', () => {
  for (const checks of ['alone', 'shared', 'batched']) {
    assert.equal(simulate({ ...SMALL, checks, writes: 100 }, { seconds: 5, warmUp: 0 }).stale, 0)
  }
  assert.ok(simulate({ ...SMALL, writes: 100, lag: 50 }, { seconds: 5, warmUp: 0 }).stale > 100)
})

test('with a tier one process loads, and without it each', () => {
  const once = { ...SMALL, keys: 1, max: 1, writes: 0 }
  const run = { seconds: 10, warmUp: 0 }
  const loads = (settings) => Math.round(10 * simulate(settings, run).loads)
  assert.equal(loads(once), 1)
  assert.equal(loads({ ...once, tier: false }), 8)
})

test('what expires is loaded again: in the tier a clock skew earlier', () => {
  const expiring = { ...SMALL, keys: 1, max: 1, writes: 0, ttl: 2000 }
  const loads = (settings) => simulate({ ...expiring, ...settings }, { seconds: 40, warmUp: 10 }).loads
  assert.ok(Math.abs(loads({ tier: false }) / (8 / 2) - 1) < 0.05)
  assert.ok(Math.abs(loads({ clockSkew: 1000 }) - 1) < 0.15)
  assert.ok(Math.abs(loads({ clockSkew: 0 }) - 1 / 2) < 0.05)
})

test('a key that is written again while it is loaded is loaded more often than it is written', () => {
  const contested = { ...SMALL, processes: 50, keys: 1, max: 1, calls: 1, requests: 50, writes: 16 }
  assert.ok(simulate(contested, { seconds: 5, warmUp: 1 }).loads > 2 * contested.writes)
})

test('sessions that hardly meet share nothing, and those that never stop follow check upon check', () => {
  assert.ok(Math.abs(sharedChecks(1, 1) - 1) < 0.01)
  assert.ok(Math.abs(sharedChecks(100_000, 10) - 100) < 0.1)
})

const SYSTEMS = {
  'a tier': { writes: 20 },
  'no tier': { writes: 20, tier: false },
  'checks by key': { writes: 20, checks: 'shared', check: 10 },
  'every session for itself': { writes: 20, checks: 'alone' },
  'room for a third': { writes: 20, max: 33, load: 5 },
  'room for a third, no tier': { writes: 20, max: 33, load: 5, tier: false },
  'one version for all': { writes: 4, coarse: true },
  'one version for all, two processes': { processes: 2, writes: 10, coarse: true, load: 1 },
  'a replica': { writes: 20, lag: 100 },
}

for (const [name, settings] of Object.entries(SYSTEMS)) {
  test(`formulas say what is played: ${name}`, () => {
    const system = { ...SMALL, ...settings }
    const played = simulate(system, RUN)
    const calculated = calculate(system)
    for (const [what, number] of Object.entries(calculated)) {
      if (played[what] === 0) assert.equal(number, 0, what)
      else assert.ok(Math.abs(played[what] / number - 1) < 0.1, `${what}: played ${played[what]}, calculated ${number}`)
    }
  })
}
