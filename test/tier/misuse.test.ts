import Keyv from 'keyv'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CacheEvent } from '../../src/index.ts'
import { keyvTier } from '../../src/integrations/keyv.ts'
import { type Codec, redisTier } from '../../src/integrations/redis.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'

// What a server can do wrong is in redis-misuse.test.ts.

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))
const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: 5000, interval: 5 })

/** JavaScript has no types to stop it. */
const any = <T>(value: unknown): T => value as T

const store = new MemoryStore()
let here: LibraryCopy
let there: LibraryCopy
let events: CacheEvent[] = []
let endEvents: () => void
const unhandled: unknown[] = []
const note = (error: unknown) => void unhandled.push(error)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  here = await libraryCopy(store)
  there = await libraryCopy(store)
})
afterAll(() => void process.off('unhandledRejection', note))
beforeEach(() => {
  events = []
  endEvents = here.onCacheEvent((event) => void events.push(event))
})
afterEach(async () => {
  endEvents()
  await pause(2)
  expect(unhandled.splice(0)).toEqual([])
})

let count = 0
const newName = () => `misused ${++count}`

describe('a name', () => {
  const named = (name: unknown, options: object = {}) =>
    here.versionedLruCache(async () => 1, any({ name, version: () => 1, tier: here.tier, ...options }))

  it('has to be given with a tier', () => {
    const error = {
      code: 'ERR_INVALID_OPTION',
      message: '"tier" tells outputs apart by "name": give one that no other function has.',
    }
    expect(() => named(undefined)).toThrow(expect.objectContaining(error))
    expect(() => here.versionedLruCache({ tier: here.tier, key: () => 1 })).toThrow(expect.objectContaining(error))
    expect(() => named('')).toThrow('The option "name" is "" (a string): give a string that is not empty.')
  })

  it('is of one function with a tier alone, of whatever tier, and of as many without as you like', async () => {
    const name = newName()
    const first = named(name)
    const other = keyvTier(new Keyv(), { prefix: 'test' })
    for (const tier of [here.tier, other]) {
      expect(() => named(name, { tier })).toThrow(
        expect.objectContaining({
          code: 'ERR_DUPLICATE_NAME',
          message: expect.stringMatching(
            new RegExp(`with a tier and the name "${name}" already.*give this one another "name"`),
          ),
        }),
      )
    }
    for (let time = 0; time < 2; time++) here.versionedLruCache(async () => 1, { name, version: () => 1 })
    expect(await first()).toBe(1)
  })

  it('is free again when its function is gone', async () => {
    const name = newName()
    await (async () => {
      expect(await named(name)()).toBe(1)
    })()
    const again = await eventually(() => {
      globalThis.gc?.()
      return named(name)
    })
    expect(await again()).toBe(1)
  })

  it('may be of all kinds of characters, and long', async () => {
    for (const name of ['{a}:b c/\\"\n', 'Größe 東京 🚀', '\ud800', 'x'.repeat(10_000), '__proto__', '%7B']) {
      const first = named(name)
      await first()
      await eventually(() => expect(first.stats().tier).toMatchObject({ writes: 1, errors: 0 }))
      const other = there.versionedLruCache(async () => 2, { name, version: () => 1, tier: there.tier })
      expect(await other()).toBe(1)
    }
  })
})

describe('a decorated method with a tier', () => {
  const settings = () => ({ name: newName(), version: () => 1, tier: here.tier })
  const method = async function build() {
    return 1
  }
  const context = { kind: 'method', name: 'build', addInitializer() {}, access: { get: () => method } }
  const put = (options: object) => any<(...args: unknown[]) => unknown>(here.versionedLruCache(any<object>(options)))

  it('needs a key, that tells apart what its instances give', () => {
    const message =
      '"tier" is shared by all instances that have the method build: give a "key" that tells apart what they give.'
    const error = expect.objectContaining({ code: 'ERR_INVALID_OPTION', message })
    expect(() => put(settings())(method, context)).toThrow(error)
    expect(() => put(settings())({}, 'build', { value: method })).toThrow(error)
    expect(put({ ...settings(), key: () => 1 })(method, context)).toBeTypeOf('function')
  })

  it('needs a name that no other one has', () => {
    const options = { ...settings(), key: () => 1 }
    const decorator = put(options)
    const first = decorator(method, context)
    expect(() => put(options)(method, context)).toThrow(expect.objectContaining({ code: 'ERR_DUPLICATE_NAME' }))
    expect(() => decorator(method, context)).toThrow(expect.objectContaining({ code: 'ERR_DUPLICATE_NAME' }))
    expect(first).toBeTypeOf('function')
  })
})

