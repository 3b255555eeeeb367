import * as devalue from 'devalue'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { devalueCodec } from '../../src/integrations/redis.ts'
import { defaultCodec } from '../../src/tiers/codec.ts'

const codec = defaultCodec()
const carried = (output: unknown) => codec.parse(codec.stringify(output) as never)

class Money {
  amount = 1
}

describe('the default codec', () => {
  it.each<[string, unknown]>([
    ['primitives', [1, -0, NaN, Infinity, 5n, 'text', '\ud800', true, null, undefined]],
    ['undefined', undefined],
    ['holes', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['dates', [new Date(5), new Date(NaN)]],
    ['maps and sets', new Map<unknown, unknown>([[{ a: 1 }, new Set([1n, 'x'])]])],
    [
      'typed arrays',
      [new Uint8Array([1, 2]), new Float64Array([0.5, -0]), new BigInt64Array([5n]), new DataView(new ArrayBuffer(2))],
    ],
    ['a part of a buffer', new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
    ['bytes', new Uint8Array([1, 2, 3]).buffer],
    ['Buffers', [Buffer.from('text'), Buffer.alloc(0)]],
    ['objects without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['names of all kinds', { '': 1, 'a"b': 2, constructor: 3, toString: 4 }],
  ])('brings back what went in: %s', (_, output) => {
    expect(carried(output)).toStrictEqual(output)
  })

  it('brings back references, also in a circle', () => {
    const shared = { a: 1 }
    const output: { [name: string]: unknown } = { one: shared, two: shared }
    output['self'] = output
    const back = carried(output) as typeof output
    expect(back['one']).toBe(back['two'])
    expect(back['self']).toBe(back)
  })

  it('brings back anything plain', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      withUnicodeString: true,
    })
    fc.assert(
      fc.property(anything, (output) => {
        try {
          codec.stringify(output)
        } catch {
          return // refused: see below what is
        }
        expect(carried(output)).toStrictEqual(output)
      }),
      { numRuns: process.env['LONG'] ? 20_000 : 500 },
    )
  })

  it.each<[string, unknown, RegExp]>([
    ['instances of classes', { list: [new Money()] }, /^the output\.list\[0\] is a Money$/],
    ['functions', { a: { run() {} } }, /^the output\.a\.run is the function run$/],
    ['symbols', [Symbol('s')], /^the output\[0\] is Symbol\(s\)$/],
    ['promises', Promise.resolve(1), /is a Promise/],
    ['errors', new Error('x'), /is an Error/],
    ['regular expressions', /x/g, /is a RegExp/],
    ['URLs', new URL('http://x'), /is a URL/],
    ['boxed values', Object(1), /is a Number/],
    ['subclasses of arrays', new (class Rows extends Array {})(), /is an array/],
    ['subclasses of Map', new (class Index extends Map {})(), /is an Index that has more than a Map/],
    ['subclasses of Uint8Array', new (class Bytes extends Uint8Array {})(1), /is a Bytes/],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(1)), /is a Uint8Array/],
    [
      'bytes with properties',
      { a: Object.assign(new Uint8Array(2), { unit: 1 }) },
      /^the output\.a is a Uint8Array with properties of its own$/,
    ],
    [
      'Buffers with properties',
      Object.assign(Buffer.from('a'), { unit: 1 }),
      /is a Buffer with properties of its own$/,
    ],
    ['arrays with properties', Object.assign([1], { total: 1 }), /is an array with properties of its own/],
    ['dates with properties', Object.assign(new Date(5), { zone: 1 }), /has more than a Date/],
    ['symbols as names', { [Symbol('s')]: 1 }, /has properties that are symbols or not enumerable/],
    [
      'hidden properties',
      Object.defineProperty({}, 'a', { value: 1 }),
      /has properties that are symbols or not enumerable/,
    ],
    ['"__proto__"', JSON.parse('{"__proto__":1}'), /has a property "__proto__"/],
    ['keys of a Map', new Map([[new Money(), 1]]), /^the output \(a key of the Map\) is a Money$/],
    ['items of a Set', new Set([new Money()]), /^the output \(an item of the Set\) is a Money$/],
    ['what is very deep', nested(600), /is nested more than 500 levels deep$/],
  ])('refuses %s', (_, output, message) => {
    expect(() => codec.stringify(output)).toThrow(message)
  })

  it('carries what is far apart, in no more time than what is together', () => {
    const output: unknown[] = []
    output[4e9] = { a: 1 }
    const started = performance.now()
    const back = carried(output) as typeof output
    expect(performance.now() - started).toBeLessThan(1000)
    expect([back.length, back[4e9]]).toEqual([4e9 + 1, { a: 1 }])
    output[3e9] = new Money()
    expect(() => codec.stringify(output)).toThrow('the output[3000000000] is a Money')
  })

  it('carries what is deep', () => {
    expect(carried(nested(400))).toStrictEqual(nested(400))
  })

  it('never assigns a prototype, nor revives a class', () => {
    for (const text of ['[{"__proto__":1},{"isAdmin":2},true]', '[["null","__proto__",1],{"isAdmin":2},true]']) {
      expect(() => codec.parse(text as never)).toThrow('__proto__')
    }
    expect(() => codec.parse('[["Money",1],{}]' as never)).toThrow('Unknown type Money')
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    for (const text of ['[["RegExp","(a+)+$"]]', '[["URL","http://x"]]', '[["Object",1],5]']) {
      expect(() => codec.parse(text as never)).toThrow('it has an instance of')
    }
  })

  it('lets nothing out of a buffer but the part that an output shows of it', () => {
    const all = Buffer.from('a secret, and 12345678 numbers')
    const { buffer } = new Uint8Array(all)
    const parts = [new Uint8Array(buffer, 14, 8), new BigInt64Array(buffer, 8, 1), new DataView(buffer, 14, 2)]
    const text = codec.stringify(parts) as string
    for (const bytes of [all, all.subarray(0, 8)]) expect(text).not.toContain(bytes.toString('base64').slice(0, 8))
    expect(codec.parse(text as never)).toStrictEqual(parts)
  })

  it('makes no bytes of what is no text', () => {
    const texts = ['[["Buffer",1],[2],{"length":3},9]', '[["Part",1],[2,3],"Uint8Array",{"length":4},9]']
    for (const text of texts) expect(() => codec.parse(text as never)).toThrow('it has bytes that are no text')
    expect(() => codec.parse('[["Part",1],[2,3],"Array","AA=="]' as never)).toThrow('it has bytes of an unknown kind')
  })

  it('says so when its package is missing', () => {
    const missing = () => {
      throw new Error("Cannot find module 'devalue'")
    }
    expect(() => defaultCodec(missing)).toThrow(
      'A tier takes the package "devalue", which is not there: install it, or give another "codec", such as JSON.',
    )
  })

  it('is that of the package that is given, for programs that are bundled', () => {
    const given = devalueCodec(devalue)
    expect(given.stringify({ a: 1 })).toBe(codec.stringify({ a: 1 }))
  })
})

function nested(levels: number): unknown {
  let output: unknown = []
  for (let level = 0; level < levels; level++) output = [output]
  return output
}
