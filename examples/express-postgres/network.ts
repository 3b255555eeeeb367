import { type CachedFunction, type Version, type VersionSource, versionedLruCache } from 'versioned-lru-cache'
import { tableVersions } from 'versioned-lru-cache/postgres'
import { charge, chargeChecks } from './cost.ts'
import type { Database } from './database.ts'
import { AIRPORTS, ROUTES } from './network-schema.ts'

export interface Airport {
  /** By IATA: `ATL`. */
  readonly code: string
  readonly name: string
  /** With its state: `Atlanta, GA`. */
  readonly city: string
  /** Degrees north. */
  readonly latitude: number
}

export interface Route {
  readonly origin: string
  readonly destination: string
  readonly flights: number
}

export type BusyAirport = Pick<Airport, 'code' | 'name' | 'city'> & { readonly flights: number }

/** What the page shows: three parts, of two tables. */
export interface Overview {
  readonly north: readonly Airport[]
  /** With the flights of both ways. */
  readonly pairs: readonly Route[]
  readonly hubs: readonly BusyAirport[]
}

export type CachedOverview = CachedFunction<() => Promise<Overview>>

type Table = typeof AIRPORTS | typeof ROUTES

export type NetworkVersions = VersionSource<Table, Promise<Version>>

export function networkVersions(database: Database): NetworkVersions {
  return tableVersions(chargeChecks(database), [AIRPORTS, ROUTES])
}

const NORTH = `select * from ${AIRPORTS} order by latitude desc limit 5`

const PAIRS = `
  select least(origin, destination) as origin, greatest(origin, destination) as destination, sum(flights)::int as flights
  from ${ROUTES} group by 1, 2 order by flights desc limit 5`

const HUBS = `
  select code, name, city, sum(flights)::int as flights
  from ${ROUTES} cross join lateral (values (origin), (destination)) as ends (code) join ${AIRPORTS} using (code)
  group by code, name, city order by flights desc limit 5`

/** A question without arguments has one answer; and no write goes past the triggers, so no answer has to end. */
const KEPT = { max: 1, ttl: Number.POSITIVE_INFINITY }

/**
 * Each part is kept by the versions of the tables that it reads. The whole names no version: it is good for as long as
 * the parts are that it was made of.
 */
export function cachedOverview({ query }: Database, versions: NetworkVersions): CachedOverview {
  const part = <Row>(name: keyof Overview, sql: string, tables: Table[]) =>
    versionedLruCache(() => charge('load', () => query<Row>(sql), name), {
      name,
      version: tables.map((table) => versions.of(() => table)),
      ...KEPT,
    })
  const north = part<Airport>('north', NORTH, [AIRPORTS])
  const pairs = part<Route>('pairs', PAIRS, [ROUTES])
  const hubs = part<BusyAirport>('hubs', HUBS, [AIRPORTS, ROUTES])

  async function assemble(): Promise<Overview> {
    const [farthest, mostFlown, busiest] = await Promise.all([north(), pairs(), hubs()])
    return { north: farthest, pairs: mostFlown, hubs: busiest }
  }
  return versionedLruCache(() => charge('load', assemble, 'whole'), { name: 'whole', ...KEPT })
}

/** @returns whether there is such an airport. */
export async function renameAirport(
  { query }: Database,
  { code, name }: Pick<Airport, 'code' | 'name'>,
): Promise<boolean> {
  return (await query(`update ${AIRPORTS} set name = $2 where code = $1 returning code`, [code, name])).length > 0
}

/** @returns whether there is such a route. */
export async function countFlight(
  { query }: Database,
  { origin, destination }: Omit<Route, 'flights'>,
): Promise<boolean> {
  const count = `update ${ROUTES} set flights = flights + 1 where origin = $1 and destination = $2 returning flights`
  return (await query(count, [origin, destination])).length > 0
}
