/** @typedef {{ output: { n: number }, version: unknown, expires: number, older: Entry, newer: Entry }} Entry */

/**
 * A bounded map in the order of use: a `Map`, and a ring of links through its entries that begins and ends at `ring`.
 * The bare minimum, against which a cache of this kind can be held: nothing is checked, nothing is counted.
 */
export class BareLru {
  /** @type {Map<string, Entry>} */
  #entries = new Map()
  #ring
  #max

  /** @param {number} max */
  constructor(max) {
    this.#max = max
    this.#ring = { output: undefined, version: undefined, expires: 0, older: undefined, newer: undefined }
    this.#ring.older = this.#ring
    this.#ring.newer = this.#ring
  }

  /**
   * @param {string} key
   * @returns {Entry | undefined} now the most recently used one
   */
  use(key) {
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry !== this.#ring.older) {
      unlink(entry)
      this.#append(entry)
    }
    return entry
  }

  /**
   * @param {string} key
   * @param {{ output: { n: number }, version: unknown, expires: number }} values
   * @returns {{ n: number }} the output
   */
  add(key, { output, version, expires }) {
    const entry = { output, version, expires, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
    if (this.#entries.size > this.#max) throw new Error('No case puts in more than there is room for.')
    return output
  }

  /** @param {Entry} entry */
  #append(entry) {
    const ring = this.#ring
    entry.older = ring.older
    entry.newer = ring
    ring.older.newer = entry
    ring.older = entry
  }
}

/** @param {Entry} entry */
function unlink(entry) {
  entry.older.newer = entry.newer
  entry.newer.older = entry.older
}