describe('options', () => {
  const client = { eval: async () => null, evalSha: async () => null }
  const codec = JSON as Codec

  it.each<[string, unknown, string]>([
    ['tier', null, 'The option "tier" is null: give what redisTier or keyvTier gives.'],
    ['tier', {}, 'The option "tier" is an object: give what redisTier or keyvTier gives.'],
    ['tier', 'redis', 'The option "tier" is "redis" (a string): give what redisTier or keyvTier gives.'],
    ['tier', client, 'The option "tier" is an object: give what'],
    ['tier', new Keyv(), 'The option "tier" is a Keyv: give what'],
    ['tier', redisTier, 'The option "tier" is the function redisTier: give what'],
    ['tier', Promise.resolve(1), 'The option "tier" is a Promise: give what'],
    [
      'tierTimeout',
      0,
      'The option "tierTimeout" is 0: give a number of milliseconds from 1 to 2147483647, or Infinity for none.',
    ],
    ['tierTimeout', '100', 'The option "tierTimeout" is "100" (a string): give a number of'],
    ['tierTimeout', 2 ** 31, 'The option "tierTimeout" is 2147483648: give a number of'],
    ['codeVersion', '', 'The option "codeVersion" is "" (a string): give a string that is not empty.'],
    ['codeVersion', 2, 'The option "codeVersion" is 2: give a string that is not empty.'],
  ])('of a cached function are checked when it is wrapped: %s: %o', (option, value, message) => {
    const options = { name: newName(), version: () => 1, tier: here.tier, [option]: value }
    const error = expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(message) })
    expect(() => here.versionedLruCache(async () => 1, any(options))).toThrow(error)
    const free = here.versionedLruCache(async () => 1, { name: options.name, tier: here.tier }) // the name was not taken
    expect(free).toBeTypeOf('function')
  })

  it.each<[string, unknown, string]>([
    [
      'prefix',
      undefined,
      'The option "prefix" of a tier is undefined: give the name of your application, without braces.',
    ],
    ['prefix', '', 'The option "prefix" of a tier is "" (a string): give the name of'],
    ['prefix', 'a{b}', 'The option "prefix" of a tier is "a{b}" (a string): give the name of'],
    ['prefix', 5, 'The option "prefix" of a tier is 5: give the name of'],
    ['name', '', 'The option "name" of a tier is "" (a string): give a string that is not empty.'],
    [
      'codec',
      'json',
      'The option "codec" of a tier is "json" (a string): give an object with "stringify" and "parse".',
    ],
    ['codec', { stringify: JSON.stringify }, 'The option "codec" of a tier is an object: give an object with'],
    ['codec', JSON.stringify, 'The option "codec" of a tier is the function stringify: give an object with'],
    ['compressAbove', -1, 'The option "compressAbove" of a tier is -1: give a number of bytes, or Infinity for never.'],
    ['compressAbove', '1kb', 'The option "compressAbove" of a tier is "1kb" (a string): give a number of bytes'],
    [
      'secret',
      '',
      'The option "secret" of a tier is "" (a string): give a string that is not empty, or a list of some.',
    ],
    ['secret', [], 'The option "secret" of a tier is an array: give a string'],
    ['secret', ['new', ''], 'The option "secret" of a tier is an array: give a string'],
    ['secret', Buffer.from('x'), 'The option "secret" of a tier is a Buffer: give a string'],
    ['maxEntrySize', 0, 'The option "maxEntrySize" of a tier is 0: give a whole number of bytes, at least 1.'],
    ['maxEntrySize', Infinity, 'The option "maxEntrySize" of a tier is Infinity: give a whole number of bytes'],
    ['maxClockSkew', -1, 'The option "maxClockSkew" of a tier is -1: give a number of milliseconds, 0 for none.'],
    ['maxClockSkew', NaN, 'The option "maxClockSkew" of a tier is NaN: give a number of milliseconds'],
    ['lease', 0, 'The option "lease" of a tier is 0: give a whole number of milliseconds'],
    ['lease', 0.5, 'The option "lease" of a tier is 0.5: give a whole number of milliseconds'],
    ['lease', '5s', 'The option "lease" of a tier is "5s" (a string): give a whole number of milliseconds'],
    ['lease', 2 ** 31, 'The option "lease" of a tier is 2147483648: give a whole number of milliseconds'],
    ['leaseWait', -1, 'The option "leaseWait" of a tier is -1: give a number of milliseconds.'],
    ['leaseWait', Infinity, 'The option "leaseWait" of a tier is Infinity: give a number of milliseconds.'],
    [
      'ttl',
      5,
      'There is no option "ttl". The options are "prefix", "name", "codec", "compressAbove", "secret", "maxEntrySize", "maxClockSkew", "lease", "leaseWait".',
    ],
  ])('of a tier are checked when it is made: %s: %o', (option, value, message) => {
    const options = any<{ prefix: string }>({ prefix: 'shop', codec, [option]: value })
    const error = expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(message) })
    expect(() => redisTier(client, options)).toThrow(error)
    if (!option.startsWith('lease') && option !== 'ttl') expect(() => keyvTier(new Keyv(), options)).toThrow(error)
  })

  it('have to be there', () => {
    for (const [options, what] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['shop', '"shop" (a string)'],
    ] as const) {
      expect(() => redisTier(client, any(options))).toThrow(
        `The options are ${what}: give an object such as { prefix: 'shop' }.`,
      )
    }
  })

  it('of leases are none of a Keyv', () => {
    for (const option of ['lease', 'leaseWait']) {
      expect(() => keyvTier(new Keyv(), any({ prefix: 'shop', [option]: 5000 }))).toThrow(
        `There is no option "${option}".`,
      )
    }
  })

  it.each<[unknown, string]>([
    [undefined, 'The client is undefined'],
    [null, 'The client is null'],
    ['redis://127.0.0.1', 'The client is "redis://127.0.0.1" (a string)'],
    [{}, 'The client is an object'],
    [new Keyv(), 'The client is a Keyv'],
    [{ eval() {} }, 'The client is an object'],
    [{ eval() {}, evalsha() {} }, 'The client is an object'], // such as redis 3, which takes callbacks
  ])('come after a client: not %o', (given, message) => {
    expect(() => redisTier(any(given), { prefix: 'shop' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: `${message}: give one of "redis" or "ioredis".` }),
    )
  })

  it.each<[unknown, string]>([
    [undefined, 'The first argument is undefined: give a Keyv.'],
    [{ get() {} }, 'The first argument is an object: give a Keyv.'],
    ['redis://127.0.0.1', 'The first argument is "redis://127.0.0.1" (a string): give a Keyv.'],
  ])('come after a Keyv: not %o', (given, message) => {
    expect(() => keyvTier(any(given), { prefix: 'shop' })).toThrow(expect.objectContaining({ message }))
  })
})

