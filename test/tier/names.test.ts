import { describe, expect, it, vi } from 'vitest'
import { Names } from '../../src/core/names.ts'
import { cachedMethod, type Tier, versionedLruCache } from '../../src/index.ts'
import { StoredTier } from '../../src/tiers/stored-tier.ts'
import { readTierOptions } from '../../src/tiers/tier-options.ts'
import { MemoryStore } from '../support/memory-store.ts'

const store = new MemoryStore()
const tier: Tier = new StoredTier(store, readTierOptions({ prefix: 'test' }, 'memory', true))

const collectGarbage = globalThis.gc as () => void

describe('a cached function with a tier', () => {
  it('needs a name', () => {
    expect(() => versionedLruCache(async () => 1, { tier })).toThrow(
      '"tier" tells outputs apart by "name": give one that no other function has.',
    )
  })

  it('has it for itself in the process', () => {
    const first = versionedLruCache(async () => 1, { name: 'report', tier })
    expect(() => versionedLruCache(async () => 2, { name: 'report', tier })).toThrow(
      'There is a cached function with a tier and the name "report" already, and each would get the outputs of the other: ' +
        'give this one another "name".',
    )
    expect(first.stats().tier).toEqual({
      hits: 0,
      misses: 0,
      refused: 0,
      errors: 0,
      skipped: 0,
      waits: 0,
      writes: 0,
      unshared: 0,
    })
  })

  it('has it as long as it lives', async () => {
    ;(() => void versionedLruCache(async () => 1, { name: 'short-lived', tier }))()
    await vi.waitFor(() => {
      collectGarbage()
      expect(() => versionedLruCache(async () => 2, { name: 'short-lived', tier })).not.toThrow()
    })
  })

  it('may have the name of one without a tier', () => {
    const other = versionedLruCache(async () => 1, { name: 'shared' })
    expect(() => versionedLruCache(async () => 2, { name: 'shared', tier })).not.toThrow()
    expect(other.stats().tier).toBeUndefined()
  })

  it.each([{}, null, 5, new Map(), 'redis'])('takes no %s for a tier', (wrong) => {
    expect(() => versionedLruCache(async () => 1, { name: 'wrong', tier: wrong as never })).toThrow(
      /^The option "tier" is .*: give what redisTier or keyvTier gives\.$/,
    )
  })

  it('says what is wrong with the other options', () => {
    expect(() => versionedLruCache(async () => 1, { name: 'wrong', tier, tierTimeout: 0 })).toThrow(
      '"tierTimeout" is 0',
    )
    expect(() => versionedLruCache(async () => 1, { name: 'wrong', tier, codeVersion: '' })).toThrow(
      '"codeVersion" is ""',
    )
  })
})

describe('a method with a tier', () => {
  type Method = (this: { shop: string }, id: string) => Promise<string>
  const decorate = (options: object, method: Method): unknown => {
    const decorator = versionedLruCache({ version: () => 1, tier, ...options } as never) as unknown as (
      method: Method,
      context: object,
    ) => unknown
    return decorator(method, { kind: 'method' })
  }

  it('needs a key, since no name tells one instance from another', () => {
    const find = async () => 'x'
    expect(() => decorate({ name: 'Shop.find' }, find)).toThrow(
      '"tier" is shared by all instances that have the method find: give a "key" that tells apart what they give.',
    )
  })

  it('is shared by the instances for which the key is the same', async () => {
    const load = vi.fn(async function (this: { shop: string }, id: string) {
      return `${id} in ${this.shop}`
    })
    const key = function (this: { shop: string }, id: string) {
      return [this.shop, id]
    }
    const find = decorate({ name: 'Shop.find', key, tierTimeout: 10_000 }, load) as Method
    const [one, same, other] = [
      { shop: 'a', find },
      { shop: 'a', find },
      { shop: 'b', find },
    ]
    expect(await one.find('x')).toBe('x in a')
    await vi.waitFor(() => expect(store.held).toBe(0))
    expect([await same.find('x'), await other.find('x')]).toEqual(['x in a', 'x in b'])
    expect(load).toHaveBeenCalledTimes(2)
    expect(cachedMethod(same, 'find').stats().tier).toMatchObject({ hits: 1 })
    expect(() => decorate({ name: 'Shop.find', key }, async () => 'x')).toThrow('already')
  })
})

describe('names', () => {
  it('hold nothing that is gone', async () => {
    const names = new Names<object>()
    const kept = {}
    names.add('kept', kept)
    ;(() => {
      names.add('kept', {})
      names.add('gone', {})
    })()
    expect([names.only('kept'), names.has('gone')]).toEqual([undefined, true])
    await vi.waitFor(() => {
      collectGarbage()
      expect([names.only('kept'), names.has('gone')]).toEqual([kept, false])
    })
  })
})
