import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  type CacheEvent,
  currentSession,
  InvalidDependencyError,
  onCacheEvent,
  runInSession,
  Session,
  UnkeyableArgumentError,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { settle } from './support/gate.ts'
import { part, whole } from './support/nested.ts'
import { gated, MODES, shaped, World } from './support/world.ts'

describe.each(MODES)('what depends on a call: a $loader loader with a $version version function', (mode) => {
  function make() {
    const world = new World()
    const report = versionedLruCache(shaped(mode.loader, world.load), {
      version: shaped(mode.version, world.check),
      name: 'report',
    })
    return { world, report }
  }

  it('gets the version by one check and no load, and the call in the same session goes by it', async () => {
    const { world, report } = make()
    await runInSession(async () => {
      expect(await report.dependency('eu').pinVersion()).toEqual({ source: 'report', key: '("eu")', version: 1 })
      expect(world.take()).toEqual(['check eu'])
      world.write('eu')
      expect(await report.dependency('eu').pinVersion()).toMatchObject({ version: 1 })
      await report('eu')
      expect(world.take()).toEqual(['load eu'])
      expect(currentSession()?.versions()).toEqual([{ source: 'report', key: '("eu")', version: 1 }])
    })
  })

  it('gets the version that the session has pinned already', async () => {
    const { world, report } = make()
    await runInSession(async () => {
      await report('eu')
      world.write('eu')
      expect(await report.dependency('eu').pinVersion()).toMatchObject({ version: 1 })
      expect(world.take()).toEqual(['check eu', 'load eu'])
    })
  })

  it('shares one check with the calls that are made at the same moment', async () => {
    const { world, report } = make()
    await runInSession(() => {
      const dependency = report.dependency('eu')
      return Promise.all([dependency.pinVersion(), report('eu'), dependency.pinVersion()])
    })
    expect(world.take()).toEqual(['check eu', 'load eu'])
  })

  it('checks each time where there is no session', async () => {
    const { world, report } = make()
    const dependency = report.dependency('eu')
    await dependency.pinVersion()
    world.write('eu')
    expect(await dependency.pinVersion()).toMatchObject({ version: 2 })
    expect(world.take()).toEqual(['check eu', 'check eu'])
  })

  it('asks nothing before it is asked', async () => {
    const { world, report } = make()
    report.dependency('eu')
    await settle()
    expect(world.take()).toEqual([])
  })

  it('pins nothing when the check fails: the next one tries again', async () => {
    const world = new World()
    let isBroken = true
    const check = (id: string) => {
      world.steps.push('check')
      if (isBroken) throw new Error('down')
      return world.versionOf(id)
    }
    const report = versionedLruCache(shaped(mode.loader, world.load), { version: shaped(mode.version, check) })
    await runInSession(async () => {
      const { pinVersion } = report.dependency('eu')
      await expect((async () => pinVersion())()).rejects.toThrow('down')
      expect(currentSession()?.versions()).toEqual([])
      isBroken = false
      expect(await pinVersion()).toMatchObject({ version: 1 })
      expect(world.take()).toEqual(['check', 'check'])
    })
    expect(report.stats()).toMatchObject({ checks: 2, checkErrors: 1 })
  })

  it('fails as its check does where there is no session', async () => {
    const check = (): number => {
      throw new Error('down')
    }
    const report = versionedLruCache(
      shaped(mode.loader, (id: string) => id),
      { version: shaped(mode.version, check) },
    )
    await expect((async () => report.dependency('eu').pinVersion())()).rejects.toThrow('down')
  })

  it('is told what is wrong with it at once', () => {
    const { report } = make()
    expect(() => report.dependency((() => 1) as unknown as string)).toThrow(UnkeyableArgumentError)
    const unversioned = versionedLruCache(
      shaped(mode.loader, (id: string) => id),
      { name: 'menu' },
    )
    const { pinVersion } = unversioned.dependency('eu')
    expect(() => pinVersion()).toThrow(InvalidDependencyError)
    expect(() => pinVersion()).toThrow('Nothing can depend on the version of menu')
  })
})

