import { describe, expect, it } from 'vitest'
import { versionedLruCache } from '../src/index.ts'
import { MODES, shaped } from './support/world.ts'

const SHARED = /This output is shared by all who ask for it, and frozen: change a copy of it/

class Invoice {
  lines = [{ price: 1 }]
  #paid = false

  pay(): boolean {
    this.#paid = !this.#paid
    return this.#paid
  }
}

describe.each(MODES)('freeze: a $loader loader with a $version version function', (mode) => {
  const freezing = <T>(make: () => T) =>
    versionedLruCache(shaped(mode.loader, make), { version: shaped(mode.version, () => 1), freeze: true })

  it('keeps one caller from changing what another gets, at any depth', async () => {
    const symbol = Symbol('s')
    const output = await freezing(() => ({
      list: [{ n: 1 }],
      map: new Map([[{ k: 1 }, { v: 1 }]]),
      set: new Set([{ i: 1 }]),
      date: new Date(0),
      invoice: new Invoice(),
      nothing: Object.assign(Object.create(null), { x: 1 }),
      [symbol]: { n: 1 },
    }))()
    const [key, value] = [...output.map][0] as [{ k: number }, { v: number }]
    const [item] = output.set
    const changes: (() => unknown)[] = [
      () => (output.list = []),
      () => output.list.push({ n: 2 }),
      () => ((output.list[0] as { n: number }).n = 2),
      () => (key.k = 2),
      () => (value.v = 2),
      () => ((item as { i: number }).i = 2),
      () => ((output.invoice.lines[0] as { price: number }).price = 2),
      () => (output.invoice.lines = []),
      () => (output.nothing.x = 2),
      () => (output[symbol].n = 2),
    ]
    for (const change of changes) expect(change, String(change)).toThrow(TypeError)
    for (const change of [
      () => output.map.set({ k: 2 }, { v: 2 }),
      () => output.map.delete(key),
      () => output.map.clear(),
      () => output.set.add({ i: 2 }),
      () => output.set.clear(),
      () => output.date.setFullYear(2000),
      () => output.date.setTime(5),
    ]) {
      expect(change, String(change)).toThrow(SHARED)
    }
    expect([output.map.size, output.set.size, output.date.getTime(), output.map.get(key)]).toEqual([1, 1, 0, { v: 1 }])
    expect(output.invoice.pay()).toBe(true) // what is private stays as it was
  })

  it('leaves primitives, functions and getters alone', async () => {
    for (const output of [1, 'x', null, undefined]) expect(await freezing(() => output)()).toBe(output)
    let asked = 0
    const lazy = Object.defineProperty({ call: () => 1 }, 'later', { enumerable: true, get: () => ++asked })
    expect((await freezing(() => lazy)()).call()).toBe(1)
    expect(asked).toBe(0)
  })

  it('copes with circles, great depth and what is frozen already', async () => {
    const circle: { self?: unknown; inner: object } = Object.freeze({ inner: { x: 1 } })
    let deep: { next?: unknown } = {}
    for (let level = 0; level < 100_000; level++) deep = { next: deep }
    const loop: { me?: unknown } = {}
    loop.me = loop
    const output = await freezing(() => ({ circle, deep, loop, map: Object.freeze(new Map([[1, { x: 1 }]])) }))()
    expect(
      [output.circle.inner, output.deep, output.deep.next, output.loop, output.map.get(1)].every(Object.isFrozen),
    ).toBe(true)
  })

  it.each([
    ['the output.rows[1].photo is a Buffer', () => ({ rows: [{}, { photo: Buffer.from('x') }] })],
    ['the output is a Uint8Array', () => new Uint8Array(1)],
    ['the output.get(…) is an ArrayBuffer', () => new Map([[1, new ArrayBuffer(1)]])],
    ['the output (an item of the Set) is a DataView', () => new Set([new DataView(new ArrayBuffer(1))])],
  ])('refuses what cannot be frozen, and freezes nothing then: %s', async (message, make) => {
    const made: unknown[] = []
    const cached = freezing(() => {
      const output = make()
      made.push(output)
      return output
    })
    const failed = (async () => cached())()
    await expect(failed).rejects.toThrow(message)
    await expect(failed).rejects.toMatchObject({ code: 'ERR_UNFREEZABLE_OUTPUT' })
    expect(Object.isFrozen(made[0])).toBe(false)
    expect(cached.stats()).toMatchObject({ entries: 0, runningLoads: 0 })
  })
})
