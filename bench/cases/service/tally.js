import { FIRST_SALES } from './database.js'

/** @typedef {{ region: string, floor: number }} Asked the floor is what was acknowledged when the request was sent */
/** @typedef {{ status: number, body: string, latency: number }} Answer */

/** What the client saw: of failures all, of answers those between `begin` and `end`. */
export class Tally {
  answers = 0
  stale = 0
  errors = 0
  seconds = 0
  #acknowledged
  /** @type {number[]} */
  #latencies = []
  /** @type {number | undefined} */
  #began
  /** @type {unknown} */
  #broken

  /** @param {(region: string) => number} acknowledged */
  constructor(acknowledged) {
    this.#acknowledged = acknowledged
  }

  begin() {
    this.#began = performance.now()
  }

  end() {
    this.seconds = (performance.now() - this.#began) / 1000
    this.#began = undefined
    this.#latencies.sort((a, b) => a - b)
    if (this.#broken !== undefined) throw this.#broken
  }

  /**
   * @param {Asked} asked
   * @param {Answer} answer
   */
  count(asked, { status, body, latency }) {
    if (status !== 200) return this.fail()
    if (this.#began === undefined) return
    this.answers++
    this.#latencies.push(latency)
    if (this.#isStale(asked, JSON.parse(body))) this.stale++
  }

  fail() {
    this.errors++
  }

  /**
   * @param {number} share 0.99 for the time within which 99 of 100 answers came
   * @returns {number} milliseconds
   */
  percentile(share) {
    return this.#latencies[Math.ceil(share * this.#latencies.length) - 1] ?? Number.NaN
  }

  /**
   * @param {Asked} asked
   * @param {import('./database.js').Report} report
   */
  #isStale({ region, floor }, report) {
    const isWhole = report.region === region && report.sales === FIRST_SALES + report.counter
    // The writer makes one commit at a time, so no more than one can be visible and not yet acknowledged.
    if (!isWhole || report.counter > this.#acknowledged(region) + 1) {
      this.#broken ??= new Error(`${region} gave ${JSON.stringify(report)}, which was never true: the bench is broken.`)
    }
    return report.counter < floor
  }
}
