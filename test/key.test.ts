import { EventEmitter } from 'node:events'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyFromParts, keyOf, showKey } from '../src/core/key.ts'
import { Session } from '../src/core/session.ts'

/** Lists of arguments that are all different from each other. */
const DIFFERENT: unknown[][] = [
  [],
  [undefined],
  [null],
  [undefined, undefined],
  [false],
  [true],
  ['true'],
  [0],
  [-0],
  ['0'],
  [0n],
  ['0n'],
  [1],
  ['1'],
  [1n],
  [Number.NaN],
  ['NaN'],
  [Number.POSITIVE_INFINITY],
  [''],
  ['undefined'],
  ['null'],
  ['a', 'b'],
  ['a,b'],
  ['a","b'],
  ['a"', '"b'],
  ['a\\', 'b'],
  ['a\\","b'],
  [['a', 'b']],
  [['a'], 'b'],
  [['a', ['b']]],
  [['a,b']],
  [[]],
  [[[]]],
  [[undefined]],
  [[null]],
  [new Array(1)],
  [new Array(2)],
  [[undefined, undefined]],
  [{}],
  [Object.create(null)],
  [{ a: undefined }],
  [{ a: null }],
  [{ a: 1 }],
  [{ a: '1' }],
  [{ a: 1, b: 2 }],
  [{ a: { b: 2 } }],
  [{ 'a":1,"b': 2 }],
  [{ a: 1 }, { b: 2 }],
  [JSON.parse('{"__proto__":1}')],
  [JSON.parse('{"__proto__":{}}')],
  [{ constructor: 1 }],
  [new Date(0)],
  [new Date(1)],
  [new Date(Number.NaN)],
  ['1970-01-01T00:00:00.000Z'],
  [new Map()],
  [new Map([['a', 1]])],
  [new Map([['a', '1']])],
  [new Map([[1, 'a']])],
  [new Map([[['a', 1], undefined]])],
  [new Set()],
  [new Set(['a', 1])],
  [new Set([1, 'a'])],
  [new Set([['a', 1]])],
  [['a', 1]],
  [new Uint8Array([1, 2])],
  [new Uint8ClampedArray([1, 2])],
  [Buffer.from([1, 2])],
  [new Uint8Array([1, 2]).buffer],
  [new DataView(new Uint8Array([1, 2]).buffer)],
  [new Uint16Array([1, 2])],
  [new Float64Array([0])],
  [new Float64Array([-0])],
  [[1, 2]],
  ['\0'],
  ['\0()'],
  ['\0("a","b")'],
  ['\ud800'],
  ['\udc00'],
  ['\\ud800'],
  ['"\ud800'],
  ['"\\ud800'],
]

