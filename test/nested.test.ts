import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache, versionSource } from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { eventsFromNow, part, versionIn, whole } from './support/nested.ts'
import { MODES, type Shape, shaped, World } from './support/world.ts'

describe.each(MODES)('an outer output, of a $loader loader, with a $version version within', ({ loader, version }) => {
  /** Calls each other as functions do: a synchronous one gets its part at once. */
  function made(shape: Shape) {
    const world = new World()
    const inner = versionedLruCache(shaped(shape, world.load), { version: shaped(version, world.check), name: 'inner' })
    const wrap = (make: () => unknown): (() => unknown) => {
      const load = (): unknown => {
        world.steps.push('load outer')
        return make()
      }
      return version === 'sync' && shape === 'sync' ? load : async () => load()
    }
    return { world, inner, outer: versionedLruCache(wrap(() => inner('eu'))) }
  }

  it('is outdated as soon as what it was made of moves, without a word', async () => {
    const { world, outer } = made(loader)
    expect(await outer()).toMatchObject({ version: 1 })
    expect(world.take()).toEqual(['load outer', 'check eu', 'load eu'])
    expect(await outer()).toMatchObject({ version: 1 })
    expect(world.take()).toEqual(['check eu'])
    world.write('eu')
    expect(await outer()).toMatchObject({ version: 2 })
    expect(world.take()).toEqual(['check eu', 'load outer', 'load eu'])
  })

  it('is pinned like any other: a second call of the session asks nothing', async () => {
    const { world, outer } = made(loader)
    await runInSession(async () => {
      const first = await outer()
      world.write('eu')
      world.take()
      expect(await outer()).toBe(first)
      expect(world.take()).toEqual([])
    })
  })
})

describe('functions that are synchronous', () => {
  it('nest as well, and stay synchronous', () => {
    const world = new World()
    const inner = versionedLruCache(world.load, { version: world.check })
    const middle = versionedLruCache((id: string) => `middle of ${inner(id).version}`)
    const outer = versionedLruCache(() => `outer of ${middle('eu')} and ${middle('us')}`)
    expect(outer()).toBe('outer of middle of 1 and middle of 1')
    expect(world.take()).toEqual(['check eu', 'load eu', 'check us', 'load us'])
    world.write('us')
    expect(outer()).toBe('outer of middle of 1 and middle of 2')
    expect(world.take()).toEqual(['check eu', 'check us', 'load us'])
  })
})

