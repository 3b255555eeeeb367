import { type CachedFunction, type Version, type VersionSource, versionedLruCache } from 'versioned-lru-cache'
import { tableVersions } from 'versioned-lru-cache/postgres'
import { charge, chargeChecks } from './cost.ts'
import type { Database, Query } from './database.ts'
import { FLIGHTS } from './schema.ts'

export interface Flight {
  /** Minutes from the planned to the real arrival; negative when early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  /** Hour of departure, 0 to 24: 13.5 is half past one in the afternoon. */
  readonly time: number
}

export const DISTANCES = ['short', 'medium', 'long'] as const
export type Distance = (typeof DISTANCES)[number]

export const BANDS = ['all', ...DISTANCES] as const
export type Band = (typeof BANDS)[number]

/** The delay in minutes that a tenth, half and nine tenths of the flights stay under. */
export interface Percentiles {
  readonly p10: number
  readonly p50: number
  readonly p90: number
}

export interface Summary {
  readonly flights: number
  /** Null where there are no flights. */
  readonly delay: Percentiles | null
}

type ByDistance = Readonly<Record<Distance, Summary>>

export interface Hour extends Summary {
  readonly hour: number
  readonly distances: ByDistance
}

export interface DelayReport extends Summary {
  readonly band: Band
  readonly distances: ByDistance
  /** All 24, from midnight on. */
  readonly hours: readonly Hour[]
}

type BuildDelayReport = (question: { band: Band }) => Promise<DelayReport>
export type CachedDelayReport = CachedFunction<BuildDelayReport, Promise<Version>>

export type FlightsVersions = VersionSource<typeof FLIGHTS, Promise<Version>>

/** The versions of the flights, as the triggers count them. */
export function flightsVersions(database: Database): FlightsVersions {
  return tableVersions(chargeChecks(database), [FLIGHTS])
}

/** The report over all flights of a distance band, made again only when the flights have changed. */
export function cachedDelayReport({ query }: Database, versions: FlightsVersions): CachedDelayReport {
  const delayReport: BuildDelayReport = ({ band }) => charge('load', () => buildReport(query, band))
  return versionedLruCache(delayReport, {
    version: versions.of(() => FLIGHTS),
    max: BANDS.length,
    ttl: Number.POSITIVE_INFINITY, // no write goes past the triggers, so no report has to end for safety's sake
  })
}

/** A total over hours or distances has null in their place. */
interface Group {
  readonly hour: number | null
  readonly distance: Distance | null
  readonly flights: number
  readonly delays: readonly number[]
}

/** One statement, so that all of the report is of one state of the table. */
const REPORT = `
  select hour, distance, count(*)::int as flights,
    percentile_cont(array[0.1, 0.5, 0.9]) within group (order by delay) as delays
  from (
    select delay, floor(time)::int as hour,
      case when distance < 500 then 'short' when distance < 1000 then 'medium' else 'long' end as distance
    from ${FLIGHTS}
  ) as flights
  where $1::text in ('all', distance)
  group by grouping sets ((), (distance), (hour), (hour, distance))`

async function buildReport(query: Query, band: Band): Promise<DelayReport> {
  const groups = await query<Group>(REPORT, [band])
  const hours = Array.from({ length: 24 }, (_, hour) => ({
    hour,
    ...summary(groups, hour, null),
    distances: byDistance(groups, hour),
  }))
  return { band, ...summary(groups, null, null), distances: byDistance(groups, null), hours }
}

function byDistance(groups: Group[], hour: number | null): ByDistance {
  return {
    short: summary(groups, hour, 'short'),
    medium: summary(groups, hour, 'medium'),
    long: summary(groups, hour, 'long'),
  }
}

function summary(groups: Group[], hour: number | null, distance: Distance | null): Summary {
  const group = groups.find((each) => each.hour === hour && each.distance === distance)
  if (group === undefined || group.flights === 0) return { flights: 0, delay: null }
  const [p10 = 0, p50 = 0, p90 = 0] = group.delays.map(toTenths)
  return { flights: group.flights, delay: { p10, p50, p90 } }
}

/** Delays are known to the minute; an interpolated percentile says no more than its tenths. */
function toTenths(minutes: number): number {
  return Math.round(minutes * 10) / 10 + 0 // adding zero turns -0 into 0
}

export async function recordFlight({ query }: Database, { delay, distance, time }: Flight): Promise<void> {
  await query(`insert into ${FLIGHTS} (delay, distance, time, recorded) values ($1, $2, $3, true)`, [
    delay,
    distance,
    time,
  ])
}
