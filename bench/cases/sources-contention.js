import { setTimeout as pause } from 'node:timers/promises'
import { installSql } from '../../dist/integrations/postgres.js'
import { connections, WRITERS, withDatabase } from './sources/database.js'
import { percentile } from './support/percentile.js'

const WARM_UP = 500
const DURATION = 3000
const SHORT = 'short transactions'
const HELD = 'transactions held for 5 ms'
const HOLD = { [SHORT]: 0, [HELD]: 5 }

/** @type {Map<string, { shards?: number, how: string }>} */
const setups = new Map([
  ['no triggers', { how: 'the table as it is' }],
  ['one counter', { shards: 1, how: '`installSql(tables, { shards: 1 })`' }],
  ['16 counters', { shards: 16, how: '`installSql(tables)`' }],
])

/**
 * @param {import('pg').PoolClient} client
 * @param {number} writer has a row of its own: without triggers nobody waits for anybody
 * @param {number} hold milliseconds
 */
async function write(client, writer, hold) {
  const update = `update flights set number = number + 1 where writer = ${writer}`
  if (hold === 0) return client.query(update)
  await client.query(`begin; ${update}`)
  await pause(hold)
  await client.query('commit')
}

/**
 * @param {string} variant
 * @param {string} candidate
 */
function measure(variant, candidate) {
  const { shards } = setups.get(candidate)
  return withDatabase(async (open) => {
    const pool = open(WRITERS)
    if (shards !== undefined) await pool.query(installSql(['flights'], { shards }))
    const load = { isOver: false, latencies: [] }
    const writers = (await connections(pool, WRITERS)).map(async (client, writer) => {
      while (!load.isOver) {
        const began = performance.now()
        await write(client, writer, HOLD[variant])
        load.latencies.push(performance.now() - began)
      }
      client.release()
    })
    await pause(WARM_UP)
    load.latencies = []
    const began = performance.now()
    await pause(DURATION)
    const seconds = (performance.now() - began) / 1000
    const { latencies } = load
    load.isOver = true
    load.latencies = []
    await Promise.all(writers)
    const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
    return { commits: latencies.length / seconds, p50, p99 }
  })
}

export default {
  name: 'sources-contention',
  title: 'What triggers cost writers on PostgreSQL',
  about: `8 writers, each on a connection of its own, write one row of their own in one table as fast as they can: one
update and its commit, or an update, 5 ms, and then the commit. \`fsync\` is off, so a commit does not wait for a disk,
which makes the triggers' share as large as it gets.`,
  rounds: 3,
  metrics: {
    commits: { title: 'commits per second', digits: 0, better: 'more' },
    p50: { title: 'p50 (ms)', digits: 2, better: 'less' },
    p99: { title: 'p99 (ms)', digits: 2, better: 'less' },
  },
  variants: [SHORT, HELD],
  candidates: [...setups].map(([name, { how }]) => ({ name, how })),
  measure,
  targets: [],
}
