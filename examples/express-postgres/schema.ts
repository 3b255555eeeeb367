import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { installSql } from 'versioned-lru-cache/postgres'
import type { Database, Query } from './database.ts'
import type { Flight } from './flights.ts'

/** Everything lives in a schema of its own, so that a real server's other tables are left alone. */
export const FLIGHTS = 'versioned_lru_cache_example.flights'

export const CREATE_SCHEMA = 'create schema if not exists versioned_lru_cache_example'

/** Any number will do, as long as all processes that prepare the schema take the same. */
const PREPARING = 20_260_101

const CHUNK = 10_000

/** The last one gives the table its versions, which triggers move on in the transaction of each write. */
const SCHEMA = [
  CREATE_SCHEMA,
  `create table if not exists ${FLIGHTS} (
     delay double precision not null,
     distance double precision not null,
     time double precision not null,
     recorded boolean not null default false
   )`,
  installSql([FLIGHTS]),
]

export interface PrepareOptions {
  /** Told the share that is loaded, 0 to 1; not called when all flights are there already. */
  onProgress?: (share: number) => void
  signal?: AbortSignal
}

/**
 * Makes the schema, and loads the flights unless all of them are there. It is one transaction, so that a run
 * that is killed leaves nothing half done, and the second of two processes that start together waits for the first.
 */
export async function prepareFlights(
  database: Database,
  flights: Flight[],
  options: PrepareOptions = {},
): Promise<void> {
  await database.transaction(async (query) => {
    await prepareSchema(query, SCHEMA)
    if ((await countLoaded(query)) !== flights.length) await load(query, flights, options)
  })
}

/** Whoever else prepares the schema waits until this transaction has ended. */
export async function prepareSchema(query: Query, statements: readonly string[]): Promise<void> {
  await query('select pg_advisory_xact_lock($1)', [PREPARING])
  for (const statement of statements) await query(statement)
}

async function countLoaded(query: Query): Promise<number> {
  const [row] = await query<{ flights: number }>(`select count(*)::int as flights from ${FLIGHTS} where not recorded`)
  return row?.flights ?? 0
}

/** What people recorded stays: only the flights of the file are replaced. */
async function load(query: Query, flights: Flight[], { onProgress, signal }: PrepareOptions): Promise<void> {
  await query(`delete from ${FLIGHTS} where not recorded`)
  onProgress?.(0)
  for (let done = 0; done < flights.length; done += CHUNK) {
    await nextTurn() // the embedded PostgreSQL works in this thread, and a signal has to be heard
    signal?.throwIfAborted()
    await insert(query, flights.slice(done, done + CHUNK))
    onProgress?.(Math.min(1, (done + CHUNK) / flights.length))
  }
}

async function insert(query: Query, flights: Flight[]): Promise<void> {
  await query(
    `insert into ${FLIGHTS} (delay, distance, time)
     select * from unnest($1::double precision[], $2::double precision[], $3::double precision[])`,
    [flights.map(({ delay }) => delay), flights.map(({ distance }) => distance), flights.map(({ time }) => time)],
  )
}

/** 200,000 flights of the U.S. Bureau of Transportation Statistics, as the package vega-datasets ships them. */
export async function readFlightsFile(): Promise<Flight[]> {
  return JSON.parse(await readDataset('flights-200k.json')) as Flight[]
}

export async function readDataset(name: string): Promise<string> {
  const index = createRequire(import.meta.url).resolve('vega-datasets')
  return await readFile(new URL(`../data/${name}`, pathToFileURL(index)), 'utf8')
}