class Money {
  amount = 1
}

const throwing = (): never => {
  throw new Error('mean')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('an output that cannot be carried', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'an instance of a class',
      () => new Money(),
      /^the codec cannot carry it: the output is a Money$|^the output is a Money$/,
    ],
    ['one deep inside', () => ({ a: [new Map([['b', new Money()]])] }), /the output\.a\[0\]\.get\(…\) is a Money/],
    ['a function', () => throwing, /the output is the function throwing/],
    ['a symbol', () => Symbol('s'), /the output is Symbol\(s\)/],
    ['a promise', () => ({ later: Promise.resolve(1) }), /the output\.later is a Promise/],
    ['a Proxy of an instance', () => new Proxy(new Money(), {}), /the output is a Money/],
    ['a Proxy that throws', () => new Proxy({}, { ownKeys: throwing }), /mean/],
    ['a Proxy that is revoked', () => ({ a: revoked() }), /revoked/],
    ['a getter that throws', () => ({ get total() { return throwing() } }), /mean/], // biome-ignore format: one line
    ['a getter that throws nothing', () => ({ get total() { throw undefined } }), /undefined/], // biome-ignore format: one line
    [
      'what is too deep',
      () => Array.from({ length: 600 }).reduce((inner) => [inner], {}),
      /nested more than 500 levels/,
    ],
    ['a WeakMap', () => new WeakMap(), /is a WeakMap/],
    ['a Response', () => new Response('x'), /is a Response/],
    [
      'what is too large',
      () => 'x'.repeat(5_000_000),
      /it takes 50\d+ bytes, which is more than "maxEntrySize" \(4194304\)/,
    ],
  ])('stays in the LRU: %s', async (_, make, reason) => {
    await expectUnshared(here, make, reason)
  })

  it.each<[string, unknown, RegExp]>([
    ['throws', throwing, /the codec cannot carry it: mean/],
    ['throws nothing', () => { throw undefined }, /the codec cannot carry it/], // biome-ignore format: one line
    ['gives a number', () => 5, /the codec gave 5 for it, which is neither a string nor bytes/],
    ['gives nothing', () => undefined, /the codec gave undefined/],
    ['gives a promise', async () => 'text', /the codec gave a Promise/],
    ['gives a promise that fails', async () => throwing(), /the codec gave a Promise/],
    ['gives bytes of another kind', () => new ArrayBuffer(1), /the codec gave an ArrayBuffer/],
  ])('stays in the LRU: the codec %s', async (_, stringify, reason) => {
    const library = await libraryCopy(store, { codec: any<Codec>({ stringify, parse: JSON.parse }) })
    await expectUnshared(library, () => ({ a: 1 }), reason)
  })

  async function expectUnshared(library: LibraryCopy, make: () => unknown, reason: RegExp): Promise<void> {
    const name = newName()
    store.texts.clear()
    const cached = library.versionedLruCache(async (_id: number) => make(), {
      name,
      version: () => 1,
      tier: library.tier,
    })
    const first = await cached(1)
    expect(await cached(1)).toBe(first)
    await cached(2)
    await eventually(() => expect(cached.stats().tier?.unshared).toBe(2))
    expect(cached.stats()).toMatchObject({ loads: 2, hits: 1, entries: 2, tier: { writes: 0, errors: 0 } })
    expect(events).toEqual([{ type: 'outputNotShared', name, key: '(1)', reason: expect.stringMatching(reason) }])
    expect(store.texts.size).toBe(0)
  }
})

