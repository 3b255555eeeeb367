import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'

const SKEW = 100

const store = new MemoryStore()
let a: LibraryCopy
let b: LibraryCopy
let loads: number
let now: number

beforeAll(async () => {
  a = await libraryCopy(store, { maxClockSkew: SKEW })
  b = await libraryCopy(store, { maxClockSkew: SKEW })
})

beforeEach(() => {
  loads = 0
  now = 1_800_000_000_000
  store.texts.clear()
  store.leases.clear()
  store.lifetimes.length = 0
  store.before = async () => undefined
  vi.spyOn(Date, 'now').mockImplementation(() => now)
})

afterEach(() => void vi.restoreAllMocks())

let count = 0

function counted({ versionedLruCache, tier }: LibraryCopy, options: object = {}) {
  return versionedLruCache(async (_id: string) => ({ load: ++loads }), {
    name: `counted ${count}`,
    version: () => 1,
    ttl: 1000,
    clock: () => now,
    tier,
    tierTimeout: 10_000,
    ...options,
  })
}

function inBoth(options: object = {}) {
  count++
  return [counted(a, options), counted(b, options)] as const
}

/** The other process has begun to load, and ends when it is told to. */
async function loadingThere() {
  count++
  const { promise, open } = gate<number>()
  const slow = b.versionedLruCache(() => promise, { name: `counted ${count}`, version: () => 1, tier: b.tier })
  const loading = slow()
  await vi.waitFor(() => expect(store.leases.size).toBe(1))
  return { slow, loading, open: () => open(1) }
}

const settled = () => vi.waitFor(() => expect(store.held).toBe(0))

describe('the TTL of what another process has loaded', () => {
  it('counts from when its version was read, less the skew that clocks may have and a part of a millisecond', async () => {
    for (const [age, loaded] of [
      [898, 1],
      [899, 2],
    ] as const) {
      loads = 0
      const [here, there] = inBoth()
      await here('x')
      await settled()
      now += age
      expect(await there('x')).toEqual({ load: loaded })
    }
  })

  it('goes on counting in the LRU', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    now += 500
    await there('x')
    now += 398
    expect(await there('x')).toEqual({ load: 1 })
    expect(there.stats().hits).toBe(1)
    now += 1
    expect(await there('x')).toEqual({ load: 2 })
  })

  it('is that of the process that reads, and may depend on the output', async () => {
    count++
    const here = counted(a, { ttl: Infinity })
    const there = counted(b, { ttl: ({ load }: { load: number }) => load * 500 })
    await here('x')
    await settled()
    now += 398
    expect(await there('x')).toEqual({ load: 1 })
    const late = counted(await libraryCopy(store, { maxClockSkew: SKEW }), {
      ttl: ({ load }: { load: number }) => load * 500,
    })
    now += 1
    expect(await late('x')).toEqual({ load: 2 })
    expect(here.stats().loads).toBe(1)
  })

  it('is what the store is told of, as far as it has not run yet', async () => {
    count++
    const slow = a.versionedLruCache(async () => (now += 300), {
      name: `slow ${count}`,
      version: () => 1,
      ttl: 1000,
      clock: () => now,
      tier: a.tier,
    })
    await slow()
    await settled()
    expect(store.lifetimes).toEqual([700])
  })

  it('counts while a load takes long', async () => {
    count++
    const load = async () => {
      now += 300
      return ++loads
    }
    const slow = (library: LibraryCopy) =>
      library.versionedLruCache(load, {
        name: `slow ${count}`,
        version: () => 1,
        ttl: 1000,
        clock: () => now,
        tier: library.tier,
      })
    const [here, there] = [slow(a), slow(b)]
    await here()
    await settled()
    now += 598
    expect(await there()).toBe(1)
    const late = slow(await libraryCopy(store, { maxClockSkew: SKEW }))
    now += 1
    expect(await late()).toBe(2)
  })

  it('for ever is for ever', async () => {
    const [here, there] = inBoth({ ttl: Infinity })
    await here('x')
    await settled()
    expect(store.lifetimes).toEqual([Infinity])
    now += 1e12
    expect(await there('x')).toEqual({ load: 1 })
  })

  it('of more milliseconds than a store can count is for ever', async () => {
    const [here] = inBoth({ ttl: Number.MAX_VALUE })
    await here('x')
    await settled()
    expect(store.lifetimes).toEqual([Infinity])
  })

  it('that has run when the load ends is not written', async () => {
    const [here] = inBoth({ ttl: () => -1 })
    await here('x')
    await settled()
    expect(store.texts.size).toBe(0)
  })

  it('of what is yet to come, nobody can tell', async () => {
    for (const [ahead, loaded] of [
      [SKEW, 1],
      [SKEW + 1, 2],
    ] as const) {
      loads = 0
      const [here, there] = inBoth()
      await here('x')
      await settled()
      now -= ahead
      expect(await there('x')).toEqual({ load: loaded })
    }
  })
})

