import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Entries, type NewEntry } from '../src/core/entries.ts'
import { NO_SLOT } from '../src/core/eviction.ts'
import { runInSession, versionedLruCache } from '../src/index.ts'
import { EVICTIONS, type Eviction } from './support/world.ts'

/** Everything of an entry depends on its number, so that what is mixed up shows. */
function entry(key: string, number: number, size = 1): NewEntry {
  const reading = { version: `v${number}`, readAt: number, order: number * 2, tainted: false, snapshot: undefined }
  const making = number % 3 === 0 ? undefined : { stamps: undefined, identity: number * 5 }
  const rest = { reading, order: number * 7, making, lifetime: number * 3 }
  return { key, output: { number, size }, async: number % 2 === 1, size, ...rest }
}

/** What the entries have for a key, in the form in which it was put in. */
function read(entries: Entries, key: string): NewEntry | undefined {
  const slot = entries.find(key)
  if (slot === NO_SLOT) return undefined
  const readAt = entries.readAt[slot] as number
  const reading = {
    version: entries.versions[slot],
    readAt,
    order: readAt * 2,
    tainted: false,
    snapshot: undefined,
  }
  expect(entries.confirmedAt[slot]).toBe(readAt)
  const lifetime = (entries.expiresAt[slot] as number) - readAt
  const [output, async] = [entries.output(slot), entries.isAsync(slot)]
  const [order, making] = [entries.orders[slot] as number, entries.makings[slot]]
  return { key, output, async, size: (output as { size: number }).size, reading, order, making, lifetime }
}

/** The obvious way to do it, as the reference: a list, oldest first. */
abstract class Plain {
  list: NewEntry[] = []
  evictions = 0
  readonly max: number
  readonly maxSize: number

  constructor(max: number, maxSize: number) {
    this.max = max
    this.maxSize = maxSize
  }

  get totalSize(): number {
    return this.list.reduce((sum, { size }) => sum + size, 0)
  }

  find(key: string): NewEntry | undefined {
    return this.list.find((item) => item.key === key)
  }

  set(item: NewEntry): void {
    const old = this.list.findIndex(({ key }) => key === item.key)
    if (old !== -1 && this.totalSize - (this.list[old] as NewEntry).size + item.size <= this.maxSize) {
      this.list[old] = item
      this.use(String(item.key))
      return
    }
    this.delete(String(item.key))
    while (this.list.length >= this.max || this.totalSize + item.size > this.maxSize) {
      this.delete(this.victim())
      this.evictions++
    }
    this.list.push(item)
  }

  delete(key: string): boolean {
    const before = this.list.length
    this.list = this.list.filter((item) => item.key !== key)
    return this.list.length < before
  }

  clear(): void {
    for (const { key } of this.list) this.delete(String(key))
  }

  abstract use(key: string): void
  abstract victim(): string
}

class PlainLru extends Plain {
  use(key: string): void {
    const found = this.find(key)
    if (found !== undefined) this.list = [...this.list.filter((item) => item !== found), found]
  }

  victim(): string {
    return String(this.list[0]?.key)
  }
}

/** The hand stands at the first entry that it has not passed. */
class PlainSieve extends Plain {
  readonly #marked = new Set<string>()
  #passed = 0

  use(key: string): void {
    if (this.find(key) !== undefined) this.#marked.add(key)
  }