describe('what an outer output was made of counts', () => {
  it('however deep it lies: each part that has moved is loaded, with all that was made of it, and no other', async () => {
    const world = new World()
    const menu = part(world, 'menu')
    const user = part(world, 'user')
    const header = whole(world, 'header', async () => `[${await user()}]`)
    const page = whole(world, 'page', async () => `${await menu()} ${await header()}`)
    expect(await page()).toBe('menu 1 [user 1]')
    world.take()
    world.write('user')
    expect(await page()).toBe('menu 1 [user 2]')
    expect(world.take()).toEqual(['check menu', 'check user', 'load page', 'load header', 'load user'])
    world.write('menu')
    expect(await page()).toBe('menu 2 [user 2]')
    expect(world.take()).toEqual(['check menu', 'load page', 'load menu', 'check user'])
  })

  it('beside a version of its own, which is looked at first', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user(), { version: versionIn(world, 'page') })
    await page()
    world.take()
    await page()
    expect(world.take()).toEqual(['check page', 'check user'])
    world.write('page')
    await page()
    expect(world.take()).toEqual(['check page', 'load page', 'check user'])
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('when the part was kept already', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user())
    await user()
    await page()
    expect(world.take()).toEqual(['check user', 'load user', 'load page', 'check user'])
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('when the session had it pinned already', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user())
    await runInSession(async () => [await user(), await page()])
    expect(world.take()).toEqual(['check user', 'load user', 'load page'])
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('when the part was kept and was itself made of others', async () => {
    const world = new World()
    const user = part(world, 'user')
    const header = whole(world, 'header', () => user())
    const page = whole(world, 'page', () => header())
    await header()
    await page()
    expect(header.stats()).toMatchObject({ loads: 1, hits: 1 })
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('when its load joined the running load of another session', async () => {
    const world = new World()
    const hold = gate()
    const name = part(world, 'name')
    const user = whole(world, 'user', async () => {
      await hold.promise
      return name()
    })
    const page = whole(world, 'page', () => user())
    const both = [user(), page()]
    await settle()
    hold.open()
    expect(await Promise.all(both)).toEqual(['name 1', 'name 1'])
    expect(user.stats()).toMatchObject({ loads: 1, shared: 1 })
    world.write('name')
    expect(await page()).toBe('name 2')
  })

  it('when it was served stale: then the output is returned, and not kept', async () => {
    const world = new World()
    const user = part(world, 'user', { staleWhileRevalidate: 60_000 })
    const page = whole(world, 'page', () => user())
    await page()
    world.write('user')
    expect(await page()).toBe('user 1')
    await settle()
    expect(page.stats()).toMatchObject({ stale: 0, unkept: 1 })
    expect(await page()).toBe('user 2')
  })

  it('when it has failed and the loader has made do without it', async () => {
    const world = new World()
    const user = whole(world, 'user', () => Promise.reject(new Error('gone')), { version: versionIn(world, 'user') })
    const page = whole(world, 'page', () => user().catch(() => 'nobody'))
    expect(await page()).toBe('nobody')
    world.take()
    expect(await page()).toBe('nobody')
    expect(world.take()).toEqual(['check user'])
    world.write('user')
    await page()
    expect(world.take()).toEqual(['check user', 'load page', 'load user'])
  })

  it('when a version of it could not be had: nobody knows what the output is worth, so it is not kept', async () => {
    const events = eventsFromNow()
    const world = new World()
    let isDown = true
    const version = async (): Promise<number> => {
      if (isDown) throw new Error('down')
      return world.check('user')
    }
    const user = part(world, 'user', { version })
    const page = whole(world, 'page', () => user().catch(() => 'nobody'))
    expect(await page()).toBe('nobody')
    expect(page.stats()).toMatchObject({ entries: 0, unkept: 1 })
    expect(events.map(({ type }) => type)).toEqual(['checkFailed'])
    isDown = false
    expect(await page()).toBe('user 1')
    isDown = true // the page was made of what nobody can look at now
    expect(await page()).toBe('nobody')
  })

  it('also when it is a version that the loader reads itself', async () => {
    const world = new World()
    const users = versionSource({ name: 'users', read: async (id: string) => world.check(id) })
    const page = whole(world, 'page', async () => {
      await users.current('ann')
      return world.load('ann').version
    })
    expect(await page()).toBe(1)
    expect(world.take()).toEqual(['load page', 'check ann', 'load ann'])
    expect(await page()).toBe(1)
    expect(world.take()).toEqual(['check ann'])
    world.write('bob')
    expect(await page()).toBe(1)
    world.write('ann')
    expect(await page()).toBe(2)
  })

  it('also when the version that it reads itself could not be had: then it is not kept', async () => {
    const events = eventsFromNow()
    const world = new World()
    const users = versionSource({ name: 'users', read: () => Promise.reject(new Error('down')) })
    const page = whole(world, 'page', () => users.current().catch(() => 'unknown'))
    expect(await page()).toBe('unknown')
    expect(page.stats()).toMatchObject({ entries: 0, unkept: 1 })
    expect(events.map(({ type }) => type)).toEqual(['checkFailed'])
  })

  it('in a session that begins within the loader', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => runInSession(() => user()))
    await page()
    world.write('user')
    expect(await page()).toBe('user 2')
  })

  it('of a function that keeps its session elsewhere', async () => {
    const world = new World()
    const user = part(world, 'user', { session: () => new Map() })
    const page = whole(world, 'page', () => user())
    await page()
    world.write('user')
    expect(await page()).toBe('user 2')
  })
})

