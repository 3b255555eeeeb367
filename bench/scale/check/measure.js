import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { withRedis } from '../../cases/tier/redis.js'
import { randomStream } from '../../consistency/schedule.js'
import { keysBy, pauseOf, popularity } from '../popularity.js'

const SERVICE = fileURLToPath(new URL('service.js', import.meta.url))

/** @typedef {{ calls: number, checks: number, loads: number, operations: number }} Counted per second */
/** @typedef {{ check: number, load: number, operation: number }} Durations milliseconds, on average */

/**
 * Runs the processes of these settings, each in a Node of its own, with a Redis that has the data and another one that is
 * the tier.
 *
 * @param {import('../settings.js').Settings} settings
 * @param {{ seconds: number, warmUp: number }} run
 * @returns {Promise<{ counted: Counted, durations: Durations }>}
 */
export function measure(settings, run) {
  return withRedis((data) =>
    withRedis(async (tier) => {
      const services = Array.from({ length: settings.processes }, (_, number) =>
        fork(SERVICE, [JSON.stringify(settings), number, data.port, tier.port].map(String)),
      )
      const writer = new Redis({ port: data.port })
      const stopped = new AbortController()
      try {
        await Promise.all(services.map(nextMessage))
        for (const service of services) service.send('begin')
        void writeUntil(stopped.signal, writer, settings)
        await pause(run.warmUp * 1000)
        return await difference(services, run.seconds)
      } finally {
        stopped.abort()
        writer.disconnect()
        for (const service of services) service.disconnect()
        await Promise.all(services.map((service) => service.exitCode ?? once(service, 'exit')))
      }
    }),
  )
}

/**
 * @param {AbortSignal} signal
 * @param {Redis} client
 * @param {import('../settings.js').Settings} settings
 */
async function writeUntil(signal, client, settings) {
  const random = randomStream('writes', 1)
  const pick = keysBy(popularity(settings), randomStream('written', 1))
  let next = performance.now()
  while (settings.writes > 0) {
    next += pauseOf(settings.writes, random)
    await pause(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    await client.incr(`version ${pick()}`)
  }
}

/**
 * What all of them do in so many seconds.
 *
 * @param {import('node:child_process').ChildProcess[]} services
 * @param {number} seconds
 */
async function difference(services, seconds) {
  const before = await look(services)
  await pause(seconds * 1000)
  const after = await look(services)
  const count = (what) => sumOf(after, 'done', what) - sumOf(before, 'done', what)
  const mean = (what) => (sumOf(after, 'took', what) - sumOf(before, 'took', what)) / count(what) || 0
  const time = (after.at - before.at) / 1000
  const per = (what) => count(what) / time
  return {
    counted: { calls: per('calls'), checks: per('checks'), loads: per('loads'), operations: per('operations') },
    durations: { check: mean('checks'), load: mean('loads'), operation: mean('operations') },
  }
}

/** @param {import('node:child_process').ChildProcess[]} services */
async function look(services) {
  for (const service of services) service.send('look')
  return { at: performance.now(), services: await Promise.all(services.map(nextMessage)) }
}

function sumOf({ services }, kind, what) {
  return services.reduce((sum, service) => sum + service[kind][what], 0)
}

/** @param {import('node:child_process').ChildProcess} service */
async function nextMessage(service) {
  const ended = once(service, 'exit').then(([code]) => Promise.reject(new Error(`A process ended with ${code}.`)))
  const [message] = await Promise.race([once(service, 'message'), ended])
  return message
}
