/** Counts the runs of a query, and how many of them there were at once for one key. */
export class QueryCount {
  sum = { runs: 0, mostAtOnce: 0 }
  #query
  /** @type {Map<string, number>} */
  #running = new Map()

  /** @param {(key: string) => Promise<unknown>} query */
  constructor(query) {
    this.#query = query
  }

  /** @param {string} key */
  query = async (key) => {
    this.sum.runs++
    const running = this.#add(key, 1)
    this.sum.mostAtOnce = Math.max(this.sum.mostAtOnce, running)
    try {
      return await this.#query(key)
    } finally {
      this.#add(key, -1)
    }
  }

  /**
   * @param {string} key
   * @param {number} change
   */
  #add(key, change) {
    const running = (this.#running.get(key) ?? 0) + change
    this.#running.set(key, running)
    return running
  }
}
