import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { World } from '../support/world.ts'

const store = new MemoryStore()
let world: World
let [a, b]: LibraryCopy[] = []

beforeAll(async () => {
  a = await libraryCopy(store)
  b = await libraryCopy(store)
})

beforeEach(() => {
  world = new World()
  store.texts.clear()
  store.leases.clear()
  store.steps.length = 0
  store.before = async () => undefined
})

let count = 0

/** The same function in each process. */
function inBoth<Options extends object>(options: Options = {} as Options) {
  count++
  const wrap = (library: LibraryCopy) =>
    library.versionedLruCache(async (id: string) => world.load(id), {
      name: `rows ${count}`,
      version: async (id: string) => world.check(id),
      tier: library.tier,
      tierTimeout: 10_000,
      ...options,
    })
  return [wrap(a as LibraryCopy), wrap(b as LibraryCopy)] as const
}

const settled = () => vi.waitFor(() => expect(store.held).toBe(0))

describe('an output that another process has loaded', () => {
  it('is not loaded again while its version is the current one', async () => {
    const [here, there] = inBoth()
    const output = await here('x')
    await settled()
    world.take()
    expect(await there('x')).toEqual(output)
    expect(world.take()).toEqual(['check x'])
    expect(there.stats()).toMatchObject({ loads: 0, misses: 1, entries: 1, tier: { hits: 1, misses: 0 } })
    expect(here.stats()).toMatchObject({ loads: 1, tier: { hits: 0, misses: 1, writes: 1 } })
  })

  it('is kept in the LRU from then on', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    const first = await there('x')
    store.steps.length = 0
    expect(await there('x')).toBe(first)
    expect(store.steps).toEqual([])
    expect(there.stats().hits).toBe(1)
  })

  it('is loaded again when its version has moved, and written in place of the other', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    world.write('x')
    expect(await there('x')).toEqual({ id: 'x', version: 2, load: 2 })
    await settled()
    expect(store.texts.size).toBe(1)
    expect(await here('x')).toEqual({ id: 'x', version: 2, load: 2 })
    expect(here.stats()).toMatchObject({ loads: 1, tier: { hits: 1 } })
  })

  it('is asked for once, however many sessions want it', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    store.steps.length = 0
    const outputs = await Promise.all(Array.from({ length: 100 }, () => there('x')))
    expect(new Set(outputs).size).toBe(1)
    expect(store.steps).toEqual(['read'])
  })

  it('is of one function and key only', async () => {
    const [here, there] = inBoth()
    const [, other] = inBoth()
    await here('x')
    await settled()
    expect(await there('y')).toMatchObject({ id: 'y' })
    expect(await other('x')).toMatchObject({ id: 'x', load: 3 })
  })

  it('is pinned like any other', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    await (b as LibraryCopy).runInSession(async () => {
      const first = await there('x')
      world.write('x')
      expect(await there('x')).toBe(first)
    })
  })

  it('is frozen where outputs are, and made equal to the one that is kept where they are compared', async () => {
    const [here, there] = inBoth({ freeze: true, equals: true as const })
    await here('x')
    await settled()
    expect(Object.isFrozen(await there('x'))).toBe(true)
  })

  it('comes by a promise, also where the functions are synchronous', async () => {
    const { versionedLruCache, tier } = a as LibraryCopy
    const double = versionedLruCache((n: number) => 2 * n, { name: 'double', version: () => 1, tier })
    const outcome: Promise<number> = double(21)
    expect(outcome).toBeInstanceOf(Promise)
    expect(await outcome).toBe(42)
    expect(await double(21)).toBe(42)
    expect(double.stats()).toMatchObject({ loads: 1, hits: 1 })
  })

  it('is written as it was when it came, whatever its callers do with it', async () => {
    const [here, there] = inBoth()
    const output = await here('x')
    Object.assign(output, { id: 'changed' })
    await settled()
    expect(await there('x')).toMatchObject({ id: 'x' })
  })

  it('is given to the callers before it is written', async () => {
    const [here] = inBoth()
    const { promise, open } = gate<void>()
    store.before = async (step) => (step === 'write' ? promise : undefined)
    expect(await here('x')).toMatchObject({ id: 'x' })
    expect(store.texts.size).toBe(0)
    open()
    await settled()
    expect(store.texts.size).toBe(1)
  })

  it('is not looked for by a refresh, which writes its own', async () => {
    const [here, there] = inBoth()
    await here('x')
    await settled()
    store.steps.length = 0
    expect(await there.refresh('x')).toMatchObject({ load: 2 })
    await settled()
    expect(store.steps).toEqual(['lease', 'write'])
    expect([...store.texts.values()][0]).toContain('load')
  })

  it('is looked for behind, where an old output is served meanwhile', async () => {
    const [here, there] = inBoth({ staleWhileRevalidate: 60_000 })
    await here('x')
    world.write('x')
    await there('x')
    await settled()
    expect(await here('x')).toMatchObject({ version: 1 })
    await vi.waitFor(() => expect(here.stats().runningLoads).toBe(0))
    expect(await here('x')).toMatchObject({ version: 2 })
    expect(here.stats()).toMatchObject({ loads: 1, stale: 1, tier: { hits: 1 } })
  })
})

describe('a load that fails', () => {
  it('fails its callers, writes nothing, and lets others try', async () => {
    count++
    const boom = (a as LibraryCopy).versionedLruCache(
      async (): Promise<number> => {
        throw new Error('boom')
      },
      { name: `boom ${count}`, version: () => 1, tier: (a as LibraryCopy).tier },
    )
    await expect(boom()).rejects.toThrow('boom')
    await settled()
    expect(store.texts.size).toBe(0)
    expect(boom.stats()).toMatchObject({ loads: 1, loadErrors: 1, tier: { writes: 0 } })
    const thrown = (a as LibraryCopy).versionedLruCache(
      (): number => {
        throw new Error('at once')
      },
      { name: `thrown ${count}`, version: () => 1, tier: (a as LibraryCopy).tier },
    )
    await expect(thrown()).rejects.toThrow('at once')
    expect(thrown.stats()).toMatchObject({ loads: 1, loadErrors: 1, runningLoads: 0 })
  })

  it('is counted once, and its lease given back, also when its output cannot be dealt with', async () => {
    const [here] = inBoth({
      sizeCalculation: () => {
        throw new Error('no size')
      },
      maxSize: 10,
    })
    await expect(here('x')).rejects.toThrow('no size')
    await settled()
  })
})

describe('the code version', () => {
  it('keeps outputs of different code apart, and both alive', async () => {
    count++
    const wrap = (library: LibraryCopy, codeVersion: string) =>
      library.versionedLruCache(async () => ({ [codeVersion]: true }), {
        name: `shape ${count}`,
        version: () => 1,
        codeVersion,
        tier: library.tier,
      })
    const [old, young] = [wrap(a as LibraryCopy, '1'), wrap(b as LibraryCopy, '2')]
    expect([await old(), await young()]).toEqual([{ '1': true }, { '2': true }])
    await settled()
    expect(store.texts.size).toBe(2)
  })
})
