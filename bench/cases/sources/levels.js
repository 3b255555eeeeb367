import { setTimeout as pause } from 'node:timers/promises'
import { ReadConflictError, readConsistently, runInSession, versionedLruCache } from '../../../dist/index.js'
import { installSql, runInSnapshot, snapshotClient, tableVersions } from '../../../dist/integrations/postgres.js'
import { percentile } from '../support/percentile.js'
import {
  call,
  connections,
  faultsOf,
  Moments,
  READS,
  randomOf,
  TABLES,
  WRITERS,
  Writers,
  withDatabase,
} from './database.js'

const CONNECTIONS = 20
const WARM_UP = 500
const DURATION = 6000
/** How long the database takes for a load, in seconds. Writers have to get ahead of it tenfold, on a busy machine too. */
const LOAD_SECONDS = 0.1

export const levels = [
  { name: 'no cache', how: 'every call loads, in no session', isCached: false, enter: (_pool, _moments, run) => run() },
  {
    name: 'pinned',
    how: '`tableVersions`; `runInSession` around each request',
    isCached: true,
    enter: (_pool, _moments, run) => runInSession(() => run()),
  },
  {
    name: 'readConsistently',
    how: '`tableVersions`; `readConsistently` around each request, with its three attempts',
    isCached: true,
    enter: (_pool, _moments, run) => readConsistently(() => run()),
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
    const load = { moments, reads, level, pool, isOver: false, requests: [] }
    const clients = await connections(open(WRITERS), WRITERS)
    writers.start(clients)
    const running = Array.from({ length: sessions }, (_, seed) => runRequests(load, randomOf(seed)))
    const count = () => ({
      requests: load.requests.length,
      commits: writers.commits.length,
      loads: counted.loads,
    })
    await pause(WARM_UP)
    const before = count()
    const began = performance.now()
    await pause(DURATION)
    const seconds = (performance.now() - began) / 1000
    const after = count()
    load.isOver = true
    await Promise.all(running)
    await writers.stop()
    for (const client of clients) client.release()
    return resultOf(load.requests, writers.commits, { before, after, seconds })
  })
}

function resultOf(all, commits, { before, after, seconds }) {
  const requests = all.slice(before.requests, after.requests)
  const { length } = requests
  const latencies = requests.map(({ latency }) => latency)
  const answered = requests.filter(({ isAnswered }) => isAnswered).length
  const answers = all.filter(({ isAnswered }) => isAnswered)
  const { stale, mixed } = faultsOf(
    commits,
    answers.map(({ session }) => session),
  )
  const commitsPerSecond = (after.commits - before.commits) / seconds
  return {
    rps: answered / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    stale,
    mixed,
    mixedPerMillion: (1e6 * mixed) / Math.max(1, answers.length),
    restarts: requests.reduce((sum, { attempts }) => sum + attempts - 1, 0) / length,
    givenUpPercent: (100 * (length - answered)) / length,
    loadsPerRequest: (after.loads - before.loads) / length,
    commits: commitsPerSecond,
    writesPerLoad: commitsPerSecond * LOAD_SECONDS,
  }
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
  while (!load.isOver) {
    const began = performance.now()
    const asked = await ask(load, random)
    load.requests.push({ latency: performance.now() - began, ...asked })
  }
}

/** One that is given up has no answer, so nothing of it can be wrong. */
async function ask(load, random) {
  const { moments, reads, level, pool } = load
  const askedAt = moments.next()
  const writer = Math.floor(random() * WRITERS)
  let attempts = 0
  let calls
  let takenAt
  try {
    await level.enter(pool, moments, async (taken) => {
      attempts++
      takenAt = taken
      calls = []
      for (const name of Object.keys(READS)) calls.push(await call(moments, reads, name, writer))
    })
  } catch (error) {
    if (error instanceof ReadConflictError) return { attempts, isAnswered: false }
    throw error
  }
  const snapshot = takenAt === undefined ? undefined : { askedAt, takenAt }
  return { attempts, isAnswered: true, session: { calls, snapshot } }
}
