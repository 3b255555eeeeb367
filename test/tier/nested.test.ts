import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CacheEvent } from '../../src/index.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { World } from '../support/world.ts'

const store = new MemoryStore()
let world: World
let copies: LibraryCopy[]
let events: CacheEvent[] = []
let ends: (() => void)[]

beforeAll(async () => {
  copies = [await libraryCopy(store), await libraryCopy(store)]
})

let count = 0

beforeEach(() => {
  count++
  world = new World()
  store.texts.clear()
  store.leases.clear()
  store.before = async () => undefined
  events = []
  ends = copies.slice(0, 1).map(({ onCacheEvent }) => onCacheEvent((event) => void events.push(event)))
})

afterEach(() => {
  for (const end of ends) end()
  vi.restoreAllMocks()
})

type Part = (id: string) => Promise<{ id: string; version: number }>

/** In each process a part, and a page that is made of two of them. */
function pages(part: (library: LibraryCopy) => Part, ids: readonly [string, string] = ['a', 'b']) {
  const made = copies.map((library) => {
    const one = part(library)
    const page = library.versionedLruCache(
      async () => {
        world.steps.push('load page')
        return (await Promise.all(ids.map((id) => one(id)))).map(({ version }) => version)
      },
      { name: `page ${count}`, tier: library.tier, tierTimeout: 10_000 },
    )
    return { part: one, page }
  })
  return made as unknown as [(typeof made)[0], (typeof made)[0]]
}

const settled = () => vi.waitFor(() => expect(store.held).toBe(0))

const named =
  (options: object = {}) =>
  ({ versionedLruCache }: LibraryCopy) =>
    versionedLruCache(async (id: string) => world.load(id), {
      name: `part ${count}`,
      version: async (id: string) => world.check(id),
      ...options,
    })

describe('what was made of others', () => {
  it('is good in another process while the versions of these are', async () => {
    const [here, there] = pages(named())
    expect(await here.page()).toEqual([1, 1])
    await settled()
    world.take()
    expect(await there.page()).toEqual([1, 1])
    expect(world.take()).toEqual(['check a', 'check b'])
    expect(there.page.stats()).toMatchObject({ loads: 0, tier: { hits: 1 } })
    world.write('b')
    expect(await there.page()).toEqual([1, 2])
  })

  it('is loaded anew in another process when a part has moved', async () => {
    const [here, there] = pages(named())
    await here.page()
    await settled()
    world.write('b')
    expect(await there.page()).toEqual([1, 2])
    expect(there.page.stats()).toMatchObject({ loads: 1, tier: { hits: 0, misses: 1 } })
  })

  it('goes by what the session has pinned', async () => {
    const [here, there] = pages(named())
    await here.page()
    await settled()
    const [, { runInSession }] = copies as [LibraryCopy, LibraryCopy]
    await runInSession(async () => {
      await there.part('a')
      world.write('a')
      world.take()
      expect(await there.page()).toEqual([1, 1])
      expect(world.take()).toEqual(['check b'])
    })
  })

  it('is known as such to what is made of it in turn', async () => {
    const [here, there] = pages(named())
    const outer = ({ versionedLruCache }: LibraryCopy, page: () => Promise<number[]>) =>
      versionedLruCache(async () => `of ${await page()}`, { name: `outer ${count}` })
    const book = outer(copies[1] as LibraryCopy, there.page)
    await here.page()
    await settled()
    expect(await book()).toBe('of 1,1')
    world.write('a')
    expect(await book()).toBe('of 2,1')
  })

  it('is known by the versions of sources, which are found by their names', async () => {
    const [here, there] = pages(({ versionedLruCache, versionSource }) => {
      const source = versionSource({
        name: `rows ${count}`,
        readMany: async (ids: readonly string[]) => ids.map(world.check),
      })
      return versionedLruCache(async (id: string) => world.load(id), { name: `part ${count}`, version: source })
    })
    await here.page()
    await settled()
    world.take()
    expect(await there.page()).toEqual([1, 1])
    expect(world.take()).toEqual(['check a', 'check b'])
    world.write('a')
    expect(await there.page()).toEqual([2, 1])
  })

  it('is known by versions that were read by hand', async () => {
    const pagesOf = copies.map(({ versionedLruCache, versionSource, tier }) => {
      const source = versionSource({ name: `rows ${count}`, read: (id: string) => world.check(id) })
      return versionedLruCache(async () => [source.current('a'), world.load('a').load], { name: `page ${count}`, tier })
    })
    const [here, there] = pagesOf as [(typeof pagesOf)[0], (typeof pagesOf)[0]]
    const first = await here()
    await settled()
    expect(await there()).toEqual(first)
    world.write('a')
    expect(await there()).toEqual([2, 2])
  })

  it('carries arguments of all kinds', async () => {
    const day = new Date(5)
    const calls: unknown[] = []
    const [here, there] = copies.map(({ versionedLruCache, tier }) => {
      const part = versionedLruCache(async (at: Date, tags: Set<string>, n?: bigint) => [at.getTime(), tags.size, n], {
        name: `part ${count}`,
        version: (...args) => {
          calls.push(args)
          return 1
        },
      })
      return versionedLruCache(async () => part(day, new Set(['x']), 5n), { name: `page ${count}`, tier })
    }) as unknown as [() => Promise<unknown>, () => Promise<unknown>]
    await here()
    await settled()
    calls.length = 0
    expect(await there()).toEqual([5, 1, 5n])
    expect(calls).toEqual([[day, new Set(['x']), 5n]])
  })
})

