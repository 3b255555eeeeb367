import { vi } from 'vitest'
import type { TierOptions } from '../../src/tiers/tier-options.ts'
import type { TierStore } from '../../src/tiers/tier-store.ts'

export type LibraryCopy = Awaited<ReturnType<typeof libraryCopy>>

/** A copy of the library that knows nothing of others, as in a process of its own: what they share is in the store. */
export async function libraryCopy(store: TierStore, options: Partial<TierOptions> & { leaseWait?: number } = {}) {
  vi.resetModules()
  const library = await import('../../src/index.ts')
  const { StoredTier } = await import('../../src/tiers/stored-tier.ts')
  const { readTierOptions } = await import('../../src/tiers/tier-options.ts')
  const settings = { prefix: 'test', maxClockSkew: 0, ...options }
  return { ...library, tier: new StoredTier(store, readTierOptions(settings, 'memory', true)) }
}
