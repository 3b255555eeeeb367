import { afterEach, describe, expect, it, vi } from 'vitest'
import { Session, versionedLruCache } from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { EVICTIONS, gated, MODES, shaped } from './support/world.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(MODES)('how long an output is kept: a $loader loader with a $version version function', (mode) => {
  function expiring(options: object) {
    const clock = manualClock()
    let loads = 0
    const load = shaped(mode.loader, (output: number) => {
      loads++
      return output
    })
    const cached = versionedLruCache(load, { version: shaped(mode.version, (_: number) => 1), clock, ...options })
    const loadsAfter = async (milliseconds: number, output = 7): Promise<number> => {
      clock.advance(milliseconds)
      await cached(output)
      return loads
    }
    return { cached, clock, loadsAfter }
  }

  it('is good until its age reaches the TTL, and not at it', async () => {
    const { cached, loadsAfter } = expiring({ ttl: 60 })
    expect([await loadsAfter(0), await loadsAfter(59), await loadsAfter(1)]).toEqual([1, 1, 2])
    expect(cached.stats()).toMatchObject({ expired: 1, outdated: 0, entries: 1 })
  })

  it('is not given any more when it expires while a check runs', async () => {
    let checkTakes = 0
    const checking = expiring({
      ttl: 60,
      version: shaped(mode.version, (_: number) => {
        checking.clock.advance(checkTakes)
        return 1
      }),
    })
    expect(await checking.loadsAfter(0)).toBe(1)
    checkTakes = 30
    expect(await checking.loadsAfter(30)).toBe(2)
  })

  it('is not given when the clock clears the cache while it is asked', async () => {
    let clears = false
    const clearing = expiring({
      clock: () => {
        if (clears) clearing.cached.clear()
        return 1
      },
    })
    expect(await clearing.loadsAfter(0)).toBe(1)
    clears = true
    expect(await clearing.cached(7)).toBe(7)
  })

  it('is not prolonged by hits', async () => {
    const { loadsAfter } = expiring({ ttl: 60 })
    expect([await loadsAfter(0), await loadsAfter(30), await loadsAfter(20), await loadsAfter(10)]).toEqual([
      1, 1, 1, 2,
    ])
  })

  it('is judged by the time when a session asks, not by when it read the version that it has pinned', async () => {
    const clock = manualClock()
    let database: 'down' | 'up' = 'down'
    const load = shaped(mode.loader, (_: string) => (database === 'up' ? { at: clock() } : fail('no database')))
    const cached = versionedLruCache(load, { version: shaped(mode.version, (_: string) => 1), ttl: 60, clock })
    const sessions = [new Session(), new Session()] as const
    for (const session of sessions) await expect(session.run(async () => cached('eu'))).rejects.toThrow('no database')
    database = 'up'
    clock.advance(10)
    const first = await cached('eu')
    expect(await sessions[0].run(() => cached('eu'))).toBe(first)
    clock.advance(60)
    expect(await sessions[1].run(() => cached('eu'))).toEqual({ at: clock() })
    expect(cached.stats()).toMatchObject({ checks: 3, hits: 1, expired: 1 })
  })

  it('lives for an hour by default, and for ever with Infinity', async () => {
    const hour = expiring({})
    expect([await hour.loadsAfter(0), await hour.loadsAfter(3_599_999), await hour.loadsAfter(1)]).toEqual([1, 1, 2])
    const forever = expiring({ ttl: Number.POSITIVE_INFINITY })
    expect([await forever.loadsAfter(0), await forever.loadsAfter(1e15)]).toEqual([1, 1])
  })

  it('can depend on the output', async () => {
    const { loadsAfter } = expiring({ ttl: (output: number) => output * 10 })
    expect([await loadsAfter(0, 2), await loadsAfter(19, 2), await loadsAfter(1, 2)]).toEqual([1, 1, 2])
  })

  it.each([0, -1, Number.NaN, undefined])('is not kept when the TTL of the output is %s', async (ttl) => {
    const { cached, loadsAfter } = expiring({ ttl: () => ttl })
    expect([await loadsAfter(0), await loadsAfter(0)]).toEqual([1, 2])
    expect(cached.stats()).toMatchObject({ unkept: 2, entries: 0 })
  })

  it('has its TTL shortened at random by ttlJitter', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { loadsAfter } = expiring({ ttl: 100, ttlJitter: 0.2 })
    expect([await loadsAfter(0), await loadsAfter(89), await loadsAfter(1)]).toEqual([1, 1, 2])
    expect(random).toHaveBeenCalledTimes(2)
  })

  it.each(EVICTIONS)('makes room by size (%s)', async (eviction) => {
    const { cached, loadsAfter } = expiring({ maxSize: 10, sizeCalculation: (output: number) => output, eviction })
    await loadsAfter(0, 4)
    await loadsAfter(0, 5)
    expect(cached.stats()).toMatchObject({ entries: 2, totalSize: 9, evictions: 0 })
    await loadsAfter(0, 3)
    expect(cached.stats()).toMatchObject({ entries: 2, totalSize: 8, evictions: 1 })
    expect([cached.peek(4), cached.peek(5), cached.peek(3)]).toEqual([undefined, 5, 3])
  })

  it.each([0, -1, 11, Number.NaN, Number.POSITIVE_INFINITY, undefined, 'big', '5', 5n])(
    'is returned but not kept when its size is %s',
    async (size) => {
      const { cached } = expiring({ maxSize: 10, sizeCalculation: () => size })
      expect(await cached(7)).toBe(7)
      expect(cached.stats()).toMatchObject({ entries: 0, totalSize: 0, unkept: 1, evictions: 0 })
    },
  )

  it.each(EVICTIONS)('does not leave an older output in place of one that could not be kept (%s)', async (eviction) => {
    let size = 1
    const { cached } = expiring({ maxSize: 10, sizeCalculation: () => size, eviction })
    await cached(7)
    size = 99
    await cached.refresh(7)
    expect(cached.peek(7)).toBeUndefined()
  })

  it('fails the call when sizeCalculation or ttl throws, and leaves nothing running', async () => {
    for (const option of ['ttl', 'sizeCalculation']) {
      const options = { maxSize: 10, sizeCalculation: () => 1, [option]: () => fail(option) }
      const { cached } = expiring(options)
      await expect((async () => cached(7))()).rejects.toThrow(option)
      expect(cached.stats()).toMatchObject({ entries: 0, runningLoads: 0 })
    }
  })

  it('is sized with its key, as in lru-cache', async () => {
    const keys: unknown[] = []
    const { cached } = expiring({ maxSize: 10, sizeCalculation: (_: number, key: unknown) => keys.push(key) })
    await cached(7)
    expect(keys).toEqual([7])
  })
})

