import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { gated } from '../support/world.ts'

const store = new MemoryStore()
let copies: LibraryCopy[] = []

beforeAll(async () => {
  const [first, second, third] = [await libraryCopy(store), await libraryCopy(store), await libraryCopy(store)]
  copies = [first, second, third, await libraryCopy(store, { leaseWait: 40 })]
})

beforeEach(() => {
  store.texts.clear()
  store.leases.clear()
  store.steps.length = 0
  store.before = async () => undefined
})

let count = 0

function everywhere(options: object = {}) {
  count++
  const { fn, runs } = gated<[], string>()
  const functions = copies.map(({ versionedLruCache, tier }) =>
    versionedLruCache(fn, { name: `gated ${count}`, version: () => 1, tier, tierTimeout: 10_000, ...options }),
  )
  type Cached = (typeof functions)[0]
  const [first, second, third, impatient] = functions as [Cached, Cached, Cached, Cached]
  return { functions: [first, second, third] as const, impatient, runs }
}

const leased = () => vi.waitFor(() => expect(store.held).toBe(1))

describe('while one process loads', () => {
  it('the others wait for its output', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const second = functions[1]()
    await vi.waitFor(() => expect(functions[1].stats().tier?.waits).toBe(1))
    runs[0]?.open('done')
    expect(await Promise.all([first, second])).toEqual(['done', 'done'])
    expect(runs.length).toBe(1)
    expect(functions[1].stats()).toMatchObject({ loads: 0, tier: { hits: 1, misses: 1, waits: 1 } })
  })

  it('and fails, the others load at once, and do not wait for each other', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const others = [functions[1](), functions[2]()]
    await vi.waitFor(() => expect(functions[1].stats().tier?.waits).toBe(1))
    await vi.waitFor(() => expect(functions[2].stats().tier?.waits).toBe(1))
    runs[0]?.fail(new Error('boom'))
    await expect(first).rejects.toThrow('boom')
    await vi.waitFor(() => expect(runs.length).toBe(3))
    for (const run of runs) run.open('done')
    expect(await Promise.all(others)).toEqual(['done', 'done'])
  })

  it('what cannot be carried, the others wait for it once, and then load for themselves', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const second = functions[1]()
    await vi.waitFor(() => expect(functions[1].stats().tier?.waits).toBe(1))
    runs[0]?.open(new URL('http://x') as never)
    await first
    await vi.waitFor(() => expect(runs.length).toBe(2))
    const third = functions[2]()
    await vi.waitFor(() => expect(runs.length).toBe(3))
    expect(functions[2].stats().tier?.waits).toBe(0)
    for (const run of runs) run.open('done')
    expect(await Promise.all([second, third])).toEqual(['done', 'done'])
    expect(store.texts.size).toBe(0)
  })

  it('and has invalidated that, its own next call does not wait for it, nor do others', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    functions[0].invalidate()
    const again = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    runs[1]?.open('new')
    expect(await again).toBe('new')
    expect(await functions[1]()).toBe('new')
    runs[0]?.open('old')
    expect(await first).toBe('old')
    expect(functions[0].stats().tier).toMatchObject({ waits: 0, writes: 1 })
  })

  it('and another process has invalidated that, nobody waits for it any more', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const waiting = functions[1]()
    await vi.waitFor(() => expect(functions[1].stats().tier?.waits).toBe(1))
    functions[1].invalidate()
    const next = functions[1]()
    await vi.waitFor(() => expect(runs.length).toBe(3))
    for (const run of runs.slice(1)) run.open('new')
    expect(await Promise.all([waiting, next])).toEqual(['new', 'new'])
    await vi.waitFor(() => expect(functions[1].stats().tier?.writes).toBe(1))
    runs[0]?.open('old')
    expect(await first).toBe('old')
    expect(functions[0].stats().tier?.writes).toBe(0)
  })

  it('and clears all, its own next call does not wait for it', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    functions[0].clear()
    const again = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    for (const run of runs) run.open('done')
    await Promise.all([first, again])
    expect(functions[0].stats().tier?.waits).toBe(0)
  })

  it('and another one clears all, that does not wait any more', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const second = functions[1]()
    await vi.waitFor(() => expect(functions[1].stats().tier?.waits).toBe(1))
    functions[1].clear()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    for (const run of runs) run.open('done')
    expect(await Promise.all([first, second])).toEqual(['done', 'done'])
  })

  it('what was invalidated before it got its lease, nobody waits for it', async () => {
    const { functions, runs } = everywhere()
    const asked = gate<void>()
    store.before = async (step) => (step === 'lease' ? asked.promise : undefined)
    const first = functions[0]()
    await vi.waitFor(() => expect(store.steps).toContain('lease'))
    functions[0].invalidate()
    asked.open()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    await vi.waitFor(() => expect(store.held).toBe(0))
    runs[0]?.open('done')
    expect(await first).toBe('done')
  })

  it('a call that cannot join the load of its own process does not wait for it', async () => {
    let now = 0
    const { functions, runs } = everywhere({ ttl: 10, clock: () => now })
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    now = 20 // the load has been running for longer than the TTL
    const second = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    for (const run of runs) run.open('done')
    await Promise.all([first, second])
    expect(functions[0].stats().tier?.waits).toBe(0)
  })

  it('and is heard of no more, the next one loads when the lease is over, and what the first one brings is not written', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await leased()
    const second = functions[1]()
    store.leases.clear() // it has expired
    await vi.waitFor(() => expect(runs.length).toBe(2))
    runs[1]?.open('second')
    expect(await second).toBe('second')
    await vi.waitFor(() => expect(store.texts.size).toBe(1))
    runs[0]?.open('first')
    expect(await first).toBe('first')
    expect([...store.texts.values()][0]).toContain('second')
    expect(functions[0].stats().tier?.writes).toBe(0)
  })

  it('nobody waits longer than "leaseWait"', async () => {
    const { functions, impatient, runs } = everywhere()
    const first = functions[0]()
    await leased()
    const third = impatient()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    runs[1]?.open('own')
    expect(await third).toBe('own')
    expect(impatient.stats().tier).toMatchObject({ waits: 1, writes: 0 })
    runs[0]?.open('first')
    expect(await first).toBe('first')
  })

  it('another version is loaded at the same time', async () => {
    let version = 1
    const { functions, runs } = everywhere({ version: () => version })
    const first = functions[0]()
    await leased()
    version = 2
    const second = functions[1]()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    for (const run of runs) run.open('done')
    expect(await Promise.all([first, second])).toEqual(['done', 'done'])
    expect(functions[1].stats().tier?.waits).toBe(0)
  })

  it('and another one invalidates that, nobody waits for it, since it will not be written', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    functions[1].invalidate()
    const second = functions[1]()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    runs[1]?.open('new')
    expect(await second).toBe('new')
    runs[0]?.open('old')
    expect(await first).toBe('old')
    expect(functions.map((cached) => cached.stats().tier?.writes)).toEqual([0, 1, 0])
  })

  it('a refresh of the same process gets the lease, and writes', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    const second = functions[0].refresh()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    runs[1]?.open('new')
    expect(await second).toBe('new')
    await vi.waitFor(() => expect(functions[0].stats().tier?.writes).toBe(1))
    runs[0]?.open('old')
    expect(await first).toBe('old')
    expect([...store.texts.values()][0]).toContain('new')
  })

  it('a refresh does not wait', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await leased()
    const second = functions[1].refresh()
    await vi.waitFor(() => expect(runs.length).toBe(2))
    for (const run of runs) run.open('done')
    await Promise.all([first, second])
    expect(functions[1].stats().tier?.waits).toBe(0)
  })

  it('whoever gets the lease late looks once more', async () => {
    const { functions, runs } = everywhere()
    const first = functions[0]()
    await vi.waitFor(() => expect(runs.length).toBe(1))
    let asked = 0
    store.before = async (step) => {
      if (step !== 'lease' || ++asked < 2) return
      runs[0]?.open('done') // between the last look of the one that waits and its lease
      await first
      await vi.waitFor(() => expect(store.leases.size).toBe(0))
    }
    const second = functions[1]()
    expect(await second).toBe('done')
    expect(runs.length).toBe(1)
    await vi.waitFor(() => expect(store.leases.size).toBe(0))
  })
})