describe('a load', () => {
  it('goes by the pins of its session: in one session everything agrees, by identity', async () => {
    const world = new World()
    const user = versionedLruCache(async () => ({ version: world.versionOf('user') }), {
      version: async () => world.check('user'),
    })
    const page = whole(world, 'page', async () => ({ user: await user() }))
    await runInSession(async () => {
      const seen = await user()
      world.write('user')
      expect((await page()).user).toBe(seen)
      expect(await user()).toBe(seen)
    })
    expect((await page()).user).toEqual({ version: 2 })
  })

  it('hands what it reads to no load that runs beside it', async () => {
    const world = new World()
    const [user, menu] = [part(world, 'user'), part(world, 'menu')]
    const hold = gate()
    const head = whole(world, 'head', async () => {
      await hold.promise
      return user()
    })
    const foot = whole(world, 'foot', async () => {
      await hold.promise
      return menu()
    })
    await runInSession(async () => {
      const both = Promise.all([head(), foot()])
      await settle()
      hold.open()
      await both
    })
    world.write('user')
    world.take()
    await foot()
    expect(world.take()).toEqual(['check menu'])
    await head()
    expect(world.take()).toEqual(['check user', 'load head', 'load user'])
  })

  it('keeps to what it has begun with when its session is renewed, and is judged by that', async () => {
    const world = new World()
    const user = part(world, 'user')
    const session = new Session()
    const page = whole(world, 'page', async () => {
      const before = await user()
      world.write('user')
      session.renew()
      return `${before}, ${await user()}`
    })
    expect(await session.run(() => page())).toBe('user 1, user 1')
    expect(await session.run(() => user())).toBe('user 2')
    expect(await session.run(() => page())).toBe('user 2, user 2') // what is kept is of user 1
  })

  it('that asks twice for the same, by arguments of which a key has to be made, gets what it had', async () => {
    const rows = versionedLruCache(async ({ id }: { id: number }) => ({ id }))
    const page = versionedLruCache(async () => [await rows({ id: 1 }), await rows({ id: 1 })])
    const [first, second] = await page()
    expect(first).toBe(second)
    expect(rows.stats()).toMatchObject({ loads: 1, pinned: 1 })
  })

  it('that invalidates a part and reads it again is made of the new one', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => {
      await user()
      world.write('user')
      user.invalidate()
      return user()
    })
    expect(await page()).toBe('user 2')
    expect(page.stats().entries).toBe(1)
    world.take()
    expect(await page()).toBe('user 3') // the first that it read is outdated, so it runs again
  })
})

describe('verifyVersions', () => {
  /** A page of which each hit is verified. It is made of a part, and of something that no version tells of. */
  function verified() {
    const events = eventsFromNow()
    const world = new World()
    const data = { hidden: '' }
    const user = part(world, 'user')
    const page = whole(world, 'page', async () => `${await user()}${data.hidden}`, {
      version: async () => 1,
      verifyVersions: { sample: 1, grace: 0 },
    })
    const hit = async (change: () => void): Promise<void> => {
      await page()
      change() // before it is verified, which is done in a later turn
      await expect.poll(() => page.stats().verified, { interval: 2 }).toBe(1)
      await settle()
    }
    return { events, world, data, page, hit }
  }

  it('finds nothing wrong with an output whose part has moved since', async () => {
    const { events, world, page, hit } = verified()
    await page()
    await hit(() => world.write('user'))
    expect(events).toEqual([])
    expect(await page()).toBe('user 2')
  })

  it('finds an output that differs though nothing has moved that it was made of', async () => {
    const { events, data, page, hit } = verified()
    await page()
    await hit(() => {
      data.hidden = '!'
    })
    expect(events).toMatchObject([{ type: 'outputDiffers', name: 'page', kept: 'user 1', loaded: 'user 1!' }])
    expect(await page()).toBe('user 1!')
  })
})
