import { describe, expect, it } from 'vitest'
import { runInSession, Session, type Version, versionedLruCache } from '../src/index.ts'
import { settle, thenable } from './support/gate.ts'
import { EVICTIONS, type Eviction, MODES, type Row, shaped, World } from './support/world.ts'

describe.each(MODES)('a $loader loader with a $version version function', ({ loader, version }) => {
  function cachedWorld(options: { max?: number; eviction?: Eviction } = {}) {
    const world = new World()
    const cached = versionedLruCache(shaped(loader, world.load), { version: shaped(version, world.check), ...options })
    return { world, cached }
  }
  const async = loader === 'async' || version === 'async'

  it(`gives ${async ? 'a promise' : 'its value'} on a miss, a pinned hit and a first hit`, async () => {
    const { cached } = cachedWorld()
    const shapes: boolean[] = []
    for (let session = 0; session < 2; session++) {
      await runInSession(async () => {
        for (let call = 0; call < 2; call++) {
          const result: unknown = cached('eu')
          shapes.push(result instanceof Promise)
          await result
        }
      })
    }
    expect(shapes).toEqual([async, async, async, async])
  })

  it('checks once and loads once in a session', async () => {
    const { world, cached } = cachedWorld()
    await runInSession(async () => {
      const first = await cached('eu')
      expect(await cached('eu')).toBe(first)
      expect(await cached('eu')).toBe(first)
    })
    expect(world.steps).toEqual(['check eu', 'load eu'])
  })

  it('checks again in the next session, and does not load while the version stands', async () => {
    const { world, cached } = cachedWorld()
    const first = await runInSession(() => cached('eu'))
    world.take()
    expect(await runInSession(() => cached('eu'))).toBe(first)
    expect(world.take()).toEqual(['check eu'])
  })

  it('loads again in the session after a write', async () => {
    const { world, cached } = cachedWorld()
    await runInSession(() => cached('eu'))
    world.write('eu')
    world.take()
    expect(await runInSession(() => cached('eu'))).toMatchObject({ version: 2 })
    expect(world.take()).toEqual(['check eu', 'load eu'])
  })

  it('goes on with what a session has seen, while a later session has the new output', async () => {
    const { world, cached } = cachedWorld()
    const early = new Session()
    const first = await early.run(() => cached('eu'))
    world.write('eu')
    const later = await runInSession(() => cached('eu'))
    expect(later).toMatchObject({ version: 2 })
    expect(await early.run(() => cached('eu'))).toBe(first)
    expect(first).toMatchObject({ version: 1 })
  })

  it('checks each list of arguments for itself in one session', async () => {
    const { world, cached } = cachedWorld()
    const seen = await runInSession(async () => {
      const a = await cached('a')
      world.write('b')
      return [a, await cached('b')]
    })
    expect(seen).toMatchObject([
      { id: 'a', version: 1 },
      { id: 'b', version: 2 },
    ])
    expect(world.steps).toEqual(['check a', 'load a', 'check b', 'load b'])
  })

  it('treats each call without a session as a session of its own', async () => {
    const { world, cached } = cachedWorld()
    await cached('eu')
    world.write('eu')
    expect(await cached('eu')).toMatchObject({ version: 2 })
    expect(world.steps).toEqual(['check eu', 'load eu', 'check eu', 'load eu'])
  })

  it('meets concurrent first calls of a session in one check and one load', async () => {
    const { world, cached } = cachedWorld()
    const rows = await runInSession(() => Promise.all([cached('eu'), cached('eu'), cached('eu')]))
    expect(new Set(rows).size).toBe(1)
    expect(world.steps).toEqual(['check eu', 'load eu'])
  })

  it('loads once for concurrent sessions that see the same version', async () => {
    const { world, cached } = cachedWorld()
    const rows = await Promise.all(Array.from({ length: 50 }, () => runInSession(() => cached('eu'))))
    expect(new Set(rows).size).toBe(1)
    expect(world.steps.filter((step) => step === 'load eu')).toHaveLength(1)
  })

  it('keeps undefined, null, 0 and the empty string like any output', async () => {
    for (const output of [undefined, null, 0, '', false, Number.NaN]) {
      let loads = 0
      const cached = versionedLruCache(
        shaped(loader, () => {
          loads++
          return output
        }),
        { version: shaped(version, () => undefined) },
      )
      const seen = await runInSession(async () => [await cached(), await cached()])
      expect(await runInSession(() => cached())).toBe(output)
      expect(seen).toEqual([output, output])
      expect(loads).toBe(1)
    }
  })

  it('takes null, undefined, 0, the empty string and false for versions, each different from the others', async () => {
    const versions: Version[] = [null, undefined, 0, '', false, 0n, '0', -0, [0], [], ['0'], [0, 0]]
    let current: Version
    let loads = 0
    const cached = versionedLruCache(
      shaped(loader, () => ++loads),
      { version: shaped(version, () => current) },
    )
    for (const [index, next] of versions.entries()) {
      current = next
      expect(await runInSession(() => cached())).toBe(index + 1)
      if (Array.isArray(next)) current = [...next]
      expect(await runInSession(() => cached())).toBe(index + 1)
    }
  })

  it('passes an error to the caller, forgets it, and tries again with the version it has pinned', async () => {
    const world = new World()
    let failing = true
    const cached = versionedLruCache(
      shaped(loader, (id: string) => {
        world.load(id)
        if (failing) throw new Error('no database')
        return 'fine'
      }),
      { version: shaped(version, world.check) },
    )
    await runInSession(async () => {
      await expect((async () => cached('eu'))()).rejects.toThrow('no database')
      failing = false
      const retry: unknown = cached('eu')
      expect(retry instanceof Promise).toBe(async)
      expect(await retry).toBe('fine')
    })
    expect(world.steps).toEqual(['check eu', 'load eu', 'load eu'])
    expect(cached.stats()).toMatchObject({ loads: 2, loadErrors: 1, entries: 1, runningLoads: 0 })
  })

  it('never pins a failed check: the next call of the session checks again', async () => {
    const world = new World()
    let failing = true
    const cached = versionedLruCache(shaped(loader, world.load), {
      version: shaped(version, (id: string) => {
        world.check(id)
        if (failing) throw new Error('no version')
        return 1
      }),
    })
    await runInSession(async () => {
      await expect((async () => cached('eu'))()).rejects.toThrow('no version')
      failing = false
      expect(await cached('eu')).toMatchObject({ id: 'eu' })
    })
    expect(world.steps).toEqual(['check eu', 'check eu', 'load eu'])
    expect(cached.stats()).toMatchObject({ checks: 2, runningChecks: 0 })
  })

  it.each(EVICTIONS)(
    'keeps the output pinned through eviction (%s), invalidate and clear of others',
    async (eviction) => {
      const { world, cached } = cachedWorld({ max: 1, eviction })
      const session = new Session()
      const first = await session.run(() => cached('eu'))
      await runInSession(() => cached('us'))
      expect(cached.peek('eu')).toBeUndefined()
      expect(await session.run(() => cached('eu'))).toBe(first)
      runInSession(() => cached.invalidate('eu'))
      expect(await session.run(() => cached('eu'))).toBe(first)
      runInSession(() => cached.clear())
      expect(await session.run(() => cached('eu'))).toBe(first)
      expect(world.steps).toEqual(['check eu', 'load eu', 'check us', 'load us'])
    },
  )

  it('lets a writer read its own write after invalidate or clear', async () => {
    const { world, cached } = cachedWorld()
    await runInSession(async () => {
      expect(await cached('eu')).toMatchObject({ version: 1 })
      world.write('eu')
      expect(cached.invalidate('eu')).toBe(true)
      expect(await cached('eu')).toMatchObject({ version: 2 })
      world.write('eu')
      cached.clear()
      expect(await cached('eu')).toMatchObject({ version: 3 })
    })
    expect(world.steps).toEqual(['check eu', 'load eu', 'check eu', 'load eu', 'check eu', 'load eu'])
  })

  it('invalidates one key and leaves the others', async () => {
    const { world, cached } = cachedWorld()
    await cached('eu')
    await cached('us')
    world.take()
    expect(cached.invalidate('eu')).toBe(true)
    expect(cached.invalidate('eu')).toBe(false)
    await cached('us')
    await cached('eu')
    expect(world.take()).toEqual(['check us', 'check eu', 'load eu'])
  })

  it('refreshes: checks and loads now, even at the same version, for the caller and for later sessions', async () => {
    const { world, cached } = cachedWorld()
    const before = (await cached('eu')) as Row
    world.take()
    await runInSession(async () => {
      await cached('eu')
      const refreshed = (await cached.refresh('eu')) as Row
      expect(refreshed.load).toBe(before.load + 1)
      expect(await cached('eu')).toBe(refreshed)
    })
    expect(world.take()).toEqual(['check eu', 'check eu', 'load eu'])
    expect(await cached('eu')).toMatchObject({ load: before.load + 1 })
  })

  it('keeps serving what it has when a refresh fails', async () => {
    const world = new World()
    let failing = false
    const cached = versionedLruCache(
      shaped(loader, (id: string) => {
        if (failing) throw new Error('no database')
        return world.load(id)
      }),
      { version: shaped(version, world.check) },
    )
    const first = await cached('eu')
    failing = true
    await expect((async () => cached.refresh('eu'))()).rejects.toThrow('no database')
    expect(await cached('eu')).toBe(first)
  })

  it.each(EVICTIONS)('peeks without a check, a pin or a use (%s)', async (eviction) => {
    const { world, cached } = cachedWorld({ max: 2, eviction })
    expect(cached.peek('eu')).toBeUndefined()
    const row = await cached('eu')
    await cached('us')
    world.take()
    await runInSession(async () => {
      expect(cached.peek('eu')).toBe(row)
      expect(world.take()).toEqual([])
      await cached('asia') // evicts eu, since a peek is no use
      expect(cached.peek('eu')).toBeUndefined()
    })
  })

  it.each(EVICTIONS)('evicts the key that was not used, and a hit is a use (%s)', async (eviction) => {
    const { world, cached } = cachedWorld({ max: 2, eviction })
    for (const id of ['eu', 'us', 'eu', 'asia']) await cached(id)
    expect([cached.peek('eu')?.id, cached.peek('us')?.id, cached.peek('asia')?.id]).toEqual(['eu', undefined, 'asia'])
    expect(world.steps.filter((step) => step.startsWith('load'))).toHaveLength(3)
  })

  it.each(EVICTIONS)('counts what it did (%s)', async (eviction) => {
    const { world, cached } = cachedWorld({ max: 1, eviction })
    await runInSession(async () => {
      await cached('eu') // miss
      await cached('eu') // pinned
    })
    await cached('eu') // hit
    world.write('eu')
    await cached('eu') // outdated
    await cached('us') // evicts eu
    expect(cached.stats()).toEqual({
      pinned: 1,
      hits: 1,
      misses: 3,
      outdated: 1,
      expired: 0,
      shared: 0,
      stale: 0,
      checks: 4,
      checkErrors: 0,
      loads: 3,
      loadErrors: 0,
      overtaken: 0,
      unkept: 0,
      evictions: 1,
      verified: 0,
      differing: 0,
      verifyErrors: 0,
      returnedVersions: 0,
      entries: 1,
      totalSize: 0,
      runningLoads: 0,
      runningChecks: 0,
    })
  })

  it('hands its `this` on to the loader, the version function and the key function', async () => {
    const seen: unknown[] = []
    const cached = versionedLruCache(
      shaped(loader, (id: string) => id),
      {
        version(this: unknown) {
          seen.push(this)
          return 1
        },
        key(this: unknown, id) {
          seen.push(this)
          return id
        },
      },
    )
    const owner = { cached }
    await owner.cached('eu')
    expect(seen).toEqual([owner, owner])
  })
})

