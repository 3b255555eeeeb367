import { type Cost, countCall, currentCost } from './cost.ts'
import type { Band, CachedDelayReport, DelayReport } from './flights.ts'

/** What was done since the start. */
export interface Totals {
  readonly requests: number
  readonly calls: number
  readonly checks: number
  readonly loads: number
  /** Calls that were answered by a kept report, after a check. */
  readonly hits: number
}

/** What a page needs to say: the report, and what it cost to get it. */
export interface Answer {
  readonly report: DelayReport
  readonly cost: Cost
  readonly totals: Totals
}

/** Answers requests for reports, and keeps the running totals. */
export function answerer(delayReport: CachedDelayReport): (band: Band) => Promise<Answer> {
  let requests = 0
  let calls = 0

  function ask(band: Band): Promise<DelayReport> {
    calls++
    countCall()
    return delayReport({ band })
  }

  return async (band) => {
    requests++
    const report = await assemble(() => ask(band))
    const { checks, loads, hits } = delayReport.stats()
    return { report, cost: costOfThisRequest(), totals: { requests, calls, checks, loads, hits } }
  }
}

/**
 * Each part of the page asks for itself, as parts that know nothing of each other do. All of them get the report
 * that the request began with, so their numbers agree even if a flight is recorded between two of them.
 */
async function assemble(ask: () => Promise<DelayReport>): Promise<DelayReport> {
  const { band, flights, delay } = await ask()
  const { hours } = await ask()
  const { distances } = await ask()
  return { band, flights, delay, distances, hours }
}

function costOfThisRequest(): Cost {
  const cost = currentCost()
  if (cost === undefined) throw new Error('Nothing measures this request: put measureCost() before the routes.')
  return cost
}
