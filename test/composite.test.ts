import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  composite,
  counter,
  currentSession,
  InvalidOptionError,
  runInSession,
  type Version,
  type VersionSource,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'

const checks: string[] = []
const versions = new Map<string, Version>()

/** A source that says what it was asked for; every key that was not written has version 1. */
const asyncSource = (name: string) =>
  versionSource({
    name,
    readMany: async (keys: readonly (string | undefined)[]) => {
      checks.push(`${name} ${keys.join()}`)
      return keys.map((key) => versions.get(`${name} ${key}`) ?? 1)
    },
  })

function make() {
  checks.length = 0
  versions.clear()
  const orders = asyncSource('orders')
  const rates = asyncSource('rates')
  const both = composite({ name: 'both', sources: [orders, rates.of()] })
  const loads: string[] = []
  const load = (id: string) => loads.push(id)
  return { orders, rates, both, loads, load }
}

describe('a composite of version sources', () => {
  it('outdates what goes by it when any of its parts moves, and only for its key', async () => {
    const { both, load, loads } = make()
    const total = versionedLruCache(load, { version: both })
    const all = async () => {
      await Promise.all([total('a'), total('b')])
      return loads.splice(0)
    }
    expect(await all()).toEqual(['a', 'b'])
    expect(await all()).toEqual([])
    versions.set('orders a', 2)
    expect(await all()).toEqual(['a'])
    versions.set('rates ', 3).set('rates undefined', 3)
    expect(await all()).toEqual(['a', 'b'])
  })

  it('is checked once per session, key and part, however many functions and composites go by it', async () => {
    const { orders, both, load } = make()
    const total = versionedLruCache(load, { version: both })
    const pdf = versionedLruCache((_kind: string, id: string) => load(id), { version: both.of((_kind, id) => id) })
    const order = versionedLruCache(load, { version: [orders] })
    const other = versionedLruCache(load, { version: composite({ name: 'other', sources: [orders] }) })
    await runInSession(async () => {
      await Promise.all([total('a'), pdf('pdf', 'a'), order('a'), other('a'), both('a')])
      await pdf('html', 'a')
      expect(checks).toEqual(['orders a', 'rates '])
      expect(
        currentSession()
          ?.versions()
          .map(({ source }) => source),
      ).toEqual(['orders', 'rates'])
    })
    expect(both.stats()).toEqual({ checks: 2, checkErrors: 0, runningChecks: 0 })
  })

  it('can be part of another one, and of a list', async () => {
    const { both, orders, load, loads } = make()
    const notes = counter({ name: 'notes' })
    const outer = composite({ name: 'outer', sources: [notes.of(() => undefined), both.of((id: string) => `${id}!`)] })
    const page = versionedLruCache(load, { version: [outer, orders.of((id) => id)] })
    const changes = [() => notes.bump(), () => versions.set('orders a!', 2), () => versions.set('orders a', 2)]
    await page('a')
    for (const change of changes) {
      change()
      await page('a')
    }
    await page('a')
    expect(loads).toEqual(Array(4).fill('a'))
    expect(outer.stats().checks).toBe(15)
  })

  it('tells apart which of its parts has moved', async () => {
    const { both } = make()
    const first = await both('a')
    versions.set('orders a', 2)
    const second = await both('a')
    versions.clear()
    versions.set('rates ', 2).set('rates undefined', 2)
    expect(new Set([first, second, await both('a')]).size).toBe(3)
  })

  it('stays synchronous where all its parts are, and has the version of its only part', () => {
    const notes = counter({ name: 'notes' })
    const one = composite({ name: 'one', sources: [notes.of(() => undefined)] })
    const pair = composite({ name: 'pair', sources: [one, notes.of(() => 'a')] })
    const read = versionedLruCache((id: string) => id, { version: pair.of(() => undefined) })
    expect(read('a')).toBe('a')
    expect(one()).toEqual(notes())
  })

  it('has the key that its parts have, and a version that is promised if one of theirs is', () => {
    const sync = counter({ name: 'sync' })
    const orders = versionSource<string>({ name: 'orders', read: async () => 1 })
    const fixed = composite({ name: 'fixed', sources: [sync.of(() => 1), sync.of(() => 2)] })
    const mixed = composite({ name: 'mixed', sources: [sync.of(() => 1), orders] })
    expectTypeOf(fixed.of()).toEqualTypeOf<() => Version>()
    expectTypeOf(mixed).toEqualTypeOf<VersionSource<string, Promise<Version>>>()
    // @ts-expect-error: the key is a string
    versionedLruCache((id: number) => id, { version: mixed })
  })

  it('fails with the part that fails', async () => {
    const broken = versionSource({ name: 'broken', read: () => Promise.reject(new Error('no')) })
    const both = composite({ name: 'both', sources: [counter({ name: 'notes' }).of(() => 'a'), broken.of()] })
    await expect(both()).rejects.toThrow('no')
    expect(both.stats().checkErrors).toBe(1)
  })

  it.each<[unknown, string]>([
    [undefined, 'The options are undefined: give an object such as { name, sources }.'],
    [null, 'The options are null: give'],
    [{ name: 'a', parts: [] }, 'There is no option "parts". The options are "name", "sources".'],
    [{ sources: [] }, 'The option "name" is undefined: give a string that is not empty.'],
    [{ name: '' }, 'The option "name" is "" (a string): give a string'],
    [{ name: 'a', sources: [] }, 'The option "sources" is an array: give a list of version sources, at least one.'],
    [{ name: 'a', sources: 'b' }, 'The option "sources" is "b" (a string): give a list'],
    [{ name: 'a', sources: [() => 1] }, 'The list "sources" has a function in it: give version sources only'],
    [{ name: 'a', sources: [undefined] }, 'The list "sources" has undefined in it: give version sources only'],
  ])('is refused with what to do: %j', (options, message) => {
    const make = () => composite(options as never)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })
})
