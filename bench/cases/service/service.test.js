import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { FIRST_SALES } from './database.js'
import { startLoad } from './load.js'
import { QueryCount } from './query-count.js'
import { Tally } from './tally.js'
import { Writer } from './writer.js'

function reportOf(region, counter) {
  return JSON.stringify({ region, counter, sales: FIRST_SALES + counter, total: 1, months: [1] })
}

/**
 * Asks a service that answers as it is told to.
 *
 * @param {{ answer: (region: string) => { status?: number, body: string }, regions?: string[], connections?: number }} service
 * @param {(region: string) => number} acknowledged
 */
async function tallyOf({ answer, regions = ['a'], connections = 1 }, acknowledged) {
  const server = createServer((request, response) => {
    const { status = 200, body } = answer(request.url.replace('/reports/', ''))
    response.writeHead(status).end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  const tally = new Tally(acknowledged)
  tally.begin()
  const stop = startLoad({ url, regions, connections, acknowledged, tally })
  while (tally.answers + tally.errors < 50) await pause(1)
  tally.end()
  await stop()
  await new Promise((resolve) => server.close(resolve))
  return tally
}

test('sees that every answer of a service with an old counter is stale', async () => {
  const answer = (region) => ({ body: reportOf(region, 2) })
  const { answers, stale } = await tallyOf({ answer, connections: 10 }, () => 3)
  assert.equal(stale, answers)
})

test('does not count a fresh answer, nor one whose commit is about to be acknowledged', async () => {
  for (const counter of [3, 4]) {
    const answer = (region) => ({ body: reportOf(region, counter) })
    const { answers, stale, errors } = await tallyOf({ answer, connections: 10 }, () => 3)
    assert.ok(answers >= 50)
    assert.deepEqual({ stale, errors }, { stale: 0, errors: 0 })
  }
})

test('goes by what was acknowledged when the request was sent, not when it was answered', async () => {
  let acknowledged = 0
  const answer = (region) => {
    acknowledged = 1 // while the first request waits for its answer; all others are sent later
    return { body: reportOf(region, 0) }
  }
  const { answers, stale } = await tallyOf({ answer }, () => acknowledged)
  assert.equal(stale, answers - 1)
})

test('compares each answer with the counter of its own key', async () => {
  const counters = { a: 1, b: 5, c: 9 }
  const asked = []
  const answer = (region) => {
    asked.push(region)
    return { body: reportOf(region, counters[region]) }
  }
  const regions = Object.keys(counters)
  const { answers, stale } = await tallyOf({ answer, regions }, (region) => (region === 'b' ? 6 : counters[region]))
  assert.equal(stale, asked.slice(0, answers).filter((region) => region === 'b').length)
  assert.ok(stale > 0 && stale < answers)
})

test('counts what is not an answer', async () => {
  const { answers, errors } = await tallyOf({ answer: () => ({ status: 500, body: 'no' }) }, () => 0)
  assert.ok(errors >= 50 && answers === 0)
})

test('stops at an answer that was never true', () => {
  const torn = reportOf('a', 1).replace(`${FIRST_SALES + 1}`, `${FIRST_SALES}`)
  for (const body of [torn, reportOf('b', 1), reportOf('a', 3)]) {
    const tally = new Tally(() => 1)
    tally.begin()
    tally.count({ region: 'a', floor: 1 }, { status: 200, body, latency: 1 })
    assert.throws(() => tally.end(), /never true/)
  }
})

test('counts answers between begin and end, and knows within which time they came', () => {
  const tally = new Tally(() => 0)
  const answerAfter = (latency) =>
    tally.count({ region: 'a', floor: 0 }, { status: 200, body: reportOf('a', 0), latency })
  answerAfter(1000)
  tally.begin()
  for (let latency = 100; latency >= 1; latency--) answerAfter(latency)
  tally.end()
  answerAfter(1000)
  assert.deepEqual([tally.answers, tally.percentile(0.5), tally.percentile(0.99)], [100, 50, 99])
})

test('a write is acknowledged when its commit is', async () => {
  let confirm
  const commit = new Promise((resolve) => {
    confirm = resolve
  })
  const sent = []
  const query = (text) => {
    sent.push(text.split(' ')[0])
    return text === 'commit' ? commit : Promise.resolve({ rows: [{ counter: 7 }] })
  }
  const writer = new Writer({ query }, ['a'])
  const written = writer.run()
  while (!sent.includes('commit')) await pause(1)
  assert.deepEqual([writer.acknowledged('a'), writer.commits], [0, 0])
  confirm()
  writer.stop()
  await written
  assert.deepEqual([writer.acknowledged('a'), writer.commits, sent], [7, 1, ['begin', 'insert', 'update', 'commit']])
})

test('counts queries, and how many of one key run at once', async () => {
  const count = new QueryCount(async (key) => {
    await pause(1)
    if (key === 'c') throw new Error('no')
    return key
  })
  assert.deepEqual(await Promise.all(['a', 'b', 'a'].map(count.query)), ['a', 'b', 'a'])
  await assert.rejects(count.query('c'))
  await assert.rejects(count.query('c'))
  assert.deepEqual(count.sum, { runs: 5, mostAtOnce: 2 })
})
