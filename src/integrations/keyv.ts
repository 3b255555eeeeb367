import { describe, InvalidOptionError } from '../core/errors.ts'
import type { Tier } from '../core/tier.ts'
import { type Codec, type Devalue, devalueCodec } from '../tiers/codec.ts'
import { type KeyvLike, keyvStore } from '../tiers/keyv-store.ts'
import { StoredTier } from '../tiers/stored-tier.ts'
import { readTierOptions, type TierOptions } from '../tiers/tier-options.ts'

export { type Codec, type Devalue, devalueCodec, type KeyvLike }

/**
 * Makes a tier in whatever Keyv reaches. It has no leases: processes that want the same output at the same time all load
 * it, and `invalidate` may miss what another process is about to write. In Redis take `redisTier`.
 *
 * @param keyv with `throwOnErrors: true`: otherwise it does not say that its store has failed, and is asked again and again.
 * @throws {InvalidOptionError} for what is no Keyv, and an option that is missing, unknown or cannot be used.
 * @example
 * const tier = keyvTier(new Keyv(new KeyvPostgres(url), { throwOnErrors: true }), { prefix: 'shop' })
 * const report = versionedLruCache(buildReport, { name: 'report', version: reportVersion, tier })
 */
export function keyvTier(keyv: KeyvLike, options: TierOptions): Tier {
  const { get, set, delete: remove } = Object(keyv) as Partial<KeyvLike>
  if ([get, set, remove].some((method) => typeof method !== 'function')) {
    throw new InvalidOptionError(`The first argument is ${describe(keyv)}: give a Keyv.`)
  }
  return new StoredTier(keyvStore(keyv), readTierOptions(options, 'keyv', false))
}
