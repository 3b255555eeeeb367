import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { outcomeOf, settle } from './support/gate.ts'
import { gated, MODES, shaped } from './support/world.ts'

/** An asynchronous function on a clock of the test's, whose checks are immediate and whose loads wait. */
function serving(options: object) {
  const clock = manualClock()
  const world: { version: number | Error } = { version: 1 }
  const loads = gated<[string], string>()
  const cached = versionedLruCache(loads.fn, {
    version: () => {
      if (world.version instanceof Error) throw world.version
      return world.version
    },
    clock,
    ttl: 1000,
    ...options,
  })
  const call = (): Promise<string> => runInSession(() => cached('eu'))
  const load = (index: number) => loads.runs[index] as (typeof loads.runs)[number]
  const primed = async () => {
    const first = call()
    load(0).open('old')
    await first
    return { cached, clock, world, call, load, loads: loads.runs }
  }
  return primed()
}

describe('staleWhileRevalidate', () => {
  it('serves what expired, loads in the background, and has the new output for the next session', async () => {
    const { call, clock, load, loads, cached } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(1000)
    expect(await call()).toBe('old')
    expect(loads).toHaveLength(2)
    load(1).open('new')
    await settle()
    expect(await call()).toBe('new')
    expect(cached.stats()).toMatchObject({ stale: 1, loads: 2, hits: 1, runningLoads: 0 })
  })

  it('serves what is outdated, and its load carries the version that was read before it began', async () => {
    const { call, world, clock, load, cached } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(50)
    world.version = 2
    expect(await call()).toBe('old')
    world.version = 3
    load(1).open('of version 2')
    await settle()
    expect(await call()).toBe('of version 2')
    load(2).open('of version 3')
    await settle()
    expect(await call()).toBe('of version 3')
    expect(cached.stats()).toMatchObject({ stale: 2, outdated: 2 })
  })

  it('is bounded: past it the session waits', async () => {
    for (const [wait, version] of [
      [1100, 1],
      [100, 2],
    ] as const) {
      const { call, world, clock, load } = await serving({ staleWhileRevalidate: 100 })
      clock.advance(wait)
      world.version = version
      let settled = false
      const late = call().finally(() => {
        settled = true
      })
      await settle()
      expect(settled).toBe(false)
      load(1).open('new')
      expect(await late).toBe('new')
    }
  })

  it('is bounded without a TTL too', async () => {
    const { call, world, clock, load } = await serving({ staleWhileRevalidate: 100, ttl: Number.POSITIVE_INFINITY })
    world.version = 2
    clock.advance(100)
    const late = call()
    load(1).open('new')
    expect(await late).toBe('new')
  })

  it('counts its bound from when the output was last known to be current, not from when it was loaded', async () => {
    const { call, world, clock } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(500)
    expect(await call()).toBe('old') // confirmed by this check
    clock.advance(99)
    world.version = 2
    expect(await call()).toBe('old')
  })

  it('pins what it served', async () => {
    const { cached, clock, load } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(1000)
    const session = new Session()
    expect(await session.run(() => cached('eu'))).toBe('old')
    load(1).open('new')
    await settle()
    expect(await session.run(() => cached('eu'))).toBe('old')
  })

  it('loads once in the background, however many sessions are served', async () => {
    const { call, clock, loads, load } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(1000)
    expect(await Promise.all([call(), call(), call()])).toEqual(['old', 'old', 'old'])
    expect(loads).toHaveLength(2)
    load(1).open('new')
  })

  it('has one background load for a key, also while its version moves on', async () => {
    const { call, world, load, loads } = await serving({ staleWhileRevalidate: 100 })
    for (let version = 2; version < 50; version++) {
      world.version = version
      expect(await call()).toBe('old')
    }
    expect(loads).toHaveLength(2)
    load(1).open('new')
  })

  it('keeps nothing of a background load that was invalidated', async () => {
    const { call, cached, clock, load } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(1000)
    await call()
    cached.invalidate('eu')
    load(1).open('overtaken')
    await settle()
    expect(cached.peek('eu')).toBeUndefined()
  })

  it('serves what it had when its own load forgets it at once', async () => {
    const clock = manualClock()
    let forgets = false
    const cached = versionedLruCache(
      async () => {
        if (forgets) cached.clear()
        return forgets ? 'new' : 'old'
      },
      { ttl: 1000, staleWhileRevalidate: 100, clock },
    )
    await cached()
    forgets = true
    clock.advance(1000)
    expect(await cached()).toBe('old')
  })

  it('raises no unhandled rejection when the background load fails, and tries again', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const { call, clock, load, loads, cached } = await serving({ staleWhileRevalidate: 100 })
    clock.advance(1000)
    await call()
    load(1).fail(new Error('no database'))
    await settle()
    expect(await call()).toBe('old')
    expect(loads).toHaveLength(3)
    load(2).open('new')
    await settle()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    expect(cached.stats()).toMatchObject({ stale: 2, loadErrors: 1, runningLoads: 0 })
  })

  it('takes a background load as it comes: a promise, a value, or an error at once', async () => {
    const clock = manualClock()
    const ways: (() => Promise<string> | string)[] = [
      async () => 'first',
      () => {
        throw new Error('no database')
      },
      () => 'second',
    ]
    const cached = versionedLruCache(() => (ways.shift() as () => string)(), {
      ttl: 10,
      staleWhileRevalidate: 1000,
      clock,
    })
    const answerAfter = (milliseconds: number): Promise<string> => {
      clock.advance(milliseconds)
      return Promise.resolve(cached())
    }
    expect([await answerAfter(0), await answerAfter(10), await answerAfter(0), await answerAfter(0)]).toEqual([
      'first',
      'first',
      'first',
      'second',
    ])
    expect(cached.stats()).toMatchObject({ stale: 2, loads: 3, loadErrors: 1 })
  })

  it('does not hold for a loader that gives its value at once: that one is run', () => {
    const clock = manualClock()
    let loads = 0
    const cached = versionedLruCache(() => ++loads, { ttl: 10, staleWhileRevalidate: 100, clock })
    expect(cached()).toBe(1)
    clock.advance(10)
    expect(cached()).toBe(2)
    expect(cached.stats()).toMatchObject({ stale: 0 })
  })

  it('is not for a clock that goes back: how old the output is can then not be told', async () => {
    const { call, clock, load } = await serving({ staleWhileRevalidate: 1e9 })
    clock.advance(-5000)
    const next = call()
    load(1).open('new')
    expect(await next).toBe('new')
  })
})

