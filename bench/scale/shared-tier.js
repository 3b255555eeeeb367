/** @typedef {import('./checks.js').Reading} Reading */

/** For how long it is known that a load was in vain. */
const ABANDONED = 1000

/** What the processes share: entries by key, and leases by key and version. Every operation takes its time. */
export class SharedTier {
  #timeline
  #settings
  #counts
  /** @type {Map<number, Reading>} */
  #entries = new Map()
  /** @type {Map<string, 'held' | 'abandoned'>} */
  #leases = new Map()

  /**
   * @param {import('./timeline.js').Timeline} timeline
   * @param {import('./settings.js').Settings} settings
   * @param {{ operations: number }} counts
   */
  constructor(timeline, settings, counts) {
    this.#timeline = timeline
    this.#settings = settings
    this.#counts = counts
  }

  /**
   * @param {number} key
   * @param {(entry: Reading | undefined) => void} done
   */
  read(key, done) {
    this.#operate(() => this.#entries.get(key), done)
  }

  /**
   * @param {number} key
   * @param {Reading} reading
   * @param {(lease: 'given' | 'held' | 'abandoned') => void} done held by another process, or abandoned by it
   */
  lease(key, reading, done) {
    const lease = leaseOf(key, reading)
    this.#operate(() => {
      const state = this.#leases.get(lease)
      if (state === undefined) this.#leases.set(lease, 'held')
      return state ?? 'given'
    }, done)
  }

  /**
   * Puts the entry there and gives the lease back, in one operation. Its age is what it may be by any other clock.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  write(key, reading) {
    this.#operate(() => {
      this.#entries.set(key, { ...reading, readAt: reading.readAt - this.#settings.clockSkew })
      this.#leases.delete(leaseOf(key, reading))
    })
  }

  /**
   * Gives the lease back, without an entry.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  release(key, reading) {
    this.#operate(() => void this.#leases.delete(leaseOf(key, reading)))
  }

  /**
   * Nobody is to wait for what this load brings: it is not kept.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  abandon(key, reading) {
    const lease = leaseOf(key, reading)
    this.#operate(() => {
      this.#leases.set(lease, 'abandoned')
      this.#timeline.after(ABANDONED, () => this.#leases.delete(lease))
    })
  }

  /**
   * The server acts half-way between question and answer.
   *
   * @template T
   * @param {() => T} act
   * @param {(answer: T) => void} [done]
   */
  #operate(act, done = () => {}) {
    const half = this.#settings.operation / 2
    this.#counts.operations++
    this.#timeline.after(half, () => {
      const answer = act()
      this.#timeline.after(half, () => done(answer))
    })
  }
}

/**
 * @param {number} key
 * @param {Reading} reading
 */
function leaseOf(key, { version }) {
  return `${key} ${version}`
}
