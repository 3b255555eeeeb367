import { deserialize, serialize } from 'node:v8'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CarriedStamp } from '../../src/core/carried-stamps.ts'
import { type Codec, defaultCodec } from '../../src/tiers/codec.ts'
import { EntryText, type TextSettings } from '../../src/tiers/entry-text.ts'

const SETTINGS: TextSettings = { codec: defaultCodec(), compressAbove: Infinity, secrets: [], maxEntrySize: 10_000 }
const ADDRESS = { name: 'report', codeVersion: undefined, key: 'eu' }
const ENTRY = { version: 7, readAt: 1_764_201_600_000, exact: false, stamps: [], output: { total: 42 }, lifetime: 1000 }

const texts = (settings: Partial<TextSettings> = {}) => new EntryText({ ...SETTINGS, ...settings })

async function carried(entry: Partial<typeof ENTRY>, address = ADDRESS, settings: Partial<TextSettings> = {}) {
  const text = texts(settings)
  const { output, ...header } = text.read(address, await text.write(address, { ...ENTRY, ...entry }))
  return { ...header, output: await output() }
}

const primitive = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true }),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, '\ud800', '\0("x")'),
)
const parts = fc.oneof(primitive, fc.array(primitive))
const source = fc.record(
  { source: fc.string(), value: parts, version: parts, exact: fc.boolean() },
  { noNullPrototype: true },
)
const call = fc.record(
  {
    call: fc.string(),
    codeVersion: fc.option(fc.string(), { nil: undefined }),
    key: primitive,
    args: fc.array(fc.anything({ withDate: true, withBigInt: true, maxDepth: 1 })),
    version: fc.option(fc.record({ version: parts }, { noNullPrototype: true }), { nil: undefined }),
    hasSources: fc.boolean(),
    readAt: fc.constantFrom(5, -Infinity),
    expiresAt: fc.constantFrom(5.5, Infinity),
    exact: fc.boolean(),
  },
  { noNullPrototype: true },
)

describe('an entry as text', () => {
  it('is read as it was written', async () => {
    expect(await carried({})).toEqual({
      version: 7,
      readAt: 1_764_201_600_000,
      exact: false,
      stamps: [],
      output: { total: 42 },
    })
  })

  it('is such that people can read it', async () => {
    const text = await texts({ codec: JSON }).write(ADDRESS, ENTRY)
    expect(text.split('\n').slice(1)).toEqual([
      '{"name":"report","key":"eu","version":7,"readAt":1764201600000}',
      '{"total":42}',
    ])
    expect(text).toMatch(/^vlc1 [\w-]{43}\n/)
  })

  it('has versions, keys and stamps of all kinds', async () => {
    await fc.assert(
      fc.asyncProperty(parts, primitive, fc.array(fc.array(fc.oneof(source, call))), async (version, key, stamps) => {
        const written = { version, exact: true, stamps } as unknown as typeof ENTRY
        const codec: Codec = { stringify: defaultCodecOfAnything.stringify, parse: defaultCodecOfAnything.parse }
        const back = await carried(written, { ...ADDRESS, key: key as string }, { maxEntrySize: 1e9, codec })
        expect(back).toStrictEqual({
          version,
          readAt: ENTRY.readAt,
          exact: true,
          stamps: stamps as unknown as CarriedStamp[][],
          output: ENTRY.output,
        })
      }),
      { numRuns: process.env['LONG'] ? 5000 : 200 },
    )
  })

  it('is refused when any byte of it is another one', async () => {
    const text = Buffer.from(await texts().write(ADDRESS, ENTRY))
    for (let at = 0; at < text.length; at++) {
      for (const flip of [1, 0x80]) {
        const damaged = Buffer.from(text)
        damaged[at] = (damaged[at] as number) ^ flip
        expect(() => texts().read(ADDRESS, damaged.toString()), `byte ${at}`).toThrow()
      }
    }
    for (let length = 0; length < text.length; length++) {
      expect(() => texts().read(ADDRESS, text.subarray(0, length).toString())).toThrow()
    }
  })

  it('is refused for any other call', async () => {
    const text = await texts().write(ADDRESS, ENTRY)
    for (const other of [{ name: 'reports' }, { codeVersion: '1' }, { key: 'us' }, { key: 5 }]) {
      expect(() => texts().read({ ...ADDRESS, ...other }, text)).toThrow('it is the entry of another call')
    }
  })

  it('is refused when somebody else has written it', async () => {
    expect(() => texts().read(ADDRESS, 'hello')).toThrow('it is not an entry of this format')
    expect(() => texts().read(ADDRESS, '')).toThrow('it is not an entry of this format')
    expect(() => texts().read(ADDRESS, 'vlc2 x\n{}\n')).toThrow('it is not an entry of this format')
    expect(() => texts().read(ADDRESS, 'vlc1 x\n{}\n')).toThrow('its digest is wrong')
    expect(() => texts().read(ADDRESS, 'vlc1\n{}\n')).toThrow('its digest is wrong')
  })
})

