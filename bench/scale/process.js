import { CHECKS } from './checks.js'

/** @typedef {import('./checks.js').Reading} Reading */

/**
 * @typedef {object} Surroundings
 * @property {import('./timeline.js').Timeline} timeline
 * @property {import('./data.js').Data} data
 * @property {import('./shared-tier.js').SharedTier | undefined} tier
 * @property {import('./settings.js').Settings} settings
 * @property {import('./simulate.js').Counts} counts
 */

/** One process: its checks, its LRU, and its flights. */
export class Process {
  #world
  #checks
  /** @type {Map<number, Reading>} the least recently used first */
  #entries = new Map()
  /** @type {Set<string>} */
  #flights = new Set()

  /** @param {Surroundings} world */
  constructor(world) {
    this.#world = world
    this.#checks = new CHECKS[world.settings.checks](world)
  }

  /**
   * A session, which calls with all keys at once. What it calls twice is pinned.
   *
   * @param {readonly number[]} keys each once
   */
  request(keys) {
    const { timeline, data, counts } = this.#world
    const current = new Map(keys.map((key) => [key, data.version(key, timeline.now)]))
    counts.calls += keys.length
    this.#checks.ask(keys, (key, reading) => {
      if (reading.version < current.get(key)) counts.stale++
      this.#answer(key, reading)
    })
  }

  /**
   * @param {number} key
   * @param {Reading} reading
   */
  #answer(key, reading) {
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      this.#entries.delete(key) // and put back as the one that was used last
      this.#entries.set(key, entry)
    }
    if (this.#isGood(entry, reading)) this.#world.counts.hits++
    else this.#fly(key, reading)
  }

  /**
   * @param {Reading | undefined} entry
   * @param {Reading} reading
   */
  #isGood(entry, { version }) {
    const { timeline, settings } = this.#world
    return entry !== undefined && entry.version === version && timeline.now < entry.readAt + settings.ttl
  }

  /**
   * One flight per key and version.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  #fly(key, reading) {
    const flight = `${key} ${reading.version}`
    if (this.#flights.has(flight)) return
    this.#flights.add(flight)
    const land = (entry) => {
      this.#flights.delete(flight)
      this.#land(key, entry)
    }
    if (this.#world.tier === undefined) this.#load(reading, land)
    else this.#look(key, reading, land)
  }

  /**
   * @param {Reading} reading
   * @param {(entry: Reading) => void} land
   */
  #load(reading, land) {
    const { timeline, settings, counts } = this.#world
    counts.loads++
    timeline.after(settings.load, () => land(reading))
  }

  /**
   * The tier has it, or this process takes the lease and loads, or another one does that now and is waited for.
   *
   * @param {number} key
   * @param {Reading} reading
   * @param {(entry: Reading) => void} land
   * @param {number} [turn] how often it has been looked for
   */
  #look(key, reading, land, turn = 0) {
    const { tier, timeline, settings, counts } = this.#world
    tier.read(key, (entry) => {
      if (this.#isGood(entry, reading)) {
        counts.tierHits++
        return land(entry)
      }
      tier.lease(key, reading, (isTaken) => {
        if (!isTaken) return timeline.after(settings.poll, () => this.#look(key, reading, land, turn + 1))
        this.#load(reading, (loaded) => {
          land(loaded)
          tier.write(key, loaded)
        })
      })
    })
  }

  /**
   * Not over what is newer.
   *
   * @param {number} key
   * @param {Reading} entry
   */
  #land(key, entry) {
    const entries = this.#entries
    const kept = entries.get(key)
    if (kept !== undefined && kept.readAt > entry.readAt) return
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size > this.#world.settings.max) entries.delete(entries.keys().next().value)
  }
}
