import { describe, expect, it } from 'vitest'
import {
  composite,
  counter,
  dependsOn,
  detached,
  InvalidDependencyError,
  runInSession,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { eventsFromNow, part, whole } from './support/nested.ts'
import { World } from './support/world.ts'

describe('what a loader reads when its load is over', () => {
  /** A page that reads once more in a timer that nobody waits for. */
  function make(read: (world: World) => () => unknown) {
    const world = new World()
    const later: Promise<unknown>[] = []
    const ask = read(world)
    const page = versionedLruCache(
      async (id: string) => {
        later.push(settle().then(() => ask()))
        return `page ${id}`
      },
      { name: 'page' },
    )
    const visit = async (id: string): Promise<void> => {
      await page(id)
      await Promise.all(later)
    }
    return { world, page, visit }
  }

  it('is told of, once for each function', async () => {
    const events = eventsFromNow()
    const { visit } = make((world) => part(world, 'user'))
    await visit('a')
    await visit('b')
    expect(events).toEqual([{ type: 'lateRead', name: 'page', read: 'user()' }])
    await make((world) => part(world, 'user')).visit('c')
    expect(events).toHaveLength(2)
  })

  it('is told of also when it is a version that it reads by hand', async () => {
    const events = eventsFromNow()
    const rows = versionSource({ name: 'rows', read: async (_id: string) => 1 })
    await make(() => () => rows.current('a')).visit('a')
    expect(events).toEqual([{ type: 'lateRead', name: 'page', read: 'rows("a")' }])
  })

  it('is told of also when a session that is kept elsewhere has it pinned', async () => {
    const events = eventsFromNow()
    const holder = {}
    const user = part(new World(), 'user', { session: () => holder })
    await user()
    await make(() => user).visit('a')
    expect(events).toEqual([{ type: 'lateRead', name: 'page', read: 'user()' }])
  })

  it('is read all the same, and outdates nothing', async () => {
    const { world, page, visit } = make((world) => part(world, 'user'))
    await visit('a')
    expect(world.take()).toEqual(['check user', 'load user'])
    world.write('user')
    await page('a')
    expect(page.stats()).toMatchObject({ loads: 1, hits: 1 })
  })

  it('is nothing to tell of in "detached"', async () => {
    const events = eventsFromNow()
    await make((world) => () => detached(part(world, 'user'))).visit('a')
    expect(events).toEqual([])
  })
})

describe('what a loader has asked for and not waited for', () => {
  it('is told of, once, and what was loaded is returned and not kept: it may be in there as a promise', async () => {
    const events = eventsFromNow()
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => ({ user: user() }))
    expect(await (await page()).user).toBe('user 1')
    expect(page.stats()).toMatchObject({ entries: 0, unkept: 1 })
    world.write('user')
    expect(await (await page()).user).toBe('user 2')
    expect(events).toEqual([{ type: 'lateRead', name: 'page', read: 'a call that the loader did not wait for' }])
  })

  it('is recorded like anything else if it has come before the load is over', async () => {
    const events = eventsFromNow()
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => {
      const coming = user()
      await settle()
      return { user: coming }
    })
    await page()
    expect(page.stats().entries).toBe(1)
    world.write('user')
    expect(await (await page()).user).toBe('user 2')
    expect(events).toEqual([])
  })

  it('makes what others make of that unkept too', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => ({ user: user() }))
    const outer = whole(world, 'outer', async () => (await page()).user)
    await outer()
    expect(outer.stats()).toMatchObject({ entries: 0, unkept: 1 })
  })

  it('is no matter of an error that came first: that goes by what had come', async () => {
    const events = eventsFromNow()
    const world = new World()
    const hold = gate()
    const slow = whole(world, 'slow', () => hold.promise)
    const user = whole(world, 'user', () => Promise.reject(new Error('gone')), {
      version: async () => world.check('user'),
    })
    const page = whole(world, 'page', () => Promise.all([slow(), user()]))
    const outer = whole(world, 'outer', () => page().catch(() => 'none'))
    expect(await outer()).toBe('none')
    expect(outer.stats().entries).toBe(1)
    hold.open()
    await settle()
    world.write('user')
    world.take()
    await outer()
    expect(world.take()).toEqual(['check user', 'load outer', 'load page', 'load user'])
    expect(events).toEqual([])
  })
})