describe('what depends on a call', () => {
  it('knows the TTL, unless that is a function of the output', async () => {
    const dependencyOf = (ttl: number | (() => number)) =>
      versionedLruCache((id: string) => id, { version: () => 1, ttl }).dependency('eu')
    expect(dependencyOf(5).ttl).toBe(5)
    expect(await dependencyOf(5).pinVersions(true)).toMatchObject({ ttl: 5 })
    expect(dependencyOf(() => 5).ttl).toBeUndefined()
    expect(await dependencyOf(() => 5).pinVersions(true)).toMatchObject({ ttl: undefined })
  })

  it('does not know all of what was made of more than can be noted', async () => {
    const [one, two] = [() => 1, () => 2].map((load) => versionedLruCache(load, { version: () => 1 }))
    const page = versionedLruCache(() => [one?.(), two?.()], { version: () => 1, maxStamps: 1 })
    expect(await page.dependency().pinVersions(true)).toMatchObject({ areAll: false })
  })

  it('tells two functions of one name apart, whichever of them has come first', async () => {
    const loads = [gated<[], void>(), gated<[], void>()]
    const versions = ['x', 'y']
    const parts = loads.map(({ fn }, index) => versionedLruCache(() => fn(), { version: () => versions[index] }))
    const page = versionedLruCache(() => Promise.all(parts.map((part) => part())))
    const versionsBy = async (first: number, second: number) => {
      const seen = page.dependency().pinVersions(true)
      for (const index of [first, second]) {
        await settle()
        loads[index]?.runs.at(-1)?.open()
      }
      return (await seen).versions.map(({ version }) => version)
    }
    expect(await versionsBy(0, 1)).toEqual(['x', 'y'])
    versions.reverse()
    expect(await versionsBy(1, 0)).toEqual(['y', 'x'])
  })

  it('gets the versions of what the session has got already', async () => {
    const world = new World()
    const [user, menu] = [part(world, 'user'), part(world, 'menu')]
    const page = whole(world, 'page', async () => `${await user()}, ${await menu()}`)
    await runInSession(async () => {
      const call = page()
      const ofBefore = page.dependency().pinVersions(false)
      await call
      for (const name of ['user', 'menu']) world.write(name)
      world.take()
      for (const seen of [await ofBefore, await page.dependency().pinVersions(false)]) {
        expect(seen).toMatchObject({ areAll: true, versions: [{ source: 'menu' }, { source: 'user' }] })
        expect(seen.versions.map(({ version }) => version)).toEqual([1, 1])
      }
      expect(world.take()).toEqual([])
    })
  })

  it('gets what moves with each part, however that is compared', async () => {
    const data = { rows: 1, titles: 1, menu: 1, user: 1 }
    const rows = versionSource({ name: 'rows', read: async () => data.rows })
    const titles = versionSource({ name: 'titles', read: async () => data.titles })
    const title = versionedLruCache(async () => data.titles, { name: 'title', version: titles })
    const menu = versionedLruCache(async () => data.menu, { name: 'menu', version: () => data.menu, equals: true })
    const user = versionedLruCache(async () => data.user, { name: 'user', version: () => data.user })
    const page = versionedLruCache(() => Promise.all([user(), rows.current(), menu(), title()]))
    const versions = async () => (await page.dependency().pinVersions(true)).versions
    const before = await versions()
    expect(before.map(({ source }) => source)).toEqual(['menu', 'rows', 'title', 'titles', 'user'])
    expect(await versions()).toEqual(before)
    for (const written of ['rows', 'titles', 'menu', 'user'] as const) {
      const last = await versions()
      data[written]++
      const now = await versions()
      const moved = now.filter(({ version }, index) => !isDeepStrictEqual(version, last[index]?.version))
      expect(moved.map((seen) => seen.source)).toEqual([written])
    }
  })

  it('leaves what a call has got in spite of a check that failed pinned', async () => {
    const { fn, runs } = gated<[string], number>()
    const report = versionedLruCache(async (id: string) => ({ id }), { version: fn, staleIfError: 60_000 })
    const first = report('eu')
    runs[0]?.open(1)
    await first
    await runInSession(async () => {
      const pinned = report.dependency('eu').pinVersion() as Promise<unknown>
      const call = report('eu')
      runs[1]?.fail(new Error('down'))
      await expect(pinned).rejects.toThrow('down')
      const stale = await call
      expect(await report('eu')).toBe(stale)
      expect(runs).toHaveLength(2)
    })
  })

  it('leaves the call that waits for the same check alone when the check fails', async () => {
    const { fn, runs } = gated<[string], number>()
    const report = versionedLruCache((id: string) => id, { version: fn })
    await runInSession(async () => {
      const call = report('eu')
      const pinned = report.dependency('eu').pinVersion() as Promise<unknown>
      runs[0]?.fail(new Error('down'))
      await expect(call).rejects.toThrow('down')
      await expect(pinned).rejects.toThrow('down')
      const next = report('eu')
      runs[1]?.open(1)
      expect(await next).toBe('eu')
    })
  })
})

