import { CHECKS } from './checks.js'
import { FIRST_LOOK, LAST_LOOK, RENEWAL } from './settings.js'

/** @typedef {import('./checks.js').Reading} Reading */

/**
 * @typedef {object} Surroundings
 * @property {import('./timeline.js').Timeline} timeline
 * @property {import('./data.js').Data} data
 * @property {import('./shared-tier.js').SharedTier | undefined} tier
 * @property {import('./settings.js').Settings} settings
 * @property {import('./simulate.js').Counts} counts
 */

/**
 * @typedef {object} Ends how a flight may go on
 * @property {(entry: Reading) => boolean} land
 * @property {() => void} loadForItself
 * @property {() => void} loadForAll with the lease
 */

/** One process: its checks, its LRU, and its flights. */
export class Process {
  #world
  #random
  #checks
  /** @type {Map<number, Reading & { order: number }>} the least recently used first */
  #entries = new Map()
  /** @type {Set<string>} */
  #flights = new Set()
  /** @type {number[]} keys that it has a lease of, as often as it has one */
  #held = []

  /**
   * @param {Surroundings} world
   * @param {() => number} random
   */
  constructor(world, random) {
    this.#world = world
    this.#random = random
    this.#checks = new CHECKS[world.settings.checks](world)
  }

  /**
   * A session, which calls with all keys at once. What it calls twice is pinned.
   *
   * @param {readonly number[]} keys each once
   */
  request(keys) {
    const { timeline, data, counts, settings } = this.#world
    const versioned = settings.coarse ? [0] : keys
    const current = new Map(versioned.map((key) => [key, data.version(key, timeline.now)]))
    counts.calls += keys.length
    this.#checks.ask(versioned, (asked, reading) => {
      for (const key of settings.coarse ? keys : [asked]) {
        if (reading.version < current.get(asked)) counts.stale++
        this.#answer(key, reading)
      }
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
      return this.#land(key, { ...entry, order: reading.readAt })
    }
    if (this.#world.tier === undefined) this.#load(reading, land)
    else this.#bring(key, reading, land)
  }

  /**
   * @param {Reading} reading
   * @param {(entry: Reading) => void} land
   */
  #load(reading, land) {
    const { timeline, settings, counts } = this.#world
    counts.loads++
    if (settings.tier) counts.operations += Math.floor(settings.load / RENEWAL)
    timeline.after(settings.load, () => land(reading))
  }

  /**
   * The tier has it, or this process takes the lease and loads, or another one does that now and is waited for.
   *
   * @param {number} key
   * @param {Reading} reading
   * @param {(entry: Reading) => boolean} land
   */
  #bring(key, reading, land) {
    const { tier } = this.#world
    const loadForItself = () => this.#load(reading, land)
    const loadForAll = () => {
      this.#held.push(key)
      this.#load(reading, (loaded) => {
        this.#held.splice(this.#held.indexOf(key), 1)
        if (land(loaded)) tier.write(key, loaded)
        else tier.abandon(key, reading)
      })
    }
    const ends = { land, loadForItself, loadForAll }
    this.#find(key, reading, land, () => this.#lease(key, reading, ends, FIRST_LOOK))
  }

  /**
   * Who gets the lease late looks once more, since the holder may have got ready after the last look. A process that loads
   * another version of the key itself waits for nobody.
   *
   * @param {number} key
   * @param {Reading} reading
   * @param {Ends} ends
   * @param {number} pause
   */
  #lease(key, reading, ends, pause) {
    const { tier, timeline } = this.#world
    const landAfterAll = (entry) => {
      ends.land(entry)
      tier.release(key, reading)
    }
    const lookAgain = () => this.#find(key, reading, ends.land, () => this.#lease(key, reading, ends, nextPause(pause)))
    tier.lease(key, reading, (lease) => {
      if (lease === 'abandoned' || (lease === 'held' && this.#held.includes(key))) ends.loadForItself()
      else if (lease === 'held') timeline.after(pause * (0.5 + this.#random() / 2), lookAgain)
      else if (pause === FIRST_LOOK) ends.loadForAll()
      else this.#find(key, reading, landAfterAll, ends.loadForAll)
    })
  }

  /**
   * @param {number} key
   * @param {Reading} reading
   * @param {(entry: Reading) => void} found
   * @param {() => void} missed
   */
  #find(key, reading, found, missed) {
    this.#world.tier.read(key, (entry) => (this.#isGood(entry, reading) ? found(entry) : missed()))
  }

  /**
   * Not over what a session has brought that asked for its version later.
   *
   * @param {number} key
   * @param {Reading & { order: number }} entry
   * @returns whether it is kept
   */
  #land(key, entry) {
    const entries = this.#entries
    const kept = entries.get(key)
    if (kept !== undefined && kept.order > entry.order) return false
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size > this.#world.settings.max) entries.delete(entries.keys().next().value)
    return true
  }
}

/** @param {number} pause */
function nextPause(pause) {
  return Math.min(2 * pause, LAST_LOOK)
}