describe('an entry that cannot be taken', () => {
  const good = { stringify: JSON.stringify, parse: JSON.parse } as Codec

  it.each<[string, unknown]>([
    ['throws', throwing],
    ['gives a promise', async (text: string) => JSON.parse(text)],
    ['gives a promise that fails', async () => throwing()],
    ['gives a promise that is never kept', () => new Promise(() => {})],
  ])('is refused, and the call goes on: the codec %s', async (_, parse) => {
    const name = newName()
    const writer = await libraryCopy(store, { codec: good })
    const reader = await libraryCopy(store, { codec: any<Codec>({ ...good, parse }) })
    const wrap = ({ versionedLruCache, tier }: LibraryCopy) =>
      versionedLruCache(async () => ({ a: 1 }), { name, version: () => 1, tier })
    const written = wrap(writer)
    await written()
    await eventually(() => expect(written.stats().tier?.writes).toBe(1))
    const read = wrap(reader)
    expect(await Promise.race([read(), pause(1000)])).toEqual({ a: 1 })
    expect(read.stats()).toMatchObject({ loads: 1, tier: { hits: 0, refused: 1 } })
    expect(events).toEqual([
      { type: 'entryRefused', name, key: '()', reason: expect.stringMatching(/^its output cannot be read: /) },
    ])
  })

  /** What was made of a part by code that calls that in another way. */
  it.each<[string, object]>([
    ['the key of a part', { key: (part: { id: string }) => part.id.trim() }],
    ['the version of a part', { version: (part: { id: string }) => part.id.length }],
    ['the version of a part, later', { version: async (part: { id: string }) => part.id.length }],
  ])('is a miss, and the call goes on: %s fails with what the entry says', async (_, options) => {
    const [name, partName] = [newName(), newName()]
    const oldPart = here.versionedLruCache(async (id: string) => id, {
      name: partName,
      version: () => 2,
      key: (id) => id,
    })
    const old = here.versionedLruCache(() => oldPart('eu'), { name, version: () => 1, tier: here.tier })
    await old()
    await eventually(() => expect(old.stats().tier?.writes).toBe(1))
    const part = there.versionedLruCache(async ({ id }: { id: string }) => id, {
      name: partName,
      version: () => 2,
      ...any<object>(options),
    })
    const cached = there.versionedLruCache(() => part({ id: 'eu' }), { name, version: () => 1, tier: there.tier })
    expect(await cached()).toBe('eu')
    expect(cached.stats()).toMatchObject({ loads: 1, tier: { hits: 0 } })
  })

  it('is a miss, and the call goes on: the TTL of it cannot be told', async () => {
    const name = newName()
    const old = here.versionedLruCache(async () => any<{ ttl: { ms: number } }>('old'), {
      name,
      version: () => 1,
      tier: here.tier,
    })
    await old()
    await eventually(() => expect(old.stats().tier?.writes).toBe(1))
    const cached = there.versionedLruCache(async () => ({ ttl: { ms: 1000 } }), {
      name,
      version: () => 1,
      tier: there.tier,
      ttl: ({ ttl }) => ttl.ms,
    })
    expect(await cached()).toEqual({ ttl: { ms: 1000 } })
    expect(cached.stats()).toMatchObject({ loads: 1, tier: { hits: 0, refused: 1 } })
    const reason = expect.stringMatching(/^it cannot be judged: .*ms/)
    expect(events).toEqual([{ type: 'entryRefused', name, key: '()', reason }])
  })
})
