/** Evicts what has been there longest, however often it was asked for: what any policy has to beat. */
export class Fifo {
  #capacity
  #kept = new Set()
  /** The keys in the places where they were put; round and round, so the next place is that of the oldest. */
  #places = []
  #next = 0

  /** @param {number} capacity */
  constructor(capacity) {
    this.#capacity = capacity
  }

  /**
   * @param {number} key
   * @returns {boolean} whether it was there
   */
  request(key) {
    if (this.#kept.has(key)) return true
    this.#kept.delete(this.#places[this.#next])
    this.#kept.add(key)
    this.#places[this.#next] = key
    this.#next = (this.#next + 1) % this.#capacity
    return false
  }
}