describe('dependsOn', () => {
  it('records by hand what nothing can be seen of', async () => {
    const world = new World()
    const users = versionSource({ name: 'users', read: async (id: string) => world.check(id) })
    const user = versionedLruCache(async (id: string) => {
      await dependsOn(users, id)
      return world.load(id).version
    })
    expect([await user('ann'), await user('ann')]).toEqual([1, 1])
    expect(world.take()).toEqual(['check ann', 'load ann', 'check ann'])
    world.write('ann')
    expect(await user('ann')).toBe(2)
    world.write('bob')
    world.take()
    expect(await user('ann')).toBe(2)
    expect(world.take()).toEqual(['check ann'])
  })

  it('records each part of a composite', async () => {
    const notes = counter({ name: 'notes' })
    const rates = counter({ name: 'rates' })
    const both = composite({ name: 'both', sources: [notes, rates.of(() => 'EUR')] })
    let loads = 0
    const list = versionedLruCache((topic: string) => {
      dependsOn(both, topic)
      return `${topic} ${++loads}`
    })
    expect([list('garden'), list('garden')]).toEqual(['garden 1', 'garden 1'])
    rates.bump('EUR')
    expect(list('garden')).toBe('garden 2')
    notes.bump('kitchen')
    expect(list('garden')).toBe('garden 2')
    notes.bump('garden')
    expect(list('garden')).toBe('garden 3')
  })

  it('gives nothing, at once where the source gives its version at once', () => {
    const rows = versionSource({ name: 'rows', read: () => 1 })
    let given: unknown = 'nothing yet'
    versionedLruCache(() => {
      given = dependsOn(rows)
      return 1
    })()
    expect(given).toBeUndefined()
  })

  it('asks nothing outside of a load', () => {
    const world = new World()
    const rows = versionSource({ name: 'rows', read: () => world.check('rows') })
    dependsOn(rows)
    runInSession(() => dependsOn(rows))
    detached(() => dependsOn(rows))
    const promised = versionSource({ name: 'promised', read: async () => world.check('promised') })
    expect(dependsOn(promised)).toBeInstanceOf(Promise)
    expect(world.take()).toEqual([])
  })

  it('fails as the source fails, and what a loader makes in spite of that is not kept', async () => {
    const rows = versionSource({ name: 'rows', read: () => Promise.reject(new Error('down')) })
    const list = versionedLruCache(() => dependsOn(rows).then(() => 'rows'))
    await expect(list()).rejects.toThrow('down')
    const safe = versionedLruCache(() => dependsOn(rows).catch(() => 'no rows'))
    expect(await safe()).toBe('no rows')
    expect(safe.stats()).toMatchObject({ entries: 0, unkept: 1 })
    const sync = versionSource({
      name: 'sync',
      read: (): number => {
        throw new Error('down')
      },
    })
    const caught = versionedLruCache(() => {
      try {
        dependsOn(sync)
      } catch {
        return 'no rows'
      }
      return 'rows'
    })
    expect(caught()).toBe('no rows')
    expect(caught.stats()).toMatchObject({ entries: 0, unkept: 1 })
  })

  it.each([
    ['nothing', undefined, 'undefined'],
    ['a version function', () => 1, 'a function'],
    ['a source that takes its key from a call', counter({ name: 'rows' }).of(() => 'a'), 'the function version'],
  ])('refuses %s', (_what, source, shown) => {
    expect(() => dependsOn(source as never)).toThrow(InvalidDependencyError)
    expect(() => dependsOn(source as never)).toThrow(
      `A load was to depend on ${shown}: give a version source, see versionSource, and its key.`,
    )
  })
})

describe('source.current', () => {
  it('is the source itself: the version that the session goes by', async () => {
    const world = new World()
    const rows = versionSource({ name: 'rows', read: async (id: string) => world.check(id) })
    await runInSession(async () => {
      expect([await rows.current('a'), await rows('a')]).toEqual([1, 1])
      world.write('a')
      expect(await rows.current('a')).toBe(1)
    })
    expect(world.take()).toEqual(['check a'])
  })
})

describe('a version that a loader reads by hand', () => {
  it('and that is served stale leaves what is made of it unkept', async () => {
    const data = { version: 1, isDown: false }
    const versions = versionedLruCache(async () => data.version, {
      version: async () => {
        if (data.isDown) throw new Error('down')
        return data.version
      },
      staleIfError: 60_000,
    })
    const readMany = async (keys: readonly string[]) => Promise.all(keys.map(() => versions()))
    const rows = versionSource({ name: 'rows', readMany })
    const page = versionedLruCache(async () => `page of ${await rows.current('a')}`)
    await versions()
    data.isDown = true
    expect(await page()).toBe('page of 1')
    expect(page.stats()).toMatchObject({ entries: 0, unkept: 1 })
    data.isDown = false
    expect(await page()).toBe('page of 1')
    expect(page.stats()).toMatchObject({ entries: 1 })
  })
})