describe('keys', () => {
  it('are different for different arguments', () => {
    const keys = DIFFERENT.map(keyOf)
    const byKey = new Map<unknown, unknown[]>()
    for (const [index, key] of keys.entries()) {
      expect(byKey.get(key), `the key ${showKey(key)}`).toBeUndefined()
      byKey.set(key, DIFFERENT[index] as unknown[])
    }
  })

  it('are the same for equal arguments', () => {
    const equal: [unknown, unknown][] = [
      [Number.NaN, 0 / 0],
      [10n ** 30n, BigInt(`1${'0'.repeat(30)}`)],
      ['a'.repeat(3), 'aaa'],
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      [new Date(5), new Date(5)],
      [new Map([[{ a: 1 }, new Set([1])]]), new Map([[{ a: 1 }, new Set([1])]])],
      [new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
      [Object.assign(Object.create(null), { a: 1 }), Object.assign(Object.create(null), { a: 1 })],
      [runInNewContext('({ a: [1] })'), { a: [1] }],
    ]
    for (const [a, b] of equal) {
      expect(new Map([[keyOf([a]), true]]).get(keyOf([b]))).toBe(true)
      expect(keyOf([a, 1])).toBe(keyOf([b, 1]))
    }
  })

  it('do not depend on whether parts are shared', () => {
    const part = { x: 1 }
    expect(keyOf([[part, part]])).toBe(keyOf([[{ x: 1 }, { x: 1 }]]))
  })

  it.each([
    ['argument 0 is a function', [() => 1]],
    ['argument 1 is a symbol', [1, Symbol('s')]],
    ['argument 0 is a Promise', [Promise.resolve(1)]],
    ['argument 0 is an EventEmitter', [new EventEmitter()]],
    ['argument 0.user.socket is a Socket', [{ user: { socket: new (class Socket {})() } }]],
    ['argument 0.items[2].tags["no tag"] is a RegExp', [{ items: [1, 2, { tags: { 'no tag': /x/ } }] }]],
    ['argument 0.get(…).x is a URL', [new Map([['k', { x: new URL('http://localhost/') }]])]],
    ['argument 0 (a key of the Map) is a WeakMap', [new Map([[new WeakMap(), 1]])]],
    ['argument 0 (an item of the Set) is an Error', [new Set([new Error('x')])]],
    ['argument 0 is a Sub, a subclass of Date', [new (class Sub extends Date {})()]],
    ['argument 0 is a Sub, a subclass of Map', [new (class Sub extends Map {})()]],
    ['argument 0 is an instance of a subclass of Array', [new (class Sub extends Array {})()]],
    ['argument 0 is a Sub, a subclass of Uint8Array', [new (class Sub extends Uint8Array {})()]],
    ['argument 0 is a Uint8Array with properties of its own', [Object.assign(new Uint8Array(2), { scale: 1 })]],
    ['argument 0 is a Buffer with properties of its own', [Object.assign(Buffer.alloc(0), { scale: [1] })]],
    [
      'argument 0 is a DataView with properties of its own',
      [Object.assign(new DataView(new ArrayBuffer(1)), { x: 1 })],
    ],
    ['argument 0 is a Date with properties of its own', [Object.assign(new Date(0), { zone: 'UTC' })]],
    ['argument 0 is an array with properties of its own', ['abc'.match(/b/)]],
    ['argument 0 has properties that are symbols', [{ [Symbol('s')]: 1 }]],
    ['argument 0 has properties that are symbols or not enumerable', [Object.defineProperty({}, 'x', { value: 1 })]],
    ['argument 0 is a String', [Object('text')]],
    ['argument 0 is a Fake', [Object.create(class Fake {}.prototype)]],
  ])('are refused: %s', (message, args) => {
    expect(() => keyOf(args)).toThrow(expect.objectContaining({ code: 'ERR_UNKEYABLE_ARGUMENT' }))
    expect(() => keyOf(args)).toThrow(message)
    expect(() => keyOf(args)).toThrow('pass a "key" function')
  })

  it('are refused for what contains itself, is too deep or too large, in bounded time', () => {
    const cyclic: { self?: unknown; list: unknown[] } = { list: [] }
    cyclic.list.push({ back: cyclic })
    expect(() => keyOf([cyclic])).toThrow('argument 0.list[0].back contains itself')
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(() => keyOf([deep])).toThrow('is nested more than 500 levels deep')
    let bomb: unknown = 1
    for (let level = 0; level < 64; level++) bomb = [bomb, bomb]
    expect(() => keyOf([bomb])).toThrow('has more than 1000000 parts')
    const long = 'x'.repeat(10_000_000)
    expect(() => keyOf([Array(100).fill(long)])).toThrow('characters')
  })

  it('of a key function are its primitive or its list of primitives, and nothing else', () => {
    const parts = [1, '1', null, undefined, true, 1n, [1], ['1'], [], [1, 'a'], ['1,a'], '["1",]']
    expect(new Set(parts.map((part) => keyFromParts(part, 'f'))).size).toBe(parts.length)
    for (const wrong of [{ id: 1 }, [{ id: 1 }], [[1]], Symbol('s'), () => 1, new Date(0), Promise.resolve(1)]) {
      expect(() => keyFromParts(wrong, 'report')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_KEY' }))
      expect(() => keyFromParts(wrong, 'report')).toThrow(/^The "key" function of report returned .+: return a string/)
    }
    expect(() => keyFromParts(Promise.resolve(1), 'f')).toThrow('must not be asynchronous')
  })

  it('of large arguments are small, and still tell them apart', () => {
    const long = 'x'.repeat(10_000_000)
    const keys = [
      [long],
      [`${long}!`],
      [[long]],
      [long, 1],
      [{ long }],
      ['\ud800'.repeat(20_000)],
      ['\ud801'.repeat(20_000)],
    ].map(keyOf)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(String(key).length).toBeLessThan(200)
    expect(String(keyOf([10n ** 100_000n])).length).toBeLessThan(200)
    expect(keyOf([2n ** 63n])).toBe(keyOf([2n ** 63n]))
    expect(keyOf(['x'.repeat(10_000_000)])).toBe(keys[0])
    expect(showKey(keys[0] as string)).toMatch(/^…10000005 characters with the SHA-256 /)
    expect(() => keyOf(['x'.repeat(2 ** 27)])).toThrow('argument 0 has more than 67108864 characters')
    expect(() => keyOf([new Uint8Array(2 ** 27)])).toThrow('argument 0 has more than 67108864 characters')
  })

  it('of an object that holds a session are those of the object', () => {
    const request = { id: 1 }
    const key = keyOf([request])
    Session.of(request)
    expect(keyOf([request])).toBe(key)
  })

  it('can be shown to people', () => {
    expect(showKey(Number.NaN)).toBe('(NaN)')
    expect([keyOf(['eu']), keyOf(['eu', 2]), keyOf([]), keyOf([undefined])].map(showKey)).toEqual([
      '("eu")',
      '("eu",2)',
      '()',
      '(undefined)',
    ])
  })
})

/** Anything that has a key: values of all kinds, nested. */
const keyable = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withUnicodeString: true,
})

