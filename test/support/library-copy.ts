import { vi } from 'vitest'
import type { Tier } from '../../src/core/tier.ts'
import type { TierOptions } from '../../src/tiers/tier-options.ts'
import type { TierStore } from '../../src/tiers/tier-store.ts'

export type LibraryCopy = Awaited<ReturnType<typeof libraryCopy>>
type CopyOptions = Partial<TierOptions> & { lease?: number; leaseWait?: number }

/** A copy of the library that knows nothing of others, as in a process of its own: what they share is in the store. */
export async function libraryCopy(store: TierStore, options: CopyOptions = {}) {
  const { library, tierOver } = await freshLibrary()
  return { ...library, tier: tierOver(store, options) }
}

/** The same without a tier, and what makes one: importing takes its time. */
export async function freshLibrary() {
  vi.resetModules()
  const library = await import('../../src/index.ts')
  const { StoredTier } = await import('../../src/tiers/stored-tier.ts')
  const { readTierOptions } = await import('../../src/tiers/tier-options.ts')
  const { Snapshot } = await import('../../src/core/snapshot.ts')
  const { currentSnapshot } = await import('../../src/core/context.ts')
  const { runInSessionOf } = await import('../../src/core/session.ts')
  const { databaseVersionSource } = await import('../../src/core/version-source.ts')
  const snapshots = { Snapshot, currentSnapshot, runInSessionOf, databaseVersionSource }
  const tierOver = (store: TierStore, options: CopyOptions): Tier => {
    return new StoredTier(store, readTierOptions({ prefix: 'test', maxClockSkew: 0, ...options }, 'memory', true))
  }
  return { library: { ...library, snapshots }, tierOver }
}

/** The same, with what makes tiers in Redis. */
export async function libraryCopyForRedis() {
  vi.resetModules()
  const library = await import('../../src/index.ts')
  const { redisTier } = await import('../../src/integrations/redis.ts')
  return { ...library, redisTier }
}
