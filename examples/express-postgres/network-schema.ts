import { installSql } from 'versioned-lru-cache/postgres'
import type { Database, Query } from './database.ts'
import type { Airport, Route } from './network.ts'
import { CREATE_SCHEMA, prepareSchema, readDataset } from './schema.ts'

export const AIRPORTS = 'versioned_lru_cache_example.airports'
export const ROUTES = 'versioned_lru_cache_example.routes'

/** Each of the two tables gets versions of its own. */
const SCHEMA = [
  CREATE_SCHEMA,
  `create table if not exists ${AIRPORTS} (
     code text primary key,
     name text not null,
     city text not null,
     latitude double precision not null
   )`,
  `create table if not exists ${ROUTES} (
     origin text not null references ${AIRPORTS},
     destination text not null references ${AIRPORTS},
     flights integer not null,
     primary key (origin, destination)
   )`,
  installSql([AIRPORTS, ROUTES]),
]

export interface Network {
  readonly airports: readonly Airport[]
  readonly routes: readonly Route[]
}

/** Makes the two tables, and fills them when they are new: what was written to them since stays. */
export async function prepareNetwork(database: Database, network: Network): Promise<void> {
  await database.transaction(async (query) => {
    await prepareSchema(query, SCHEMA)
    const [airport] = await query(`select code from ${AIRPORTS} limit 1`)
    if (airport === undefined) await fill(query, network)
  })
}

/** PostgreSQL makes the rows of JSON, by the names of the columns. */
async function fill(query: Query, { airports, routes }: Network): Promise<void> {
  for (const [table, rows] of [[AIRPORTS, airports] as const, [ROUTES, routes] as const]) {
    await query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [
      JSON.stringify(rows),
    ])
  }
}

/** The airports of the US, and how many flights went from one to another in 2008: of vega-datasets as well. */
export async function readNetworkFiles(): Promise<Network> {
  const [airports, routes] = await Promise.all([readCsv('airports.csv'), readCsv('flights-airport.csv')])
  return {
    airports: airports.map(([code = '', name = '', city = '', state = '', , latitude]) => ({
      code,
      name,
      city: `${city}, ${state}`,
      latitude: Number(latitude),
    })),
    routes: routes.map(([origin = '', destination = '', flights]) => ({
      origin,
      destination,
      flights: Number(flights),
    })),
  }
}

/** The rows of a file, without its header. */
async function readCsv(name: string): Promise<string[][]> {
  const [, ...lines] = (await readDataset(name)).trim().split(/\r?\n/)
  return lines.map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(fieldOf))
}

function fieldOf([, quoted, plain]: RegExpExecArray): string {
  return quoted?.replaceAll('""', '"') ?? plain ?? ''
}
