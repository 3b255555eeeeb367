/** What is cached: each key has a version, which is how often it was written. */
export class Data {
  /** @type {Map<number, number[]>} */
  #written = new Map()

  /**
   * @param {number} key
   * @param {number} at
   */
  write(key, at) {
    const times = this.#written.get(key)
    if (times === undefined) this.#written.set(key, [at])
    else times.push(at)
  }

  /**
   * @param {number} key
   * @param {number} at
   * @returns {number} the version as it was then
   */
  version(key, at) {
    const times = this.#written.get(key)
    if (times === undefined) return 0
    let version = times.length
    while (version > 0 && times[version - 1] > at) version--
    return version
  }
}