describe('an output that expires while a check of it runs', () => {
  it('is not given any more', async () => {
    const clock = manualClock()
    const checks = gated<[], number>()
    let loads = 0
    const cached = versionedLruCache(() => ++loads, { version: checks.fn, ttl: 60, clock })
    const check = (index: number) => checks.runs[index] as (typeof checks.runs)[number]
    const first = cached()
    check(0).open(1)
    expect(await first).toBe(1)
    clock.advance(59)
    const second = cached()
    clock.advance(1)
    check(1).open(1)
    expect(await second).toBe(2)
  })
})

describe('the clock', () => {
  it('that gives no number makes everything expire, rather than nothing', () => {
    const cached = versionedLruCache(() => ({}), {
      clock: () => Number.NaN,
      staleWhileRevalidate: 1000,
      staleIfError: 1000,
    })
    expect(cached()).not.toBe(cached())
    expect(cached.peek()).toBeUndefined()
  })

  it('is not the one that people set: a day forth or back changes nothing', () => {
    const cached = versionedLruCache(() => ({}), { ttl: 60_000 })
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const first = cached()
      vi.setSystemTime(Date.now() + 86_400_000)
      expect(cached()).toBe(first)
      vi.setSystemTime(Date.now() - 2 * 86_400_000)
      expect(cached()).toBe(first)
    } finally {
      vi.useRealTimers()
    }
  })
})

function fail(message: string): never {
  throw new Error(message)
}
