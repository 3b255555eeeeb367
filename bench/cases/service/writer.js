import { setTimeout as pause } from 'node:timers/promises'

const INTERVAL = 100

/**
 * Commits ten times a second: one sale more, and its region's counter in the same transaction. It runs in the
 * process that sends the requests, so that there is no doubt about what was acknowledged before a request was sent.
 */
export class Writer {
  #client
  #regions
  /** @type {Map<string, number>} */
  #acknowledged = new Map()
  #commits = 0
  #stopped = new AbortController()

  /**
   * @param {import('pg').Client} client a connection of its own
   * @param {readonly string[]} regions that are written to, in turn
   */
  constructor(client, regions) {
    this.#client = client
    this.#regions = regions
  }

  get commits() {
    return this.#commits
  }

  /**
   * The newest counter of a region whose commit the database has confirmed.
   *
   * @param {string} region
   */
  acknowledged = (region) => this.#acknowledged.get(region) ?? 0

  /** Writes until it is stopped, by the clock and not by how long a commit takes. */
  async run() {
    const began = performance.now()
    for (let turn = 1; await this.#isTime(began + turn * INTERVAL); turn++) {
      const region = this.#regions[turn % this.#regions.length]
      const counter = await this.#write(region)
      this.#acknowledged.set(region, counter)
      this.#commits++
    }
  }

  stop() {
    this.#stopped.abort()
  }

  /** @param {number} time */
  async #isTime(time) {
    const { signal } = this.#stopped
    await pause(Math.max(0, time - performance.now()), undefined, { signal }).catch(() => {})
    return !signal.aborted
  }

  /** @param {string} region */
  async #write(region) {
    await this.#client.query('begin')
    await this.#client.query('insert into sales (region, month, amount) values ($1, 1, 1)', [region])
    const bump = 'update regions set counter = counter + 1 where region = $1 returning counter'
    const { rows } = await this.#client.query(bump, [region])
    await this.#client.query('commit')
    return rows[0].counter
  }
}