/** The reference: two values are the same argument when a slow, plain comparison says so. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (a instanceof Map || a instanceof Set) return same([...a], [...(b as Set<unknown>)])
  if (ArrayBuffer.isView(a)) return same(bytes(a), bytes(b as Uint8Array))
  const names = Object.keys(a).sort()
  if (!Object.is((a as unknown[]).length, (b as unknown[]).length) && Array.isArray(a)) return false
  if (JSON.stringify(names) !== JSON.stringify(Object.keys(b).sort())) return false
  return names.every((name) => same(Reflect.get(a, name), Reflect.get(b, name)))
}

function bytes(view: ArrayBufferView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]
}

describe('keys, by property', () => {
  const args = fc.array(keyable, { maxLength: 3 })
  const marks = fc.string({ unit: fc.constantFrom('"', '\\', ',', '(', ')', '[', ']', '\0', 'a', 'n', '1') })
  const forged = fc.array(fc.oneof(marks, fc.nat(2)), { maxLength: 4 })

  it('are equal if and only if the arguments are', () => {
    const holds = fc.property(args, args, (a, b) => {
      expect(Object.is(keyOf(a), keyOf(b))).toBe(same(a, b))
    })
    fc.assert(holds, { numRuns: 2000 })
  })

  it('are the same for a copy', () => {
    const holds = fc.property(args, (args) => {
      expect(keyOf(structuredCloneOf(args))).toBe(keyOf(args))
    })
    fc.assert(holds, { numRuns: 1000 })
  })

  it('cannot be forged by strings that look like written-out arguments', () => {
    const holds = fc.property(forged, forged, (a, b) => {
      expect(Object.is(keyOf(a), keyOf(b))).toBe(same(a, b))
      expect(Object.is(keyOf([a]), keyOf([b]))).toBe(same(a, b))
    })
    fc.assert(holds, { numRuns: 20_000 })
  })
})

/** A copy that keeps prototypes, which `structuredClone` does not. */
function structuredCloneOf(value: unknown): never {
  const copy = (item: unknown): unknown => {
    if (typeof item !== 'object' || item === null) return item
    if (item instanceof Date) return new Date(item)
    if (item instanceof Map) return new Map([...item].map(([k, v]) => [copy(k), copy(v)]))
    if (item instanceof Set) return new Set([...item].map(copy))
    if (ArrayBuffer.isView(item)) return structuredClone(item)
    if (Array.isArray(item)) return Object.assign(new Array(item.length), item.map(copy))
    const names = Object.keys(item).reverse()
    const target = Object.create(Object.getPrototypeOf(item))
    for (const name of names) {
      const property = { value: copy(Reflect.get(item, name)), enumerable: true, configurable: true, writable: true }
      Object.defineProperty(target, name, property)
    }
    return target
  }
  return copy(value) as never
}
