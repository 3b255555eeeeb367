/**
 * SIEVE (Zhang et al., NSDI 2024). Entries stand in the order in which they came, and a hit does not move them: it
 * only marks them. When room is needed, a hand goes from where it last stopped towards the newest, takes the marks
 * off, and evicts the first entry that has none; at the newest it starts again from the oldest.
 *
 * @typedef {object} Node
 * @property {number} key
 * @property {boolean} visited
 * @property {Node | undefined} older
 * @property {Node | undefined} newer
 */
export class Sieve {
  #capacity
  /** @type {Map<number, Node>} */
  #nodes = new Map()
  /** @type {Node | undefined} */
  #newest
  /** @type {Node | undefined} */
  #oldest
  /** @type {Node | undefined} where the hand goes on; nowhere: at the oldest */
  #hand

  /** @param {number} capacity */
  constructor(capacity) {
    this.#capacity = capacity
  }

  /**
   * @param {number} key
   * @returns {boolean} whether it was there
   */
  request(key) {
    const node = this.#nodes.get(key)
    if (node !== undefined) {
      node.visited = true
      return true
    }
    if (this.#nodes.size === this.#capacity) this.#evict()
    this.#add(key)
    return false
  }

  #evict() {
    let node = this.#hand ?? this.#oldest
    while (node.visited) {
      node.visited = false
      node = node.newer ?? this.#oldest
    }
    this.#hand = node.newer
    this.#remove(node)
  }

  #add(key) {
    const node = { key, visited: false, older: this.#newest, newer: undefined }
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
    this.#nodes.set(key, node)
  }

  #remove(node) {
    if (node.older === undefined) this.#oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.#newest = node.older
    else node.newer.older = node.older
    this.#nodes.delete(node.key)
  }
}