describe('a cached function', () => {
  it('keeps the name, the length and the loader', () => {
    function buildReport(_region: string, _year: number): number {
      return 1
    }
    const cached = versionedLruCache(buildReport, {})
    expect([cached.name, cached.length, cached.loader]).toEqual(['buildReport', 2, buildReport])
  })

  it('lives by its TTL alone without a version function', async () => {
    let loads = 0
    const cached = versionedLruCache((_id: string) => ++loads)
    expect([cached('eu'), cached('eu'), runInSession(() => cached('eu'))]).toEqual([1, 1, 1])
    expect(cached.stats().checks).toBe(0)
  })

  it('shares nothing with another function of the same name', async () => {
    const one = versionedLruCache(() => 1, { name: 'same' })
    const two = versionedLruCache(() => 2, { name: 'same' })
    expect(runInSession(() => [one(), two(), one(), two()])).toEqual([1, 2, 1, 2])
  })

  it('tells f(1) from f("1"), and f() from f(undefined) and f(null)', () => {
    const cached = versionedLruCache((...args: unknown[]) => [args.length, args[0]], { version: () => 1 })
    runInSession(() => {
      const lists = [
        [1],
        ['1'],
        [],
        [undefined],
        [null],
        [undefined, undefined],
        [''],
        [false],
        [0],
        [-0],
        [1n],
        [[]],
        [{}],
      ]
      for (const args of lists) expect(cached(...args)).toEqual([args.length, args[0]])
      for (const args of lists) expect(cached(...args)).toEqual([args.length, args[0]])
      expect(cached.stats().loads).toBe(lists.length)
    })
  })

  it('gives all concurrent calls of a session the very same promise', async () => {
    const cached = versionedLruCache(async (id: string) => id, { version: async () => 1 })
    await runInSession(async () => {
      const first = cached('eu')
      expect(cached('eu')).toBe(first)
      await first
      expect(cached('eu')).toBe(first)
    })
  })

  it('takes any thenable for a promise, and gives a real one', async () => {
    const query = thenable<number[]>((resolve) => resolve([1, 2]))
    const cached = versionedLruCache((): PromiseLike<number[]> => query, { version: () => 1 })
    const result = cached()
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toEqual([1, 2])
    expect(await runInSession(() => cached())).toEqual([1, 2])
  })

  it('leaves no unhandled rejection behind when everybody handles theirs', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const cached = versionedLruCache(() => Promise.reject(new Error('no')), {
      version: () => Promise.reject(new Error('no')),
    })
    const calls = Array.from({ length: 5 }, () => runInSession(() => cached()).catch(() => 'handled'))
    expect(await Promise.all(calls)).toEqual(Array(5).fill('handled'))
    await settle()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
