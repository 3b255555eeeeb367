import { MessageChannel } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CacheEvent } from '../../src/index.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'

let store: MemoryStore
let library: LibraryCopy
let events: CacheEvent[]
let end: () => void

beforeEach(async () => {
  store = new MemoryStore()
  library = await libraryCopy(store)
  events = []
  end = library.onCacheEvent((event) => void events.push(event))
})

afterEach(() => {
  end()
  vi.restoreAllMocks()
})

function counted(options: object = {}) {
  let loads = 0
  return library.versionedLruCache(async (id: number) => ({ id, load: ++loads }), {
    name: 'counted',
    version: () => 1,
    tier: library.tier,
    tierTimeout: 10_000,
    ...options,
  })
}

const refuse = async () => {
  throw new Error('refused')
}

const types = () => events.map(({ type }) => type)

describe('a tier that fails', () => {
  it('fails no call, and costs a load', async () => {
    store.before = refuse
    const cached = counted()
    expect(await cached(1)).toEqual({ id: 1, load: 1 })
    expect(cached.stats()).toMatchObject({ loads: 1, tier: { errors: 1, misses: 0, writes: 0 } })
    expect(store.steps).toEqual(['read']) // neither a lease nor a write is tried after that
    expect(events).toEqual([{ type: 'tierFailed', tier: 'memory', error: new Error('refused'), isDown: false }])
  })

  it('three times in a row is left alone, and tried again by one call after a second', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    store.before = refuse
    const cached = counted({ clock: () => 0 })
    for (const id of [1, 2, 3]) await cached(id)
    expect(types()).toEqual(['tierFailed', 'tierFailed', 'tierFailed'])
    expect(events.at(-1)).toMatchObject({ isDown: true })
    store.steps.length = 0
    now = 999
    await cached(4)
    expect(store.steps).toEqual([])
    expect(cached.stats().tier).toMatchObject({ errors: 3, skipped: 1 })
    now = 1000
    await Promise.all([cached(5), cached(6), cached(7)])
    expect(store.steps).toEqual(['read'])
    expect(cached.stats().tier).toMatchObject({ errors: 4, skipped: 3 })
  })

  it('again is left alone for twice as long, up to thirty seconds', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    store.before = refuse
    const cached = counted({ clock: () => 0 })
    for (const id of [1, 2, 3]) await cached(id)
    let id = 10
    for (const pause of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      now += pause - 1
      store.steps.length = 0
      await cached(id++)
      expect(store.steps).toEqual([])
      now += 1
      await cached(id++)
      expect(store.steps).toEqual(['read'])
    }
  })

  it('is used again when it answers, and then fails three times before it is left alone', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    store.before = refuse
    const cached = counted({ clock: () => 0 })
    for (const id of [1, 2, 3]) await cached(id)
    now = 1000
    await cached(10) // fails, so that it is left alone for two seconds
    store.before = async () => undefined
    now = 3000
    await cached(4)
    expect(types().at(-1)).toBe('tierRecovered')
    await cached(5)
    await vi.waitFor(() => expect(cached.stats().tier?.writes).toBe(2))
    store.before = refuse
    for (const id of [6, 7]) await cached(id)
    expect(events.at(-1)).toMatchObject({ isDown: false })
    await cached(8)
    expect(events.at(-1)).toMatchObject({ isDown: true })
    store.steps.length = 0
    now += 1000
    await cached(9)
    expect(store.steps).toEqual(['read'])
  })

  it('many times at once is left alone for a second, as after three', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    store.before = refuse
    const cached = counted({ clock: () => 0 })
    await Promise.all(Array.from({ length: 20 }, (_, id) => cached(id)))
    store.steps.length = 0
    now = 1000
    await cached(21)
    expect(store.steps).toEqual(['read'])
  })

  it('is the same for all functions whose tier it is', async () => {
    store.before = refuse
    const cached = counted()
    const other = counted({ name: 'other' })
    for (const id of [1, 2, 3]) await cached(id)
    await other(1)
    expect(other.stats().tier).toMatchObject({ errors: 0, skipped: 1 })
  })
})

describe('a tier that does not answer', () => {
  it('is waited for without end when it is told so', async () => {
    store.before = (step) => new Promise((resolve) => setTimeout(resolve, step === 'read' ? 150 : 0))
    const cached = counted({ tierTimeout: Number.POSITIVE_INFINITY })
    await cached(1)
    expect(cached.stats().tier).toMatchObject({ misses: 1, errors: 0 })
  })

  it('is waited for no longer than "tierTimeout" in all', async () => {
    store.before = (step) => new Promise((resolve) => setTimeout(resolve, step === 'read' ? 300 : 60_000).unref())
    const cached = counted({ tierTimeout: 1000 })
    await cached(1)
    expect(store.steps).toEqual(['read', 'lease'])
    expect(cached.stats().tier).toMatchObject({ errors: 1, misses: 1 })
    const { error } = events.at(-1) as { error: Error }
    expect(String(error)).toMatch(/^TierTimeoutError: The tier memory did not answer within \d+ ms: the call went on/)
    expect(Number(/\d+/.exec(error.message)?.[0])).toBeLessThan(750) // what the read has left of it
  })

  it('is not left alone where it has had a part of the time only', async () => {
    store.before = (step) => new Promise((resolve) => setTimeout(resolve, step === 'read' ? 60 : 60_000).unref())
    const cached = counted({ tierTimeout: 300 })
    await Promise.all([1, 2, 3, 4].map((id) => cached(id)))
    await cached(5)
    expect(cached.stats().tier).toMatchObject({ errors: 5, misses: 5, skipped: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'tierFailed', isDown: false })
  })

  it('is not waited for when the output is there: it is written behind', async () => {
    store.before = (step) => (step === 'write' ? new Promise(() => undefined) : Promise.resolve())
    const cached = counted({ tierTimeout: 50 })
    expect(await cached(1)).toEqual({ id: 1, load: 1 })
    await vi.waitFor(() => expect(cached.stats().tier?.errors).toBeGreaterThan(0))
  })

  it('does no harm when it answers or fails after that', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    store.before = async () => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      throw new Error('late')
    }
    await counted({ tierTimeout: 20 })(1)
    await new Promise((resolve) => setTimeout(resolve, 60))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('has answered in time when the process was too busy to hear it', async () => {
    const { port1, port2 } = new MessageChannel() // heard when the process looks for what has come, as a socket is
    store.before = () => new Promise((resolve) => void port2.once('message', () => resolve()))
    const cached = counted({ tierTimeout: 20 })
    const outcome = cached(1)
    await new Promise((resolve) => setImmediate(resolve))
    for (let step = 0; step < 4; step++) {
      port1.postMessage('answer')
      for (const until = performance.now() + 30; performance.now() < until; );
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await outcome
    port1.close()
    expect(cached.stats().tier?.errors).toBe(0)
  })

  it('keeps no process alive, nor does a lease', async () => {
    store.before = () => new Promise(() => undefined)
    const before = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    void counted({ tierTimeout: 60_000 })(1)
    await Promise.resolve()
    expect(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length).toBe(before)
  })
})