describe('a session that was served something stale', () => {
  function make(options: { session?: () => Map<unknown, unknown> } = {}) {
    const world = new World()
    const inner = versionedLruCache(async (id: string) => world.load(id), {
      version: world.check,
      staleWhileRevalidate: 60_000,
      ...options,
    })
    return { world, inner }
  }

  it('knows it', async () => {
    const { world, inner } = make()
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      expect(currentSession()?.servedStale).toBe(false)
      expect(await inner('eu')).toMatchObject({ version: 1 })
      expect(currentSession()?.servedStale).toBe(true)
    })
  })

  it('knows it of what was made of something stale, and of a load that it joined', async () => {
    const { world, inner } = make()
    const outer = versionedLruCache(async (id: string) => [await inner(id)], { version: world.check })
    await inner('eu')
    world.write('eu')
    const ask = () =>
      runInSession(async () => {
        await outer('eu')
        return currentSession()?.servedStale
      })
    expect(await Promise.all([ask(), ask()])).toEqual([true, true])
  })

  it('knows it of a version that was read by way of something stale', async () => {
    const { world, inner } = make()
    const outer = versionedLruCache((id: string) => id, { version: async (id) => (await inner(id)).version })
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      await outer.dependency('eu').pinVersion()
      expect(currentSession()?.servedStale).toBe(true)
    })
  })

  it('still knows it when what was served is pinned no more', async () => {
    const { world, inner } = make()
    for (const forget of [() => currentSession()?.renew(), () => inner.invalidate('eu'), () => inner.refresh('eu')]) {
      await inner('eu')
      world.write('eu')
      await runInSession(async () => {
        await inner('eu')
        await forget()
        expect(currentSession()?.servedStale).toBe(true)
      })
      await expect.poll(() => inner.stats().runningLoads).toBe(0)
    }
  })

  it('knows it of a function that keeps its session elsewhere', async () => {
    const { world, inner } = make({ session: () => new Map() })
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      await inner('eu')
      expect(currentSession()?.servedStale).toBe(true)
    })
  })

  it('is served nothing stale after it has refused to be, also by a function that keeps its session elsewhere', async () => {
    const { world, inner } = make({ session: () => new Map() })
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      currentSession()?.refuseStale()
      expect(await inner('eu')).toMatchObject({ version: 2 })
    })
  })

  it('is served nothing stale after it has refused to be: neither by way of a load, nor by one that it joins', async () => {
    const { world, inner } = make()
    const outer = versionedLruCache(async (id: string) => [await inner(id)], { version: world.check })
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      currentSession()?.refuseStale()
      expect(await outer('eu')).toMatchObject([{ version: 2 }])
    })
    outer.clear()
    world.write('eu')
    const lenient = runInSession(async () => outer('eu'))
    const strict = runInSession(async () => {
      currentSession()?.refuseStale()
      const output = await outer('eu')
      return [output, currentSession()?.servedStale]
    })
    expect(await lenient).toMatchObject([{ version: 2 }])
    expect(await strict).toMatchObject([[{ version: 3 }], false])
    expect(outer.stats()).toMatchObject({ shared: 1 })
  })

  it('knows it where it is not the ambient one', async () => {
    const world = new World()
    const holder = {}
    const kept = versionedLruCache(async (id: string) => world.load(id), {
      version: world.check,
      staleWhileRevalidate: 60_000,
      session: () => holder,
    })
    await kept('eu')
    Session.of(holder).renew()
    world.write('eu')
    await kept('eu')
    expect(Session.of(holder).servedStale).toBe(true)
  })

  it('is served nothing stale after it has refused to be: it waits for the load', async () => {
    const { world, inner } = make()
    await inner('eu')
    world.write('eu')
    await runInSession(async () => {
      currentSession()?.refuseStale()
      expect(await inner('eu')).toMatchObject({ version: 2 })
    })
  })

  it('fails after it has refused, where staleIfError would have helped', async () => {
    let isBroken = false
    const load = async (id: string) => {
      if (isBroken) throw new Error('down')
      return id
    }
    const report = versionedLruCache(load, { version: () => String(isBroken), staleIfError: 60_000 })
    await report('eu')
    isBroken = true
    await runInSession(async () => expect(await report('eu')).toBe('eu'))
    await runInSession(async () => {
      currentSession()?.refuseStale()
      await expect(report('eu')).rejects.toThrow('down')
    })
  })
})

describe('an event', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('down')), 10_000, 'down'],
    [
      'throws synchronously',
      () => {
        throw new Error('down')
      },
      10_000,
      'down',
    ],
    ['gives what is no version', () => ({}) as never, 10_000, 'returned an object'],
    ['gives a promise of what is no version', async () => ({}) as never, 10_000, 'returned an object'],
    ['takes too long', () => new Promise<number>(() => undefined), 5, 'within 5 ms'],
  ] as [string, (id: string) => Promise<number> | number, number, string][])(
    'says that a version function %s, once, in the session that asked',
    async (_what, version, versionTimeout, message) => {
      const heard: [CacheEvent, unknown][] = []
      const end = onCacheEvent((event) => heard.push([event, currentSession()]))
      try {
        const report = versionedLruCache(async (id: string) => id, { name: 'report', version, versionTimeout })
        const session = await runInSession(async () => {
          await expect(report('eu')).rejects.toThrow(message)
          return currentSession()
        })
        const error = expect.objectContaining({ message: expect.stringContaining(message) })
        expect(heard).toEqual([[{ type: 'checkFailed', name: 'report', key: '("eu")', error }, session]])
        expect(report.stats()).toMatchObject({ checks: 1, checkErrors: 1 })
      } finally {
        end()
      }
    },
  )

  it('is not heard by who has stopped to listen', async () => {
    const heard: CacheEvent[] = []
    onCacheEvent((event) => heard.push(event))()
    const report = versionedLruCache((id: string) => id, { version: () => Number.NaN })
    expect(() => report('eu')).toThrow('NaN')
    expect(heard).toEqual([])
  })
})