describe.each(MODES)('staleIfError: a $loader loader with a $version version function', (mode) => {
  function failing(options: object = {}) {
    const clock = manualClock()
    const world = { version: 1, fail: '' }
    const cached = versionedLruCache(
      shaped(mode.loader, (_id: string) => {
        if (world.fail === 'load') throw new Error('no load')
        return { version: world.version }
      }),
      {
        version: shaped(mode.version, () => {
          if (world.fail === 'check') throw new Error('no check')
          return world.version
        }),
        clock,
        ttl: 1000,
        staleIfError: 100,
        ...options,
      },
    )
    const call = async (): Promise<unknown> => runInSession(() => cached('eu'))
    return { cached, clock, world, call }
  }

  it.each(['load', 'check'])('serves what it has when the %s fails', async (fail) => {
    const { call, clock, world, cached } = failing()
    const first = await call()
    clock.advance(99)
    world.version = 2
    world.fail = fail
    expect(await call()).toBe(first)
    world.fail = ''
    expect(await call()).toEqual({ version: 2 })
    expect(cached.stats()).toMatchObject({ stale: 1, runningLoads: 0, runningChecks: 0 })
  })

  it('gives the same shape as ever', async () => {
    const { world, cached } = failing()
    await cached('eu')
    world.version = 2
    world.fail = 'load'
    const result: unknown = cached('eu')
    expect(result instanceof Promise).toBe(mode.loader === 'async' || mode.version === 'async')
    await result
  })

  it('serves what has expired, until the bound', async () => {
    const { call, clock, world } = failing()
    const first = await call()
    world.fail = 'load'
    clock.advance(1099)
    expect(await call()).toBe(first)
    clock.advance(1)
    await expect(call()).rejects.toThrow('no load')
  })

  it.each(['load', 'check'])('is bounded when the %s fails: past it the caller gets the error', async (fail) => {
    const { call, clock, world } = failing()
    await call()
    clock.advance(100)
    world.version = 2
    world.fail = fail
    await expect(call()).rejects.toThrow(`no ${fail}`)
  })

  it('pins what it served', async () => {
    const { cached, world } = failing()
    const first = await cached('eu')
    world.version = 2
    world.fail = 'load'
    await runInSession(async () => {
      expect(await cached('eu')).toBe(first)
      world.fail = ''
      expect(await cached('eu')).toBe(first)
    })
  })

  it('does not hide the failure of a refresh, and has nothing to serve after invalidate', async () => {
    const { cached, call, world } = failing()
    await call()
    world.fail = 'load'
    await expect((async () => cached.refresh('eu'))()).rejects.toThrow('no load')
    cached.invalidate('eu')
    await expect(call()).rejects.toThrow('no load')
  })

  it('is bounded without a TTL too', async () => {
    const { call, clock, world } = failing({ ttl: Number.POSITIVE_INFINITY })
    const first = await call()
    world.fail = 'check'
    clock.advance(99)
    expect(await call()).toBe(first)
    clock.advance(1)
    await expect(call()).rejects.toThrow('no check')
  })

  it('is off unless asked for', async () => {
    const { call, world } = failing({ staleIfError: undefined })
    await call()
    world.version = 2
    world.fail = 'load'
    await expect(call()).rejects.toThrow('no load')
  })
})

describe('staleIfError for those who share', () => {
  it('serves every waiter of the load that failed', async () => {
    const { call, world, load, loads } = await serving({ staleIfError: 100 })
    world.version = 2
    const waiters = Array.from({ length: 10 }, () => outcomeOf(call()))
    load(1).fail(new Error('no database'))
    expect(await Promise.all(waiters)).toEqual(Array(10).fill({ value: 'old' }))
    expect(loads).toHaveLength(2)
  })
})