describe('a part with a TTL alone', () => {
  it('lets what was made of it be good until then', async () => {
    let now = 1_800_000_000_000
    vi.spyOn(Date, 'now').mockImplementation(() => now)
    const [here, there] = pages(named({ version: undefined, ttl: 1000, clock: () => now }))
    await here.page()
    await settled()
    world.write('a')
    now += 998
    expect(await there.page()).toEqual([1, 1])
    now += 1
    expect(await there.page()).toEqual([2, 1])
  })

  it('or for ever', async () => {
    const [here, there] = pages(named({ version: undefined, ttl: Infinity }))
    await here.page()
    await settled()
    expect(await there.page()).toEqual([1, 1])
    expect(there.page.stats().loads).toBe(0)
  })
})

describe('a part that a process has invalidated', () => {
  it.each([1e9, Infinity])('outdates what another one has made of it before (ttl %s)', async (ttl) => {
    let now = 1_800_000_000_000
    vi.spyOn(Date, 'now').mockImplementation(() => now)
    const clock = ttl === Infinity ? undefined : () => now
    const [here, there] = pages(named({ version: () => 1, ttl, clock }))
    await here.page()
    await settled()
    now += 10
    world.write('a')
    ;(there.part as unknown as { invalidate(id: string): void }).invalidate('a')
    expect(await there.page()).toEqual([2, 1])
  })
})

describe('a part that was loaded before it was invalidated elsewhere', () => {
  it.each([1e9, Infinity])('outdates what was made of it afterwards (ttl %s)', async (ttl) => {
    let now = 1_800_000_000_000
    vi.spyOn(Date, 'now').mockImplementation(() => now)
    const clock = ttl === Infinity ? undefined : () => now
    const [here, there] = pages(named({ version: () => 1, ttl, clock }))
    await here.part('a')
    now += 10
    world.write('a')
    ;(there.part as unknown as { invalidate(id: string): void }).invalidate('a')
    now += 10
    expect(await here.page()).toEqual([1, 1])
    await settled()
    expect(await there.page()).toEqual([2, 1])
  })
})

