import { type Cost, costOfThisRequest, countCall } from './cost.ts'
import type { Band, CachedDelayReport, DelayReport } from './flights.ts'

/** What a page needs to say: the report, what it cost to get it, and when that was. */
export interface Answer {
  readonly report: DelayReport
  readonly cost: Cost
  readonly made: Date
}

export async function makeAnswer(delayReport: CachedDelayReport, band: Band): Promise<Answer> {
  const report = await assemble(() => {
    countCall()
    return delayReport({ band })
  })
  return { report, cost: costOfThisRequest(), made: new Date() }
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
