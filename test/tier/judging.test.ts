import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { CacheEvent } from '../../src/index.ts'
import type { Codec } from '../../src/tiers/codec.ts'
import { type LibraryCopy, libraryCopy } from '../support/library-copy.ts'
import { MemoryStore } from '../support/memory-store.ts'

const store = new MemoryStore()
let count = 0

beforeEach(() => {
  count++
  store.texts.clear()
  store.leases.clear()
})

const settled = () => vi.waitFor(() => expect(store.held).toBe(0))

/** The same in two processes, the second of which finds what the first one has written. */
async function inBoth<F>(make: (library: LibraryCopy) => F, codec?: Codec): Promise<readonly [F, F, CacheEvent[]]> {
  const copies = [await libraryCopy(store, { codec }), await libraryCopy(store, { codec })] as const
  const events: CacheEvent[] = []
  copies[1].onCacheEvent((event) => void events.push(event))
  return [make(copies[0]), make(copies[1]), events]
}

describe('a function of the user that cannot deal with what the codec has made of an entry', () => {
  it('fails no call: "key", of the arguments that a part was called with', async () => {
    const [here, there, events] = await inBoth(({ versionedLruCache, tier }) => {
      const part = versionedLruCache(async (day: Date) => day.getTime(), {
        name: `part ${count}`,
        version: () => 1,
        key: (day) => day.toISOString(),
      })
      return versionedLruCache(async () => part(new Date(5)), { name: `page ${count}`, tier, tierTimeout: 10_000 })
    }, JSON)
    await here()
    await settled()
    expect(await there()).toBe(5)
    expect(there.stats()).toMatchObject({ loads: 1, loadErrors: 0, tier: { refused: 1 } })
    expect(events).toMatchObject([{ reason: 'it cannot be judged: day.toISOString is not a function' }])
  })

  it('is no rejection that nobody handles, whatever it throws', async () => {
    let isBroken = false
    const [here, , events] = await inBoth(({ versionedLruCache, tier }) => {
      const key = () => {
        if (isBroken) throw null
        return 1
      }
      const part = versionedLruCache(async (_day: object) => 1, { name: `part ${count}`, version: () => 1, key })
      const load = async () => {
        await part({})
        isBroken = true
        return 1
      }
      return versionedLruCache(load, { name: `page ${count}`, tier, tierTimeout: 10_000 })
    })
    expect(await here()).toBe(1)
    await settled()
    expect(here.stats().tier).toMatchObject({ unshared: 1 })
    expect(events).toMatchObject([{ type: 'outputNotShared' }])
  })

  it('fails no call: "ttl", of the output', async () => {
    const [here, there] = await inBoth(
      ({ versionedLruCache, tier }) =>
        versionedLruCache(async () => ({ until: new Date(Date.now() + 10_000) }), {
          name: `until ${count}`,
          ttl: ({ until }) => until.getTime() - Date.now(),
          tier,
          tierTimeout: 10_000,
        }),
      JSON,
    )
    await here()
    await settled()
    expect((await there()).until).toBeInstanceOf(Date)
    expect(there.stats()).toMatchObject({ loads: 1, tier: { refused: 1 } })
  })
})
