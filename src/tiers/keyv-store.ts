import { Buffer } from 'node:buffer'
import { RefusedEntryError } from '../core/tier.ts'
import type { TierStore } from './tier-store.ts'

/** What is used of a `Keyv`. */
export interface KeyvLike {
  get(key: string): PromiseLike<unknown>
  set(key: string, value: unknown, ttl?: number): PromiseLike<unknown>
  delete(key: string): PromiseLike<unknown>
}

/** There is nothing in it that would tell processes apart: everybody may load, and who is ready last has written. */
export function keyvStore(keyv: KeyvLike): TierStore {
  return {
    async read(key, maxBytes) {
      const found = await refusingWhatIsNoJson(keyv.get(key))
      if (found === undefined || found === null) return undefined
      if (typeof found !== 'string') throw new RefusedEntryError('it is no string: somebody else has written it')
      if (Buffer.byteLength(found) <= maxBytes) return found
      throw new RefusedEntryError(`it has more than "maxEntrySize" (${maxBytes}) bytes`)
    },
    async remove(key) {
      await keyv.delete(key)
    },
    async lease(key) {
      return {
        write: async (text, lifetime) => (await keyv.set(key, text, lifeOf(lifetime))) !== false,
        release: async () => undefined,
        abandon: async () => undefined,
      }
    },
  }
}

/** In whole milliseconds; nothing for ever, whatever the `ttl` of the Keyv is. */
function lifeOf(lifetime: number): number {
  return lifetime === Number.POSITIVE_INFINITY ? 0 : Math.ceil(lifetime)
}

/** A Keyv reads what it has written, in JSON. */
async function refusingWhatIsNoJson<T>(found: PromiseLike<T>): Promise<T> {
  try {
    return await found
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new RefusedEntryError('it is no JSON: somebody else has written it', { cause: error })
  }
}
