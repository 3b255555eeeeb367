import type { RequestHandler } from 'express'
import { costOfThisRequest } from './cost.ts'
import type { CachedDelayReport, FlightsVersions } from './flights.ts'

/** What was done since the start. */
export interface Totals {
  /** For a report, as a page or as JSON. */
  readonly requests: number
  /** Requests that were answered with 304 Not Modified. */
  readonly notModified: number
  readonly calls: number
  readonly checks: number
  readonly loads: number
  /** Calls that were answered by a kept report, after a check. */
  readonly hits: number
}

/** Keeps the running totals. They are not part of any report's answer: that one stays good while they go on. */
export class RunningTotals {
  readonly #delayReport: CachedDelayReport
  readonly #versions: FlightsVersions
  #requests = 0
  #notModified = 0
  #calls = 0

  constructor(delayReport: CachedDelayReport, versions: FlightsVersions) {
    this.#delayReport = delayReport
    this.#versions = versions
  }

  /** Express middleware: counts each request that comes by, whoever answers it. */
  count(): RequestHandler {
    return (_request, response, next) => {
      const cost = costOfThisRequest()
      this.#requests++
      // Earlier than "finish": whoever has got an answer finds it counted.
      response.once('prefinish', () => {
        this.#calls += cost.calls
        if (response.statusCode === 304) this.#notModified++
      })
      next()
    }
  }

  now(): Totals {
    const { loads, hits } = this.#delayReport.stats()
    const { checks } = this.#versions.stats()
    return { requests: this.#requests, notModified: this.#notModified, calls: this.#calls, checks, loads, hits }
  }
}