  victim(): string {
    for (;;) {
      const key = String(this.list[this.#passed]?.key)
      if (!this.#marked.delete(key)) return key
      this.#passed = (this.#passed + 1) % this.list.length
    }
  }

  override delete(key: string): boolean {
    const place = this.list.findIndex((item) => item.key === key)
    if (place !== -1 && place < this.#passed) this.#passed--
    this.#marked.delete(key)
    const was = super.delete(key)
    if (this.#passed >= this.list.length) this.#passed = 0
    return was
  }
}

const PLAIN = { lru: PlainLru, sieve: PlainSieve }

function unbounded(eviction: Eviction, max: number): Entries {
  return new Entries({ max, maxSize: Number.POSITIVE_INFINITY, eviction }, () => {})
}

/** How much room the columns have. */
function room({ versions, orders, readAt, expiresAt, confirmedAt }: Entries): number[] {
  return [versions, orders, readAt, expiresAt, confirmedAt].map(({ length }) => length)
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
const step = fc.record({
  do: fc.oneof(
    { weight: 10, arbitrary: fc.constant('set' as const) },
    { weight: 8, arbitrary: fc.constant('use' as const) },
    { weight: 3, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  key: fc.constantFrom(...KEYS),
  size: fc.integer({ min: 1, max: 5 }),
})
const limits = fc.record({ max: fc.integer({ min: 1, max: 10 }), maxSize: fc.integer({ min: 5, max: 40 }) })

describe.each(EVICTIONS)('entries under %s', (eviction) => {
  it('are those of a plain list, step by step', () => {
    const holds = fc.property(fc.array(step, { maxLength: 80, size: 'max' }), limits, (steps, { max, maxSize }) => {
      let evictions = 0
      const entries = new Entries({ max, maxSize, eviction }, () => {
        evictions++
        if (evictions > steps.length) throw new Error('evicts without end')
      })
      const plain = new PLAIN[eviction](max, maxSize)
      for (const [number, { do: action, key, size }] of steps.entries()) {
        if (action === 'set') {
          for (const each of [entries, plain]) each.set(entry(key, number, size))
        } else if (action === 'use') {
          const slot = entries.find(key)
          if (slot !== NO_SLOT) entries.use(slot)
          plain.use(key)
        } else if (action === 'delete') {
          expect(entries.delete(key)).toBe(plain.delete(key))
        } else {
          for (const each of [entries, plain]) each.clear()
        }
        expect([entries.count, entries.totalSize, evictions]).toEqual([
          plain.list.length,
          plain.totalSize,
          plain.evictions,
        ])
        expect(KEYS.map((key) => read(entries, key))).toEqual(KEYS.map((key) => plain.find(key)))
      }
    })
    fc.assert(holds, { numRuns: 400 })
  })

  it('are within both bounds after every step', () => {
    const entries = new Entries({ max: 5, maxSize: 12, eviction }, () => {})
    for (let number = 0; number < 200; number++) {
      entries.set(entry(`k${number % 7}`, number, 1 + (number % 6)))
      expect(entries.count).toBeLessThanOrEqual(5)
      expect(entries.totalSize).toBeLessThanOrEqual(12)
    }
  })

  it('have the room that they need, and no more than max', () => {
    const entries = unbounded(eviction, 100)
    const rooms = new Set<number>()
    for (let number = 0; number < 500; number++) {
      entries.set(entry(`k${number}`, number))
      for (const length of room(entries)) rooms.add(length)
    }
    expect([...rooms]).toEqual([9, 17, 33, 65, 101])
  })

  it('give their room back on clear, and go on from there', () => {
    const entries = unbounded(eviction, 100)
    for (let round = 0; round < 3; round++) {
      for (let number = 0; number < 200; number++) entries.set(entry(`k${number}`, number))
      expect(entries.count).toBe(100)
      entries.clear()
      expect([entries.count, entries.totalSize, entries.find('k199'), ...room(entries)]).toEqual(Array(8).fill(0))
    }
  })

  it('give their room back when the last of many is deleted', () => {
    const entries = unbounded(eviction, 100)
    for (let number = 0; number < 100; number++) entries.set(entry(`k${number}`, number))
    for (let number = 0; number < 100; number++) entries.delete(`k${number}`)
    expect([entries.count, ...room(entries)]).toEqual(Array(6).fill(0))
  })

  it('have nothing of the key whose slot they took', () => {
    const entries = unbounded(eviction, 10)
    entries.set(entry('old', 1, 5))
    const slot = entries.find('old')
    entries.delete('old')
    const next = entry('new', 4, 2)
    entries.set(next)
    expect(entries.find('new')).toBe(slot)
    expect(entries.find('old')).toBe(NO_SLOT)
    expect(read(entries, 'new')).toEqual(next)
    expect(entries.totalSize).toBe(2)
  })

  it('hold nothing of what has gone', async () => {
    const ways: Record<string, (entries: Entries) => void> = {
      deleted: (entries) => void entries.delete('a'),
      evicted: (entries) => entries.set(entry('b', 2)),
      replaced: (entries) => entries.set(entry('a', 2)),
      cleared: (entries) => entries.clear(),
      kept: () => {},
    }
    const all: Entries[] = []
    const held = Object.entries(ways).map(([how, go]) => {
      const entries = unbounded(eviction, 1)
      const [output, version] = [{ ballast: 'x' }, Object.freeze(['x'])]
      const { reading, ...rest } = entry('a', 1)
      entries.set({ ...rest, output, reading: { ...reading, version } })
      go(entries)
      all.push(entries)
      return { how, output: new WeakRef(output), version: new WeakRef(version) }
    })
    const left = () => held.flatMap(({ how, output, version }) => [output, version].map((ref) => ref.deref() && how))
    for (let turn = 0; turn < 20 && left().filter(Boolean).length > 2; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      globalThis.gc?.()
    }
    expect(left().filter(Boolean)).toEqual(['kept', 'kept'])
    expect(all.map(({ count }) => count)).toEqual([0, 1, 1, 0, 1])
  })

  it('take constant time: a hundred thousand are used and replaced without delay', () => {
    const entries = unbounded(eviction, 100_000)
    const template = entry('k', 1)
    for (let number = 0; number < 300_000; number++) {
      entries.set({ ...template, key: `k${number}` })
      const older = entries.find(`k${number - 50_000}`)
      if (older !== NO_SLOT) entries.use(older)
    }
    expect(entries.count).toBe(100_000)
  })
})

describe('what a scan leaves', () => {
  it.each([
    ['lru', ['e', 'f', 'g']],
    ['sieve', ['a', 'f', 'g']],
  ] as const)('of what was asked for again, under %s', (eviction, left) => {
    const cached = versionedLruCache((id: string) => id, { max: 3, eviction })
    for (const id of ['a', 'b', 'c', 'a', 'd', 'e', 'f', 'g']) cached(id)
    expect(KEYS.filter((id) => cached.peek(id) !== undefined)).toEqual(left)
    expect(cached.stats()).toMatchObject({ hits: 1, evictions: 4 })
  })

  it('is what LRU leaves, unless SIEVE is asked for', () => {
    const cached = versionedLruCache((id: string) => id, { max: 3 })
    for (const id of ['a', 'b', 'c', 'a', 'd', 'e', 'f', 'g']) cached(id)
    expect(cached.peek('a')).toBeUndefined()
  })
})

describe.each(EVICTIONS)('a function with eviction: %s', (eviction) => {
  it('gives each key its own output, whatever makes room for what', () => {
    const cached = versionedLruCache((id: string) => ({ id }), { version: () => 1, max: 4, eviction })
    for (let turn = 0; turn < 2000; turn++) {
      const id = KEYS[(turn * turn + (turn >> 3)) % KEYS.length] as string
      expect(runInSession(() => cached(id)).id).toBe(id)
      if (turn % 13 === 0) cached.invalidate(KEYS[turn % KEYS.length] as string)
      if (turn % 301 === 0) cached.clear()
    }
    expect(cached.stats().entries).toBeLessThanOrEqual(4)
  })
})
