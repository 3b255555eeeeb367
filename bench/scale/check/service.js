// One of the processes: `service.js <settings as JSON> <number> <port of the data> <port of the tier>`, started by measure.js.
// It asks itself, since only what happens behind the cache is to be counted.
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { runInSession, versionedLruCache, versionSource } from '../../../dist/index.js'
import { redisTier } from '../../../dist/integrations/redis.js'
import { randomStream } from '../../consistency/schedule.js'
import { keysBy, pauseOf, popularity } from '../popularity.js'

/** @type {import('../settings.js').Settings} */
const settings = JSON.parse(process.argv[2])
const [number, dataPort, tierPort] = process.argv.slice(3)

/** How often each was done, and how long it took in all. */
const done = { checks: 0, loads: 0, operations: 0 }
const took = { checks: 0, loads: 0, operations: 0 }

/**
 * @template T
 * @param {'checks' | 'loads' | 'operations'} what
 * @param {() => Promise<T>} work
 */
async function counted(what, work) {
  done[what]++
  const began = performance.now()
  try {
    return await work()
  } finally {
    took[what] += performance.now() - began
  }
}

/** @param {string} port */
function connect(port) {
  return createClient({ url: `redis://127.0.0.1:${port}` })
    .on('error', () => {})
    .connect()
}

/** What is cached: versions that take as long to read as they should, and outputs that take longer. */
async function cachedFunction() {
  const data = await connect(dataPort)
  const read = (key) =>
    counted('checks', async () => {
      await pause(settings.check)
      return data.get(`version ${key}`)
    })
  const readMany = (keys) =>
    counted('checks', async () => {
      await pause(settings.check)
      return data.mGet(keys.map((key) => `version ${key}`))
    })
  const load = (key) =>
    counted('loads', async () => {
      const version = await data.get(`version ${key}`)
      await pause(settings.load)
      return { key, version }
    })
  const source = versionSource({ name: 'data', ...(settings.checks === 'batched' ? { readMany } : { read }) })
  const { max, ttl } = settings
  return versionedLruCache(load, { name: 'record', version: source, max, ttl, tier: await tier() })
}

async function tier() {
  if (!settings.tier) return undefined
  const client = await connect(tierPort)
  const { clockSkew: maxClockSkew } = settings
  const asked = {
    eval: (...args) => counted('operations', () => client.eval(...args)),
    evalSha: (...args) => counted('operations', () => client.evalSha(...args)),
  }
  return redisTier(asked, { prefix: 'check', maxClockSkew })
}

/** Requests come at random, whether those before have been answered or not. */
async function askForEver(cached) {
  const random = randomStream('requests', number)
  const pick = keysBy(popularity(settings), randomStream('keys', number))
  let next = performance.now()
  for (;;) {
    next += pauseOf(settings.requests, random)
    if (next > performance.now()) await pause(next - performance.now())
    const keys = [...new Set(Array.from({ length: settings.calls }, pick))]
    void runInSession(() => Promise.all(keys.map((key) => cached(key))))
    calls += keys.length
  }
}

let calls = 0
const cached = await cachedFunction()
process.on('disconnect', () => process.exit())
process.on('message', (message) => {
  if (message === 'begin') void askForEver(cached)
  else process.send({ done: { ...done, calls }, took: { ...took }, tier: cached.stats().tier })
})
process.send('ready')
