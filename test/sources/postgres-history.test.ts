import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../../src/index.ts'
import { installSql, runInSnapshot, snapshotClient, tableVersions } from '../../src/integrations/postgres.ts'
import {
  type Enter,
  Moments,
  READS,
  type ReadName,
  type Reads,
  randomOf,
  runSession,
  SCHEMA,
  TABLES,
  WRITERS,
  Writers,
} from '../support/database-load.ts'
import { type RunningPostgres, startPostgres } from '../support/example-postgres.ts'
import { type Faults, faultsOf, type Row, type SessionRecord } from '../support/state-checker.ts'

const SESSIONS = 50
const WAVES = 6
const NONE: Faults = { stale: 0, mixed: 0, torn: 0, back: 0, unpinned: 0 }

let server: RunningPostgres
let pool: pg.Pool
let writersPool: pg.Pool

function poolOf(max: number): pg.Pool {
  const made = new pg.Pool({ connectionString: server.url, max })
  made.on('error', () => {}) // the server ends connections that are about to close
  return made
}

beforeAll(async () => {
  server = await startPostgres()
  pool = poolOf(20)
  writersPool = poolOf(WRITERS)
})

afterAll(async () => {
  await Promise.all([pool.end(), writersPool.end()])
  await server.stop()
})

beforeEach(async () => {
  await pool.query(SCHEMA)
  await pool.query(installSql(TABLES))
})

const moments = new Moments()

const readAll = (wrap: (name: ReadName, load: (writer?: number) => Promise<Row[]>) => Reads[ReadName]): Reads => {
  const db = snapshotClient(pool)
  const load = (name: ReadName) => async (writer?: number) =>
    (await db.query<Row & pg.QueryResultRow>(READS[name].sql, writer === undefined ? [] : [writer])).rows
  const names = Object.keys(READS) as ReadName[]
  return Object.fromEntries(names.map((name) => [name, wrap(name, load(name))])) as Reads
}

/** The four functions, cached by the versions of their tables. */
function cachedReads() {
  const tables = tableVersions(pool, TABLES)
  const made: ReturnType<typeof cache>[] = []
  const cache = (name: ReadName, load: Reads[ReadName]) =>
    versionedLruCache(load, { name, version: READS[name].tables.map((table) => tables.of(() => table)) as never })
  const reads = readAll((name, load) => {
    const cached = cache(name, load)
    made.push(cached)
    return cached as unknown as Reads[ReadName]
  })
  const count = (what: 'loads' | 'hits' | 'shared') => made.reduce((sum, { stats }) => sum + stats()[what], 0)
  return { reads, count }
}

const pinned: Enter = (session) => runInSession(() => session())
const inSnapshot: Enter = (session) => runInSnapshot(pool, () => session(moments.next()))

const faultsIn = async (reads: Reads, enter: Enter): Promise<Faults> => {
  const { commits, sessions } = await play(reads, [enter])
  return faultsOf(commits, sessions)
}

/** Several waves of sessions while all writers write. */
async function play(reads: Reads, enters: readonly Enter[]) {
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => writersPool.connect()))
  const writers = new Writers(moments)
  writers.start(clients)
  const sessions: SessionRecord[] = []
  for (let wave = 0; wave < WAVES; wave++) {
    const run = (_: unknown, index: number) =>
      runSession(moments, reads, enters[index % enters.length] as Enter, randomOf(1000 * wave + index))
    sessions.push(...(await Promise.all(Array.from({ length: SESSIONS }, run))))
  }
  await writers.stop()
  for (const client of clients) client.release()
  expect(writers.commits.length).toBeGreaterThan(WRITERS)
  expect(writers.rolledBack).toBeGreaterThan(0)
  expect(writers.overtaking).toBeGreaterThan(0)
  return { commits: writers.commits, sessions }
}

describe(`${WRITERS} writers whose transactions overlap, and ${SESSIONS} sessions at a time with four functions over two tables`, () => {
  it('pinned: nothing stale, nothing torn, never back in time, and what a session has got it keeps', async () => {
    const { reads, count } = cachedReads()
    const faults = await faultsIn(reads, pinned)
    expect(faults).toEqual({ ...NONE, mixed: faults.mixed })
    expect(faults.mixed).toBeGreaterThan(0) // what snapshots are for
    for (const what of ['loads', 'hits', 'shared'] as const) expect(count(what)).toBeGreaterThan(0)
  })

  it('runInSnapshot: nothing of that, and nothing mixed', async () => {
    const { reads, count } = cachedReads()
    expect(await faultsIn(reads, inSnapshot)).toEqual(NONE)
    for (const what of ['loads', 'hits', 'shared'] as const) expect(count(what)).toBeGreaterThan(0)
  })

  it('runInSnapshot beside pinned sessions that share its cache: nothing mixed either', async () => {
    const { commits, sessions } = await play(cachedReads().reads, [inSnapshot, pinned])
    const faults = faultsOf(commits, sessions)
    expect(faults).toEqual({ ...NONE, mixed: faults.mixed })
    const snapshots = sessions.filter(({ snapshot }) => snapshot !== undefined)
    expect(faultsOf(commits, snapshots)).toEqual(NONE)
  })
})

describe('the same without what makes it right', () => {
  it('no cache: sessions mix states, and see data change', async () => {
    const faults = await faultsIn(
      readAll((_, load) => load),
      pinned,
    )
    expect(faults).toMatchObject({ stale: 0, torn: 0, back: 0 })
    expect(faults.mixed).toBeGreaterThan(0)
    expect(faults.unpinned).toBeGreaterThan(0)
  })

  it('a time to live without versions: sessions get what is stale', async () => {
    const reads = readAll((name, load) => versionedLruCache(load, { name }) as unknown as Reads[ReadName])
    expect((await faultsIn(reads, pinned)).stale).toBeGreaterThan(0)
  })
})
