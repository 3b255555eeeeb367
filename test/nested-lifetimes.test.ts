import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { type ManualClock, manualClock } from './support/clock.ts'
import { gate, outcomeOf, settle } from './support/gate.ts'
import { part, whole } from './support/nested.ts'
import { World } from './support/world.ts'

describe('the ttl of a part', () => {
  function make(options: (clock: ManualClock) => object = (clock) => ({ ttl: 10, clock })) {
    const world = new World()
    const clock = manualClock()
    const user = part(world, 'user', { version: undefined, ...options(clock) })
    const page = whole(world, 'page', () => user(), { ttl: Number.POSITIVE_INFINITY })
    return { world, clock, user, page }
  }

  it('is that of all that was made of it, however long that may live itself', async () => {
    const { world, clock, page } = make()
    await page()
    world.write('user') // nothing tells of it but the time
    clock.advance(9)
    expect(await page()).toBe('user 1')
    clock.advance(1)
    expect(await page()).toBe('user 2')
    expect(world.take()).toEqual(['load page', 'load user', 'load page', 'load user'])
  })

  it('counts from when the part was made, not from when something was made of it', async () => {
    const { world, clock, user, page } = make()
    await user()
    clock.advance(9)
    expect(await page()).toBe('user 1')
    world.write('user')
    clock.advance(1)
    expect(await page()).toBe('user 2')
  })

  it('is that of its output, where it is a function of that', async () => {
    const { world, clock, page } = make((clock) => ({ ttl: (output: string) => (output === 'user 1' ? 5 : 50), clock }))
    await page()
    world.write('user')
    clock.advance(5)
    expect(await page()).toBe('user 2')
    world.write('user')
    clock.advance(49)
    expect(await page()).toBe('user 2')
    clock.advance(1)
    expect(await page()).toBe('user 3')
  })

  it('is over at once where a part is not kept: what was made of it is good for its session alone', async () => {
    const { world, page } = make((clock) => ({ ttl: () => 0, clock }))
    await page()
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('is over as well where its clock has gone back: nobody can tell how old it is', async () => {
    const { world, clock, page } = make()
    await page()
    world.write('user')
    clock.advance(-1)
    expect(await page()).toBe('user 2')
  })

  it('goes by the clock of the process where the part has none of its own', async () => {
    const { world, page } = make(() => ({ ttl: 30 }))
    await page()
    world.write('user')
    expect(await page()).toBe('user 1')
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(await page()).toBe('user 2')
  })
})

describe('what was made of a part is outdated', () => {
  function make() {
    const world = new World()
    const user = part(world, 'user', { version: undefined })
    const page = whole(world, 'page', () => user())
    return { world, user, page }
  }

  it('by its "invalidate", for these arguments and no others', async () => {
    const world = new World()
    const user = versionedLruCache(async (id: string) => world.load(id).version, { ttl: Number.POSITIVE_INFINITY })
    const page = versionedLruCache(async (id: string) => `page of ${await user(id)}`)
    const visit = () => Promise.all([page('ann'), page('bob')])
    await visit()
    world.write('ann')
    world.write('bob')
    user.invalidate('ann')
    expect(await visit()).toEqual(['page of 2', 'page of 1'])
    user.invalidate('bob')
    expect(await visit()).toEqual(['page of 2', 'page of 2'])
  })

  it('by its "invalidate" also when nothing of it was kept any more', async () => {
    const world = new World()
    const user = versionedLruCache(async (id: string) => world.load(id).version, { max: 1 })
    const page = versionedLruCache(async (id: string) => `page of ${await user(id)}`)
    await page('ann')
    await user('bob')
    world.write('ann')
    expect(await page('ann')).toBe('page of 1') // evicted is not outdated
    expect(user.invalidate('ann')).toBe(false)
    expect(await page('ann')).toBe('page of 2')
  })

  it('by its "clear"', async () => {
    const { world, user, page } = make()
    await page()
    world.write('user')
    user.clear()
    expect(await page()).toBe('user 2')
  })

  it('by its "refresh", as soon as that has landed', async () => {
    const world = new World()
    let hold = gate()
    hold.open()
    const user = whole(world, 'user', async () => {
      const { version } = world.load('user data')
      await hold.promise
      return version
    })
    const page = whole(world, 'page', () => user())
    await page()
    world.write('user data')
    hold = gate()
    const refreshed = user.refresh()
    await settle()
    expect(await page()).toBe(1)
    hold.open()
    await refreshed
    expect(await page()).toBe(2)
    world.take()
    expect(await page()).toBe(2)
    expect(world.take()).toEqual([])
  })

  it('not by a "refresh" that fails', async () => {
    const world = new World()
    let isBroken = false
    const user = whole(world, 'user', () => (isBroken ? Promise.reject(new Error('down')) : 'user'))
    const page = whole(world, 'page', () => user())
    await page()
    isBroken = true
    await outcomeOf(user.refresh())
    world.take()
    await page()
    expect(world.take()).toEqual([])
  })

  it('by an "invalidate" that comes while a load has read the part and is still running', async () => {
    const world = new World()
    const hold = gate()
    const user = part(world, 'user', { version: undefined })
    const page = whole(world, 'page', async () => {
      const seen = await user()
      await hold.promise
      return seen
    })
    const first = page()
    await settle()
    world.write('user')
    user.invalidate()
    hold.open()
    expect(await first).toBe('user 1')
    expect(await page()).toBe('user 2')
  })

  it('by an "invalidate" that comes while the part is loaded for it', async () => {
    const world = new World()
    const hold = gate()
    const user = whole(world, 'user', async () => {
      const seen = world.versionOf('user')
      await hold.promise
      return seen
    })
    const page = whole(world, 'page', () => user())
    const first = page()
    await settle()
    world.write('user')
    user.invalidate()
    hold.open()
    expect(await first).toBe(1)
    expect(await page()).toBe(2)
  })

  it('for later sessions: one that has it keeps it, unless it invalidates the part itself', async () => {
    const { world, user, page } = make()
    const [reader, writer] = [new Session(), new Session()]
    for (const session of [reader, writer]) await session.run(() => page())
    world.write('user')
    await writer.run(async () => {
      user.invalidate()
      expect(await user()).toBe('user 2')
    })
    expect(await reader.run(() => page())).toBe('user 1')
    expect(await runInSession(() => page())).toBe('user 2')
  })

  it('also when more keys were invalidated than it tells apart: then more is loaded, and nothing is stale', async () => {
    const world = new World()
    const user = versionedLruCache((id: number) => world.load(`${id}`).version, { max: 1 })
    const page = versionedLruCache((id: number) => `page of ${user(id)}`)
    const ids = [-1, 0, 1, 999, 1000, 1001]
    for (const id of ids) page(id)
    for (const id of ids) world.write(`${id}`)
    for (let id = 0; id <= 1001; id++) user.invalidate(id)
    expect(ids.map((id) => page(id))).toEqual(['page of 2', ...ids.slice(1).map(() => 'page of 2')])
  })
})

describe('an outer output whose part has moved', () => {
  it('may be served stale, while a new one is loaded that others get', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user(), { staleWhileRevalidate: 60_000 })
    await page()
    world.write('user')
    world.take()
    expect(await page()).toBe('user 1')
    await expect.poll(() => page.stats().runningLoads).toBe(0)
    expect(world.take()).toEqual(['check user', 'load page', 'check user', 'load user']) // it is no part of the session
    expect(await page()).toBe('user 2')
    expect(page.stats()).toMatchObject({ stale: 1, loads: 2, hits: 1 })
  })

  it('may be served stale where the part fails, also its check', async () => {
    const world = new World()
    let isDown = false
    const version = async (): Promise<number> => {
      if (isDown) throw new Error('down')
      return 1
    }
    const user = part(world, 'user', { version })
    const page = whole(world, 'page', () => user(), { staleIfError: 60_000 })
    const outer = whole(world, 'outer', () => page())
    await page()
    isDown = true
    expect(await page()).toBe('user 1')
    expect(await outer()).toBe('user 1')
    expect(outer.stats()).toMatchObject({ entries: 0, unkept: 1 })
  })
})

describe('arguments that the caller has changed after the call', () => {
  it('bring no output of others: a part that was asked for by them counts as different', async () => {
    const world = new World()
    const rows = versionedLruCache(async ({ page }: { page: number }) => `rows of ${page}`, {
      name: 'rows',
      version: async ({ page }) => world.check(`rows of ${page}`),
    })
    const query = { page: 1 }
    const list = whole(world, 'list', () => rows(query))
    expect(await list()).toBe('rows of 1')
    query.page = 2
    world.take()
    expect(await list()).toBe('rows of 2')
    expect(world.take()).toEqual(['load list', 'check rows of 2'])
    query.page = 2
    await list()
    expect(world.take()).toEqual(['check rows of 2'])
  })

  it('do no harm where a key function picks what does not change', async () => {
    const world = new World()
    const rows = versionedLruCache(async ({ id }: { id: number; seen: number }) => `rows of ${id}`, {
      key: ({ id }) => id,
      version: async ({ id }) => world.check(`rows of ${id}`),
    })
    const query = { id: 1, seen: 0 }
    const list = whole(world, 'list', () => rows(query))
    await list()
    query.seen++
    world.take()
    await list()
    expect(world.take()).toEqual(['check rows of 1'])
  })
})