describe('what another process cannot judge', () => {
  const unshared = (reason: RegExp) => {
    const told = events.filter(({ type }) => type === 'outputNotShared')
    expect(told).toEqual([
      { type: 'outputNotShared', name: `page ${count}`, key: '()', reason: expect.stringMatching(reason) },
    ])
  }

  it.each([
    ['a function without a name', { name: undefined }, /has no "name" that no other function has/],
    ['outputs that are compared', { equals: true }, /has "equals"/],
  ])('stays in the LRU, and is told of once: %s', async (_, options, reason) => {
    const [here] = pages(named(options))
    await here.page()
    await settled()
    store.leases.clear() // a minute later
    world.write('a')
    await here.page()
    await settled()
    expect(store.texts.size).toBe(0)
    expect(here.page.stats()).toMatchObject({ entries: 1, tier: { unshared: 2, writes: 0 } })
    unshared(reason)
  })

  it('stays in the LRU: two functions of one name', async () => {
    const [here] = pages((library) => {
      named()(library)
      return named()(library)
    })
    await here.page()
    await settled()
    unshared(/has no "name" that no other function has/)
  })

  it('stays in the LRU: two sources of one name', async () => {
    const [here] = pages(({ versionedLruCache, versionSource }) => {
      const sources = [1, 2].map(() =>
        versionSource({ name: `rows ${count}`, read: async (id: string) => world.check(id) }),
      )
      return versionedLruCache(async (id: string) => world.load(id), {
        name: `part ${count}`,
        version: sources[0] as never,
      })
    })
    await here.page()
    await settled()
    unshared(/several version sources of the name "rows/)
  })

  it('stays in the LRU: a method, and a version function with a "this"', async () => {
    const [{ versionedLruCache, tier }] = copies as [LibraryCopy]
    const parts = {
      at: 1,
      part: versionedLruCache(async () => 'part', {
        name: `part ${count}`,
        version(this: unknown) {
          return (this as { at: number }).at
        },
      }),
    }
    const page = versionedLruCache(async () => parts.part(), { name: `page ${count}`, tier })
    await page()
    await settled()
    unshared(/whose version function has a "this"/)
    const decorated = versionedLruCache({ version: () => 1, name: `method ${count}` })(async () => 'method', {
      kind: 'method',
      name: 'method',
    } as never) as unknown as () => Promise<string>
    const instance = { decorated }
    const other = versionedLruCache(async () => instance.decorated(), { name: `other ${count}`, tier })
    await other()
    await settled()
    expect(events.at(-1)).toMatchObject({ reason: expect.stringMatching(/a method, and no name tells which instance/) })
  })

  it('stays in the LRU: arguments that have changed since, or that no codec carries', async () => {
    const [{ versionedLruCache, tier }] = copies as [LibraryCopy]
    const part = versionedLruCache(async (query: { of: string }) => query.of, {
      name: `part ${count}`,
      version: () => 1,
    })
    const page = versionedLruCache(
      async () => {
        const query = { of: 'a' }
        const output = await part(query)
        query.of = 'b'
        return output
      },
      { name: `page ${count}`, tier },
    )
    await page()
    await settled()
    unshared(/whose arguments have changed/)
    const loose = versionedLruCache(async (_query: object) => 1, {
      name: `loose ${count}`,
      version: () => 1,
      key: () => 'x',
    })
    const other = versionedLruCache(async () => loose(new URL('http://x')), { name: `other ${count}`, tier })
    await other()
    await settled()
    expect(events.at(-1)).toMatchObject({ reason: expect.stringMatching(/is a URL/) })
  })

  it('is a miss: a function or a source that this process has not got, or has got otherwise', async () => {
    const [here] = copies as [LibraryCopy, LibraryCopy]
    const there = copies[1] as LibraryCopy
    const pageOf = ({ versionedLruCache, tier }: LibraryCopy, name: string, part: () => Promise<unknown>) =>
      versionedLruCache(async () => [await part(), world.load('page').load], { name, tier })
    const partOf = ({ versionedLruCache }: LibraryCopy, name: string, options: object = {}) =>
      versionedLruCache(async () => 'part', { name, version: () => 1, ...options })
    const none = { version: undefined }
    for (const [name, options, own] of [
      ['other name', {}, {}],
      ['no version', none, {}],
      ['a version', {}, none],
      ['other code', { codeVersion: '2' }, {}],
      ['other key', { key: () => 'k' }, {}],
      ['other key, no version', { key: () => 'k', ...none }, none],
    ] as const) {
      const [part, page] = [`part ${name} ${count}`, `page ${name} ${count}`]
      const mine = pageOf(here, page, partOf(here, part, own))
      const theirs = pageOf(there, page, partOf(there, name === 'other name' ? `${part} 2` : part, options))
      await mine()
      await settled()
      expect(await theirs(), name).not.toEqual(await mine())
      expect(theirs.stats(), name).toMatchObject({ loads: 1, tier: { misses: 1 } })
    }
    const source = here.versionSource({ name: `lone ${count}`, read: () => 1 })
    const mine = pageOf(here, `lone ${count}`, async () => source.current())
    const theirs = pageOf(there, `lone ${count}`, async () => 1)
    await mine()
    await settled()
    await theirs()
    expect(theirs.stats().tier).toMatchObject({ misses: 1, hits: 0 })
  })

  it('is a miss: more than "maxStamps" of this process', async () => {
    const [here, there] = pages(named())
    await here.page()
    await settled()
    const { versionedLruCache, tier } = await libraryCopy(store)
    const part = versionedLruCache(async (id: string) => world.load(id), {
      name: `part ${count}`,
      version: async () => 1,
    })
    const page = versionedLruCache(async () => [(await part('a')).version], {
      name: `page ${count}`,
      tier,
      maxStamps: 1,
    })
    expect(await page()).toEqual([1])
    expect(page.stats()).toMatchObject({ loads: 1 })
    expect(there.page.stats().loads).toBe(0)
  })
})

describe('an entry whose output cannot be read', () => {
  it('leaves nothing of what it was made of', async () => {
    const ids = ['a', 'b']
    const [here, there] = pages(named(), ids as [string, string])
    await here.page()
    await settled()
    ids.length = 1
    const { versionedLruCache } = copies[1] as LibraryCopy
    vi.spyOn(JSON, 'parse').mockImplementation((text) => (/"/.test(text) ? parse(text) : fail())) // the output has none
    const fail = (): never => {
      throw new Error('no such thing')
    }
    const outer = versionedLruCache(async () => (await there.page()).length, { name: `outer ${count}` })
    expect(await outer()).toBe(1)
    vi.restoreAllMocks()
    expect(there.page.stats()).toMatchObject({ loads: 1, tier: { refused: 1 } })
    world.take()
    await outer()
    expect(world.take()).toEqual(['check a'])
  })
})

const { parse } = JSON

describe('outputs that must not be kept', () => {
  it('are not written either', async () => {
    const [{ versionedLruCache, tier }] = copies as [LibraryCopy]
    const part = versionedLruCache(async () => world.load('x').load, { name: `part ${count}`, version: () => 1 })
    const page = versionedLruCache(
      async () => {
        void part() // not waited for
        return 1
      },
      { name: `page ${count}`, tier },
    )
    await page()
    await settled()
    expect(store.texts.size).toBe(0)
  })
})