describe('after invalidate', () => {
  it('nobody finds what the tier had', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    here.invalidate('x')
    expect(await there('x')).toEqual({ load: 2 })
  })

  it('the process itself refuses what is older, also when the tier still has it', async () => {
    const [here, there] = inBoth()
    await there('x')
    await settled()
    const kept = new Map(store.texts)
    now += 10
    here.invalidate('x')
    for (const [key, text] of kept) store.texts.set(key, text) // restored from a copy
    expect(await here('x')).toEqual({ load: 2 })
  })

  it('takes what was loaded later, and by more than the clocks may differ', async () => {
    for (const [later, loaded] of [
      [SKEW, 2],
      [SKEW + 1, 1],
    ] as const) {
      loads = 0
      const [here, there] = inBoth()
      here.invalidate('x')
      now += later
      await there('x')
      await settled()
      expect(await here('x')).toEqual({ load: loaded })
    }
  })

  it('what another process was about to load is not written', async () => {
    const { slow, loading, open } = await loadingThere()
    const here = counted(a)
    ;(here as unknown as { invalidate(): void }).invalidate()
    await vi.waitFor(() => expect(store.steps.at(-1)).toBe('remove'))
    open()
    await loading
    await settled()
    expect(store.texts.size).toBe(0)
    expect(slow.stats().tier).toMatchObject({ writes: 0 })
  })

  it('what this process was about to load is not written', async () => {
    const { slow, loading, open } = await loadingThere()
    slow.invalidate()
    open()
    await loading
    await settled()
    expect(store.texts.size).toBe(0)
    expect(slow.stats()).toMatchObject({ overtaken: 1, tier: { writes: 0 } })
  })
})

describe('a newer output', () => {
  it('is not written over by an older one of the same process', async () => {
    count++
    let version = 1
    const opens: (() => void)[] = []
    const slow = a.versionedLruCache(
      (): Promise<string> => {
        const loaded = `of version ${version}`
        return new Promise((resolve) => void opens.push(() => resolve(loaded)))
      },
      { name: `slow ${count}`, version: () => version, tier: a.tier },
    )
    const first = slow()
    await vi.waitFor(() => expect(opens.length).toBe(1))
    version = 2
    const second = slow()
    await vi.waitFor(() => expect(opens.length).toBe(2))
    opens[1]?.()
    await second
    await vi.waitFor(() => expect(store.texts.size).toBe(1))
    opens[0]?.()
    await first
    await settled()
    expect([...store.texts.values()][0]).toContain('of version 2')
  })
})

describe('clear', () => {
  it('makes the process refuse all that is older', async () => {
    const [here, there] = inBoth()
    await there('x')
    await settled()
    now += 10
    here.clear()
    expect(await here('x')).toEqual({ load: 2 })
  })
})

describe('refresh', () => {
  it('takes what the tier has away, when another process has the lease', async () => {
    const { loading, open } = await loadingThere()
    const here = counted(a)
    expect(await (here as unknown as { refresh(): Promise<unknown> }).refresh()).toEqual({ load: 1 })
    await vi.waitFor(() => expect(store.steps.at(-1)).toBe('remove'))
    open()
    await loading
    await settled()
    expect(store.texts.size).toBe(0)
  })
})

describe('refresh, of what cannot be carried', () => {
  it('takes what the tier has away as well', async () => {
    count++
    let output: unknown = 'old'
    const wrap = ({ versionedLruCache, tier }: LibraryCopy) =>
      versionedLruCache(async () => output, { name: `counted ${count}`, tier, tierTimeout: 10_000 })
    const [here, there] = [wrap(a), wrap(b)]
    await here()
    await settled()
    output = new URL('http://new')
    await here.refresh()
    await vi.waitFor(() => expect(store.texts.size).toBe(0))
    expect(await there()).toBe(output)
  })
})

describe('an output that differs at the same version', () => {
  it('is taken out of the tier as well', async () => {
    count++
    const [wrong] = [counted(a, { verifyVersions: { sample: 1 }, clock: undefined })]
    await wrong('x')
    await settled()
    expect(store.texts.size).toBe(1)
    vi.restoreAllMocks()
    await wrong('x')
    await vi.waitFor(() => expect(wrong.stats().differing).toBe(1))
    await vi.waitFor(() => expect(store.texts.size).toBe(0))
  })
})
