import { randomStream } from './schedule.js'

/**
 * @typedef {object} Output what a load brings: it carries the version that it was built from
 * @property {string} key
 * @property {number} version
 */

/**
 * A database of a few rows, each with a counter that goes up with every write, in the same instant as the data.
 * Reading it takes time: a query travels, sees the row as it is then, and travels back.
 */
export class World {
  loads = 0
  checks = 0
  #schedule
  #seed
  #log
  /** @type {Map<string, number[]>} when each version of a row was committed; the last one is current */
  #commits
  /** @type {Map<string, number>} the newest version whose writer has been told that its write is done */
  #acknowledged = new Map()

  /**
   * @param {readonly string[]} keys
   * @param {import('./schedule.js').Schedule} schedule
   * @param {string} seed
   * @param {(text: string) => void} log
   */
  constructor(keys, schedule, seed, log) {
    this.#commits = new Map(keys.map((key) => [key, [0]]))
    this.#schedule = schedule
    this.#seed = seed
    this.#log = log
  }

  /**
   * The costly function.
   *
   * @param {string} key
   * @returns {Promise<Output>}
   */
  load = async (key) => {
    const name = `load ${++this.loads} of ${key}`
    const random = randomStream(this.#seed, name)
    this.#log(`${name} begins`)
    await this.#schedule.pause(random)
    const version = this.current(key)
    this.#log(`${name} reads version ${version}`)
    await this.#schedule.pause(random)
    if (random() < 0.5) await this.#schedule.pause(random, 3) // it works on what it read
    this.#log(`${name} returns version ${version}`)
    return { key, version }
  }

  /**
   * The cheap one.
   *
   * @param {string} key
   * @returns {Promise<number>}
   */
  check = async (key) => {
    const name = `check ${++this.checks} of ${key}`
    const random = randomStream(this.#seed, name)
    await this.#schedule.pause(random)
    const version = this.current(key)
    this.#log(`${name} reads version ${version}`)
    await this.#schedule.pause(random)
    this.#log(`${name} returns version ${version}`)
    return version
  }

  /** Before a run. */
  async begin() {}

  /**
   * One transaction.
   *
   * @param {readonly string[]} keys
   * @returns {Promise<Output[]>} what it has made
   */
  async write(keys) {
    return keys.map((key) => ({ key, version: this.commit(key) }))
  }

  /**
   * @param {string} key
   * @returns {number} the version that this write made
   */
  commit(key) {
    return this.#commitsOf(key).push(this.#schedule.now) - 1
  }

  /**
   * @param {string} key
   * @param {number} version
   */
  acknowledge(key, version) {
    this.#acknowledged.set(key, Math.max(version, this.acknowledged(key)))
  }

  /** @param {string} key */
  acknowledged(key) {
    return this.#acknowledged.get(key) ?? 0
  }

  /** @param {string} key */
  current(key) {
    return this.#commitsOf(key).length - 1
  }

  /**
   * Whether there was a moment at which both were current.
   *
   * @param {Output} one
   * @param {Output} other
   */
  wereTogether(one, other) {
    return this.#from(one) < this.#until(other) && this.#from(other) < this.#until(one)
  }

  /** @param {Output} output */
  #from({ key, version }) {
    return this.#commitsOf(key)[version]
  }

  /** @param {Output} output */
  #until({ key, version }) {
    return this.#commitsOf(key)[version + 1] ?? Number.POSITIVE_INFINITY
  }

  /** @param {string} key */
  #commitsOf(key) {
    const commits = this.#commits.get(key)
    if (commits === undefined) throw new Error(`There is no row ${key}: a cache handed its loader the wrong key.`)
    return commits
  }
}
