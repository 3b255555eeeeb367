import { afterEach, describe, expect, it, vi } from 'vitest'
import { gate, settle } from '../support/gate.ts'
import { type TierProcess, TierProcesses } from '../support/tier-processes.ts'

let processes: TierProcesses

async function twoProcesses() {
  processes = new TierProcesses()
  return [await processes.start(), await processes.start()] as const
}

/** The same functions in each process, over the same data. */
function inEach<T>(all: readonly TierProcess[], functionsOf: (process: TierProcess) => T): [T, T, T] {
  return all.map(functionsOf) as T[] as [T, T, T]
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('what another process has loaded', () => {
  it('is not good for a process that was told to forget a part that is in there twice, once of before', async () => {
    processes = new TierProcesses()
    let datum = 'old'
    const all = [await processes.start(), await processes.start(), await processes.start()]
    const [told, other, third] = inEach(all, (process) => {
      const part = process.cached('part', async () => datum)
      const left = process.cached('left', () => part())
      const right = process.cached('right', () => part())
      const page = process.cached('page', async () => [await left(), await right()])
      return { part, left, right, page }
    })
    await other.right()
    await processes.elapse(10)
    datum = 'new'
    told.part.invalidate()
    await processes.elapse(10)
    await told.left()
    await processes.elapse(10)
    expect(await third.page(), 'nobody has told it').toEqual(['new', 'old'])
    await processes.elapse(10)
    expect(await told.page()).toEqual(['new', 'new'])
  })

  it('is no part of what is loaded in its place, when it cannot be read', async () => {
    processes = new TierProcesses()
    const parse = () => {
      throw new Error('of another shape')
    }
    const all = [await processes.start(), await processes.start({ codec: { stringify: JSON.stringify, parse } })]
    let version = 1
    const sources = all.map((process) => process.source('source', () => version))
    const [theirs, ours] = all as [TierProcess, TierProcess]
    await theirs.cached('page', async () => sources[0]?.current() as unknown)()
    await processes.elapse(10)
    const page = ours.cached('page', async () => 'made of nothing')
    expect(await page()).toBe('made of nothing')
    version = 2
    await page()
    expect(page.stats()).toMatchObject({ loads: 1, hits: 1, tier: { refused: 1 } })
  })

  it('is what a writer does not meet again who writes while it is looked at', async () => {
    const [here, there] = await twoProcesses()
    let datum = 'old'
    let check: Promise<unknown> = Promise.resolve()
    const [ours, theirs] = inEach([here, there], (process) => {
      const source = process.source('source', () => check.then(() => 1))
      const part = process.cached('part', async () => datum)
      const page = process.cached('page', async () => [await part(), await source.current()][0])
      return { part, page }
    })
    await theirs.page()
    await processes.elapse(10)
    const slow = gate()
    check = slow.promise
    await here.library.runInSession(async () => {
      const before = ours.page()
      await settle()
      datum = 'new'
      ours.part.invalidate()
      const after = ours.page()
      slow.open()
      expect(await before).toBe('old')
      expect(await after).toBe('new')
    })
  })

  it('is as old as the oldest version that it was found good by, for those who join a load of too much', async () => {
    const [here, there] = await twoProcesses()
    let version = 1
    const loading = gate()
    const [ours, theirs] = inEach([here, there], (process) => {
      const source = process.source('source', () => version)
      const part = process.cached('part', () => source.current())
      const load = async () => [await loading.promise, await part()][1]
      return { source, part, page: process.cached('page', load, { maxStamps: 1 }) }
    })
    await theirs.part()
    await processes.elapse(10)
    const early = here.library.runInSession(async () => {
      await ours.source.current()
      version = 2
      return ours.page()
    })
    await settle()
    const late = ours.page() // begins when version 2 is there, and before the part is asked for
    await settle()
    loading.open()
    expect(await early).toBe(1)
    expect(await late).toBe(2)
  })

  it('is not taken when it was made of more than may be noted', async () => {
    const [here, there] = await twoProcesses()
    const [ours, theirs] = inEach([here, there], (process) => {
      const sources = ['a', 'b', 'c'].map((name) => process.source(name, () => 1))
      const load = () => Promise.all(sources.map((source) => source.current()))
      return process.cached('page', load, { maxStamps: process === here ? 2 : 3 })
    })
    await theirs()
    await processes.elapse(10)
    await ours()
    expect(ours.stats()).toMatchObject({ loads: 1, tier: { hits: 0, misses: 1, refused: 0 } })
  })

  it('is not asked for by a refresh', async () => {
    const [here, there] = await twoProcesses()
    await there.cached('page', async () => 'theirs')()
    await processes.elapse(10)
    const page = here.cached('page', async () => 'ours')
    expect(await page.refresh()).toBe('ours')
    expect(await page()).toBe('ours')
  })

  it('is not good where a part has another name, another code version, or a version that it had not', async () => {
    const part = { name: 'part', options: { tier: undefined, ttl: 1000, codeVersion: 'a' } as object }
    for (const changed of [{}, { name: 'piece' }, { codeVersion: 'b' }, { version: () => 1 }]) {
      const [here, there] = await twoProcesses()
      const [ours, theirs] = inEach([here, there], (process) => {
        const { name, ...options } = { name: part.name, ...part.options, ...(process === here && changed) }
        const inner = process.cached(name, async () => 1, options)
        return process.cached('page', () => inner())
      })
      await theirs()
      await processes.elapse(10)
      await ours()
      const hits = Object.keys(changed).length === 0 ? 1 : 0
      expect(ours.stats().tier, JSON.stringify(changed)).toMatchObject({ hits, misses: 1 - hits })
    }
  })
})

describe('what a process has loaded is not for others', () => {
  it('when its call was invalidated while it was loaded', async () => {
    const [here] = await twoProcesses()
    const loading = gate()
    const page = here.cached('page', () => loading.promise)
    const loaded = page()
    await settle()
    page.invalidate()
    loading.open()
    await loaded
    await settle()
    expect(processes.store.steps).not.toContain('write')
    expect(processes.entries).toEqual([])
  })

  it('when another process has invalidated it while it was loaded', async () => {
    const [here, there] = await twoProcesses()
    const loading = gate()
    const loaded = here.cached('page', () => loading.promise)()
    await settle()
    there.cached('page', async () => undefined).invalidate()
    await settle()
    loading.open()
    await loaded
    await settle()
    expect(processes.store.steps).toContain('write')
    expect(processes.entries).toEqual([])
  })

  it('when one of them has invalidated it since', async () => {
    const [here, there] = await twoProcesses()
    const page = here.cached('page', async () => 1)
    await page()
    await settle()
    expect(processes.entries).toHaveLength(1)
    there.cached('page', async () => 1).invalidate()
    await settle()
    expect(processes.entries).toEqual([])
  })

  it('when it was made of something stale', async () => {
    const [here] = await twoProcesses()
    let fails = false
    const load = async (): Promise<string> => {
      if (fails) throw new Error('down')
      return 'old'
    }
    const part = here.cached('part', load, { version: () => Number(fails), staleIfError: 1000, tier: undefined })
    const page = here.cached('page', () => part())
    await part()
    fails = true
    expect(await page()).toBe('old')
    await settle()
    expect(processes.entries).toEqual([])
  })
})
