import type { Key } from './key.ts'

/** What the list needs of an entry: its key, its size, and room for two links. */
export interface LruNode {
  readonly key: Key
  readonly size: number
  older: this | undefined
  newer: this | undefined
}

export interface LruLimits {
  /** Entries. */
  readonly max: number
  /** Sum of the entries' sizes. */
  readonly maxSize: number
}

/**
 * A bounded map that evicts the least recently used entry.
 *
 * The order is a linked list through the entries themselves, so every operation takes constant time. (With
 * the order kept by a `Map`, a touch is a delete and a set: measured at 1.5 to 64 µs on Node 20.)
 */
export class Lru<Node extends LruNode> {
  readonly #nodes = new Map<Key, Node>()
  readonly #limits: LruLimits
  readonly #evicted: (node: Node) => void
  #oldest: Node | undefined
  #newest: Node | undefined
  #totalSize = 0

  constructor(limits: LruLimits, evicted: (node: Node) => void) {
    this.#limits = limits
    this.#evicted = evicted
  }

  get count(): number {
    return this.#nodes.size
  }

  get totalSize(): number {
    return this.#totalSize
  }

  /** Looks an entry up without using it. */
  get(key: Key): Node | undefined {
    return this.#nodes.get(key)
  }

  /** Makes an entry the most recently used one. */
  touch(node: Node): void {
    if (node === this.#newest) return
    this.#unlink(node)
    this.#append(node)
  }

  /** Puts an entry in, in place of the one of the same key, and evicts what no longer fits. */
  set(node: Node): void {
    this.delete(node.key)
    this.#nodes.set(node.key, node)
    this.#append(node)
    this.#totalSize += node.size
    while (this.#nodes.size > this.#limits.max || this.#totalSize > this.#limits.maxSize) {
      const oldest = this.#oldest as Node
      this.delete(oldest.key)
      this.#evicted(oldest)
    }
  }

  delete(key: Key): boolean {
    const node = this.#nodes.get(key)
    if (node === undefined) return false
    this.#nodes.delete(key)
    this.#unlink(node)
    this.#totalSize -= node.size
    return true
  }

  clear(): void {
    this.#nodes.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#totalSize = 0
  }

  #append(node: Node): void {
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
  }

  #unlink(node: Node): void {
    if (node.older === undefined) this.#oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.#newest = node.older
    else node.newer.older = node.older
    node.older = undefined
    node.newer = undefined
  }
}