describe('a signed entry', () => {
  it('is refused without the secret, with another one, and where none is wanted', async () => {
    const signed = await texts({ secrets: ['one'] }).write(ADDRESS, ENTRY)
    const unsigned = await texts().write(ADDRESS, ENTRY)
    expect(() => texts().read(ADDRESS, signed)).toThrow('its digest is wrong')
    expect(() => texts({ secrets: ['two'] }).read(ADDRESS, signed)).toThrow('its digest is wrong')
    expect(() => texts({ secrets: ['one'] }).read(ADDRESS, unsigned)).toThrow('its digest is wrong')
    expect(
      await texts({ secrets: ['one'] })
        .read(ADDRESS, signed)
        .output(),
    ).toEqual({ total: 42 })
  })

  it('may be signed by any secret of the list, so that one can be replaced', async () => {
    const old = await texts({ secrets: ['one'] }).write(ADDRESS, ENTRY)
    const both = texts({ secrets: ['two', 'one'] })
    expect(both.read(ADDRESS, old).version).toBe(7)
    expect(() => texts({ secrets: ['one'] }).read(ADDRESS, 'vlc1 x\n{}\n')).toThrow()
    expect(texts({ secrets: ['two'] }).read(ADDRESS, await both.write(ADDRESS, ENTRY)).version).toBe(7)
  })
})

describe('a large output', () => {
  const large = { text: 'x'.repeat(5000) }

  it('is compressed above the threshold', async () => {
    const compressing = texts({ compressAbove: 1000 })
    const text = await compressing.write(ADDRESS, { ...ENTRY, output: large as never })
    expect(text.length).toBeLessThan(500)
    expect(await compressing.read(ADDRESS, text).output()).toEqual(large)
    expect(await texts().read(ADDRESS, text).output()).toEqual(large)
    expect(await texts().write(ADDRESS, { ...ENTRY, output: large as never })).toContain(large.text)
  })

  it.each([5000, 4970])('is not written when the entry gets too large, in bytes (%i characters)', async (length) => {
    const output = { text: 'é'.repeat(length) }
    await expect(texts().write(ADDRESS, { ...ENTRY, output: output as never })).rejects.toThrow(
      /^it takes 10\d{3} bytes, which is more than "maxEntrySize" \(10000\)$/,
    )
  })

  it('is not written when nobody would inflate it, however small it is', async () => {
    const output = { text: 'x'.repeat(11_000) }
    const compressing = texts({ compressAbove: 10 })
    await expect(compressing.write(ADDRESS, { ...ENTRY, output: output as never })).rejects.toThrow(
      /^it takes 11\d{3} bytes, which is more than "maxEntrySize" \(10000\)$/,
    )
  })

  it('is not inflated beyond what is allowed', async () => {
    const bomb = texts({ compressAbove: 10, maxEntrySize: 1e8 })
    const text = await bomb.write(ADDRESS, { ...ENTRY, output: { text: 'x'.repeat(1e7) } as never })
    expect(text.length).toBeLessThan(20_000)
    await expect(texts({ maxEntrySize: 20_000 }).read(ADDRESS, text).output()).rejects.toThrow(
      'its output cannot be read',
    )
    expect(deflateRawSync('x'.repeat(1e7)).length).toBeLessThan(20_000)
  })
})