describe('a lease', () => {
  it('is renewed while the load runs, and not after', async () => {
    const quick = await libraryCopy(store, { lease: 30 } as object)
    const { fn, runs } = gated<[], string>()
    count++
    const cached = quick.versionedLruCache(fn, { name: `renewed ${count}`, version: () => 1, tier: quick.tier })
    const outcome = cached()
    await vi.waitFor(() => expect(store.steps.filter((step) => step === 'renew').length).toBeGreaterThan(2))
    runs[0]?.open('done')
    await outcome
    const renewed = store.steps.filter((step) => step === 'renew').length
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(store.steps.filter((step) => step === 'renew').length).toBe(renewed)
  })

  it('that was lost is not asked for again', async () => {
    const quick = await libraryCopy(store, { lease: 30 } as object)
    const { fn, runs } = gated<[], string>()
    count++
    const cached = quick.versionedLruCache(fn, { name: `lost ${count}`, version: () => 1, tier: quick.tier })
    const outcome = cached()
    await leased()
    store.leases.clear()
    store.steps.length = 0
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(store.steps.filter((step) => step === 'renew').length).toBe(1)
    runs[0]?.open('done')
    expect(await outcome).toBe('done')
  })

  it('that comes too late is given back', async () => {
    const { functions } = everywhere({ tierTimeout: 100 })
    store.before = (step) => new Promise((resolve) => setTimeout(resolve, step === 'lease' ? 300 : 0))
    void functions[0]()
    await vi.waitFor(() => expect(store.steps).toContain('release'))
    await vi.waitFor(() => expect(store.leases.size).toBe(0))
    expect(functions[0].stats().tier?.errors).toBe(1)
  })
})
