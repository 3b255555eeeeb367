/** @typedef {import('./checks.js').Reading} Reading */

/** What the processes share: entries by key, and leases by key and version. Every operation takes its time. */
export class SharedTier {
  #timeline
  #settings
  #counts
  /** @type {Map<number, Reading>} */
  #entries = new Map()
  /** @type {Set<string>} */
  #leases = new Set()

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
   * @param {(isTaken: boolean) => void} done
   */
  lease(key, { version }, done) {
    this.#operate(() => {
      const lease = `${key} ${version}`
      if (this.#leases.has(lease)) return false
      this.#leases.add(lease)
      return true
    }, done)
  }

  /**
   * Puts the entry there and gives the lease back, in one operation. Its age is what it may be by any other clock.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  write(key, { version, readAt }) {
    this.#operate(() => {
      this.#entries.set(key, { version, readAt: readAt - this.#settings.clockSkew })
      this.#leases.delete(`${key} ${version}`)
    })
  }

  /**
   * Gives the lease back, without an entry.
   *
   * @param {number} key
   * @param {Reading} reading
   */
  release(key, { version }) {
    this.#operate(() => void this.#leases.delete(`${key} ${version}`))
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