describe('another codec', () => {
  it('may give bytes', async () => {
    const bytes: Codec = {
      stringify: (value) => Buffer.from(JSON.stringify(value)),
      parse: (given: Uint8Array) => JSON.parse(Buffer.from(given).toString()),
    }
    expect(await carried({}, ADDRESS, { codec: bytes })).toMatchObject({ output: { total: 42 } })
    const compressed = await carried({ output: { text: 'x'.repeat(100) } as never }, ADDRESS, {
      codec: bytes,
      compressAbove: 10,
    })
    expect(compressed).toMatchObject({ output: { text: 'x'.repeat(100) } })
    const stamp = { call: 'part', key: 1, args: [1], hasSources: false, readAt: 1, expiresAt: 2, exact: false }
    const { stamps } = await carried({ stamps: [[stamp]] as never }, ADDRESS, { codec: bytes })
    expect(stamps).toEqual([[stamp]])
  })

  it('may give bytes, also of the arguments of parts', async () => {
    const bytes: Codec = {
      stringify: (value) => serialize(value),
      parse: (given: Uint8Array) => deserialize(given),
    }
    const part = { call: 'part', codeVersion: undefined, key: 'eu', args: ['eu', new Date(5)], version: { version: 1 } }
    const stamps = [[{ ...part, hasSources: false, readAt: 1, expiresAt: 2, exact: false }]]
    expect(await carried({ stamps: stamps as never }, ADDRESS, { codec: bytes })).toMatchObject({ stamps })
  })

  it('may fail: then the output is not shared, or not taken', async () => {
    const failing: Codec = {
      stringify: JSON.stringify,
      parse: () => {
        throw new Error('no such thing')
      },
    }
    const text = await texts({ codec: failing }).write(ADDRESS, ENTRY)
    await expect(texts({ codec: failing }).read(ADDRESS, text).output()).rejects.toThrow(
      'its output cannot be read: no such thing',
    )
    await expect(texts({ codec: JSON }).write(ADDRESS, { ...ENTRY, output: 5n as never })).rejects.toThrow(
      'the codec cannot carry it: Do not know how to serialize a BigInt',
    )
  })

  it('may give something else than text: then the output is not shared', async () => {
    const codec = { stringify: () => undefined, parse: () => 1 } as unknown as Codec
    await expect(texts({ codec }).write(ADDRESS, ENTRY)).rejects.toThrow('the codec gave undefined')
  })

  it.each([Infinity, 1])(
    'may give half a character, which gets lost on the way: then the output is not shared',
    async (compressAbove) => {
      const codec = { stringify: String, parse: String } as Codec
      for (const half of ['\ud800', 'a\udc00b', '\ud800\ud83d\ude80']) {
        await expect(
          texts({ codec, compressAbove }).write(ADDRESS, { ...ENTRY, output: half as never }),
        ).rejects.toThrow('the codec gave text with half a character (a lone surrogate), which gets lost on the way')
      }
      expect(await carried({ output: 'a🚀' as never }, ADDRESS, { codec, compressAbove })).toMatchObject({
        output: 'a🚀',
      })
    },
  )

  it('that is damaged on the way, with a right digest, has a header that cannot be read', async () => {
    const failing: Codec = { stringify: () => '[', parse: JSON.parse }
    const stamps = [[{ call: 'part', args: [1], readAt: 1, expiresAt: 2, key: 1, hasSources: false, exact: false }]]
    const text = await texts({ codec: failing }).write(ADDRESS, { ...ENTRY, stamps: stamps as never })
    expect(() => texts({ codec: failing }).read(ADDRESS, text)).toThrow('its header cannot be read')
  })
})

/** For arguments that the strict one refuses, as tests make them. */
const defaultCodecOfAnything: Codec = {
  stringify: (value) => {
    held.push(value)
    return String(held.length - 1)
  },
  parse: (text: string) => held[Number(text)],
}
const held: unknown[] = []
