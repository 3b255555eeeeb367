import { setTimeout as pause } from 'node:timers/promises'
import { runInSession, versionedLruCache } from '../../../dist/index.js'
import { installSql, runInSnapshot, snapshotClient, tableVersions } from '../../../dist/integrations/postgres.js'
import {
  call,
  connections,
  faultsOf,
  Moments,
  percentile,
  READS,
  randomOf,
  TABLES,
  WRITERS,
  Writers,
  withDatabase,
} from './database.js'

const CONNECTIONS = 20
const WARM_UP = 500
const DURATION = 3000
/** How long the database takes for a load, in seconds. */
const LOAD_SECONDS = 0.02

export const levels = [
  { name: 'no cache', how: 'every call loads, in no session', isCached: false, enter: (_pool, _moments, run) => run() },
  {
    name: 'pinned',
    how: '`tableVersions`; `runInSession` around each request',
    isCached: true,
    enter: (_pool, _moments, run) => runInSession(() => run()),
  },
  {
    name: 'runInSnapshot',
    how: '`tableVersions`, loaders that ask by `snapshotClient`; `runInSnapshot` around each request',
    isCached: true,
    enter: (pool, moments, run) => runInSnapshot(pool, () => run(moments.next())),
  },
]

/**
 * @param {{ sessions: number, pauses: { between: number, before: number } }} settings
 * @param {string} candidate
 */
export function measureLevel({ sessions, pauses }, candidate) {
  const level = levels.find(({ name }) => name === candidate)
  return withDatabase(async (open) => {
    const pool = open(CONNECTIONS)
    await pool.query(installSql(TABLES))
    const moments = new Moments()
    const writers = new Writers(moments, pauses)
    const { reads, counted } = readsOf(pool, level)
    const load = { moments, reads, level, pool, isOver: false, sessions: [], latencies: [] }
    const clients = await connections(open(WRITERS), WRITERS)
    writers.start(clients)
    const running = Array.from({ length: sessions }, (_, seed) => runRequests(load, randomOf(seed)))
    await pause(WARM_UP)
    const before = { answers: load.latencies.length, commits: writers.commits.length, loads: counted.loads }
    const began = performance.now()
    await pause(DURATION)
    const seconds = (performance.now() - began) / 1000
    const loads = counted.loads - before.loads
    const commits = writers.commits.length - before.commits
    const latencies = load.latencies.slice(before.answers)
    load.isOver = true
    await Promise.all(running)
    await writers.stop()
    for (const client of clients) client.release()
    const faults = faultsOf(writers.commits, load.sessions)
    const { length } = latencies
    return {
      rps: length / seconds,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      stale: faults.stale,
      mixed: faults.mixed,
      mixedPercent: (100 * faults.mixed) / load.sessions.length,
      loadsPerRequest: loads / length,
      commits: commits / seconds,
    }
  })
}

function readsOf(pool, { isCached }) {
  const counted = { loads: 0 }
  const db = snapshotClient(pool)
  const tables = tableVersions(pool, TABLES)
  const entries = Object.entries(READS).map(([name, { sql, tables: names }]) => {
    const text = `select r.* from (${sql}) r, (select pg_sleep(${LOAD_SECONDS})) slept`
    const load = async (...args) => {
      counted.loads++
      return (await db.query(text, args)).rows
    }
    const version = names.map((table) => tables.of(() => table))
    return [name, isCached ? versionedLruCache(load, { name, version }) : load]
  })
  return { reads: Object.fromEntries(entries), counted }
}

/** One request after the other, each of which calls the four functions in turn. */
async function runRequests(load, random) {
  const { moments, reads, level, pool } = load
  while (!load.isOver) {
    const began = performance.now()
    const askedAt = moments.next()
    const calls = []
    let takenAt
    await level.enter(pool, moments, async (taken) => {
      takenAt = taken
      for (const name of Object.keys(READS)) {
        calls.push(await call(moments, reads, name, Math.floor(random() * WRITERS)))
      }
    })
    load.latencies.push(performance.now() - began)
    load.sessions.push({ calls, snapshot: takenAt === undefined ? undefined : { askedAt, takenAt } })
  }
}
