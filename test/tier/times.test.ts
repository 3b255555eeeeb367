import { afterEach, describe, expect, it, vi } from 'vitest'
import { gate, settle } from '../support/gate.ts'
import { TierProcesses } from '../support/tier-processes.ts'

let processes: TierProcesses

interface Page {
  readonly part: { (): Promise<string>; invalidate(): boolean }
  readonly page: () => Promise<string>
}

async function twoProcesses(skew = 0) {
  processes = new TierProcesses()
  const options = { maxClockSkew: skew }
  return [await processes.start(options), await processes.start(options)] as const
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('how old what another process has loaded may be', () => {
  it('counts from when its version was read there', async () => {
    const [here, there] = await twoProcesses()
    const loading = gate<number>()
    const ours = here.cached('timed', async () => processes.now, { ttl: 10 })
    const loaded = there.cached('timed', () => loading.promise, { ttl: 10 })()
    await processes.elapse(6)
    loading.open(0)
    await loaded
    await settle()
    expect(await ours()).toBe(0)
    await processes.elapse(2)
    expect(await ours()).toBe(0)
    await processes.elapse(2)
    expect(await ours(), 'ten milliseconds after it was loaded').toBe(10)
  })

  it('allows for a wall clock that leaves out parts of a millisecond', async () => {
    const [here, there] = await twoProcesses()
    const load = async () => processes.now
    const ours = here.cached('timed', load, { ttl: 10 })
    await processes.elapse(1)
    await there.cached('timed', load, { ttl: 10 })()
    await processes.elapse(8.75)
    expect(await ours()).toBe(1)
    await processes.elapse(1.5)
    expect(await ours(), 'when it is 10.25 ms old').toBe(11.25)
  })

  it('allows for clocks that differ', async () => {
    const [here, there] = await twoProcesses(3)
    const load = async () => processes.now
    await there.cached('timed', load, { ttl: 10 })()
    await processes.elapse(7)
    expect(await here.cached('timed', load, { ttl: 10 })(), 'when it may be ten milliseconds old').toBe(7)
  })

  it('is looked at again when all that it was made of has been', async () => {
    const [here, there] = await twoProcesses()
    const check = gate<number>()
    const load = (source: () => Promise<unknown>) => async () => {
      const now = processes.now
      await source()
      return now
    }
    const theirs = there.source('source', () => 1)
    const ours = here.source('source', () => check.promise)
    await there.cached('timed', load(theirs), { ttl: 10 })()
    const report = here.cached('timed', load(ours), { ttl: 10 })
    await processes.elapse(8)
    const early = report()
    await processes.elapse(4)
    const late = report() // joins, since what it joins has begun four milliseconds ago
    check.open(1)
    expect(await late).toBe(12)
    expect(await early).toBe(12)
  })

  it('is told to the store as what is left of it', async () => {
    const [here] = await twoProcesses()
    const loading = gate()
    const loaded = here.cached('timed', () => loading.promise, { ttl: 10 })()
    await processes.elapse(4)
    loading.open()
    await loaded
    await settle()
    expect(processes.store.lifetimes).toEqual([6])
  })

  it('is that of its parts as well', async () => {
    const [here, there] = await twoProcesses()
    const [ours, theirs] = [here, there].map((process) => {
      const part = process.cached('part', async () => processes.now, { ttl: 10, tier: undefined })
      return process.cached('page', () => part())
    }) as (() => Promise<number>)[] as [() => Promise<number>, () => Promise<number>]
    await theirs()
    await processes.elapse(8)
    expect(await ours()).toBe(0)
    await processes.elapse(2)
    expect(await ours()).toBe(10)
  })
})

describe('what a process was told to forget', () => {
  it('it takes from others only if that was read later by any clock', async () => {
    const [here, there] = await twoProcesses(3)
    const ours = here.cached('report', async (_id: string) => 'ours')
    const theirs = there.cached('report', async (_id: string) => 'theirs')
    ours.clear()
    for (const [at, found] of [
      ['now', 'ours'],
      ['soon', 'ours'],
      ['later', 'theirs'],
    ] as const) {
      await theirs(at)
      await settle()
      expect(await ours(at), at).toBe(found)
      await processes.elapse(2)
    }
  })

  it('it does not take as a part of what was loaded later', async () => {
    const [here, there] = await twoProcesses()
    let datum = 'old'
    const [ours, theirs] = [here, there].map((process) => {
      const part = process.cached('part', async () => datum, { tier: undefined, ttl: 1000 })
      return { part, page: process.cached('page', () => part()) }
    }) as Page[] as [Page, Page]
    processes.now = 10.5
    await theirs.part()
    processes.now = 10.75
    datum = 'new'
    ours.part.invalidate() // the other process has not been told
    processes.now = 20
    expect(await theirs.page()).toBe('old')
    await processes.elapse(10)
    expect(await ours.page()).toBe('new')
  })
})
