import { beforeEach, describe, expect, it, vi } from 'vitest'
import { RefusedEntryError } from '../../src/core/tier.ts'
import { versionedLruCache } from '../../src/index.ts'
import { StoredTier } from '../../src/tiers/stored-tier.ts'
import { readTierOptions } from '../../src/tiers/tier-options.ts'
import { MemoryStore } from '../support/memory-store.ts'

let store: MemoryStore
let count = 0

beforeEach(() => {
  store = new MemoryStore()
})

function counted(tierTimeout: number) {
  count++
  const tier = new StoredTier(store, readTierOptions({ prefix: 'test' }, 'memory', true))
  let loads = 0
  return versionedLruCache(async () => ++loads, { name: `late ${count}`, version: () => 1, tier, tierTimeout })
}

async function withoutUnhandled(run: () => Promise<void>): Promise<void> {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  await run()
  await new Promise((resolve) => setTimeout(resolve, 30))
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
}

const refuse = async (): Promise<never> => {
  throw new RefusedEntryError('not this one')
}

/** Answers when the call has gone on without it. */
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 120))

describe('what a tier says when nobody waits for it any more', () => {
  it('does no harm: a lease that another process has', () =>
    withoutUnhandled(async () => {
      vi.spyOn(store, 'lease').mockImplementation(async () => {
        await later()
        return 'held'
      })
      const cached = counted(60)
      expect(await cached()).toBe(1)
      await later()
      expect(cached.stats().tier).toMatchObject({ waits: 0, errors: 1 })
    }))

  it('does no harm: a lease that cannot be given back', () =>
    withoutUnhandled(async () => {
      store.before = (step) => (step === 'lease' ? later() : step === 'release' ? refuse() : Promise.resolve())
      expect(await counted(60)()).toBe(1)
      await vi.waitFor(() => expect(store.steps).toContain('release'))
    }))

  it('does no harm: a removal that it refuses', () =>
    withoutUnhandled(async () => {
      store.before = (step) => (step === 'remove' ? refuse() : Promise.resolve())
      const cached = counted(10_000)
      await cached()
      cached.invalidate()
      await vi.waitFor(() => expect(store.steps).toContain('remove'))
    }))
})

describe('a tier that fails while a call waits for another process', () => {
  it('is waited for no more', async () => {
    vi.spyOn(store, 'lease').mockImplementation(async () => 'held')
    let reads = 0
    store.before = async (step) => {
      if (step === 'read' && ++reads > 1) throw new Error('gone')
    }
    const cached = counted(10_000)
    expect(await cached()).toBe(1)
    expect(cached.stats().tier).toMatchObject({ waits: 1, errors: 1, writes: 0 })
  })
})
