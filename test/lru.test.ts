import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Lru, type LruNode } from '../src/core/lru.ts'

interface Node extends LruNode {
  older: this | undefined
  newer: this | undefined
}

function node(key: string, size = 1): Node {
  return { key, size, older: undefined, newer: undefined }
}

/** The obvious way to do it, as the reference: a list, oldest first. */
class PlainLru {
  list: Node[] = []
  readonly evicted: string[] = []
  readonly max: number
  readonly maxSize: number

  constructor(max: number, maxSize: number) {
    this.max = max
    this.maxSize = maxSize
  }

  get totalSize(): number {
    return this.list.reduce((sum, { size }) => sum + size, 0)
  }

  find(key: string): Node | undefined {
    return this.list.find((item) => item.key === key)
  }

  touch(key: string): void {
    const found = this.find(key)
    if (found !== undefined) this.list = [...this.list.filter((item) => item !== found), found]
  }

  set(item: Node): void {
    this.delete(String(item.key))
    this.list.push(item)
    while (this.list.length > this.max || this.totalSize > this.maxSize) {
      this.evicted.push(String((this.list.shift() as Node).key))
    }
  }

  delete(key: string): boolean {
    const before = this.list.length
    this.list = this.list.filter((item) => item.key !== key)
    return this.list.length < before
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, size: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('touch' as const), key, size: fc.constant(0) }),
  fc.record({ do: fc.constant('delete' as const), key, size: fc.constant(0) }),
  fc.record({ do: fc.constant('clear' as const), key, size: fc.constant(0) }),
)

describe('the LRU', () => {
  property.prop([fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 12 })], {
    numRuns: 2000,
  })('does what a plain list does, step by step', (steps, max, maxSize) => {
    const evicted: string[] = []
    const lru = new Lru<Node>({ max, maxSize }, (item) => evicted.push(String(item.key)))
    const plain = new PlainLru(max, maxSize)
    for (const { do: action, key, size } of steps) {
      if (action === 'set') {
        lru.set(node(key, size))
        plain.set(node(key, size))
      } else if (action === 'touch') {
        const found = lru.get(key)
        if (found !== undefined) lru.touch(found)
        plain.touch(key)
      } else if (action === 'delete') {
        expect(lru.delete(key)).toBe(plain.delete(key))
      } else {
        lru.clear()
        plain.list = []
      }
      expect(evicted).toEqual(plain.evicted)
      expect([lru.count, lru.totalSize]).toEqual([plain.list.length, plain.totalSize])
      for (const key of ['a', 'b', 'c', 'd', 'e']) expect(lru.get(key)?.size).toBe(plain.find(key)?.size)
    }
  })

  it('takes constant time: a hundred thousand entries are used and replaced without delay', () => {
    const lru = new Lru<Node>({ max: 100_000, maxSize: Number.POSITIVE_INFINITY }, () => {})
    for (let index = 0; index < 300_000; index++) {
      lru.set(node(`k${index}`))
      const oldest = lru.get(`k${index - 50_000}`)
      if (oldest !== undefined) lru.touch(oldest)
    }
    expect(lru.count).toBe(100_000)
  })
})
