import { describe, expect, it } from 'vitest'
import { counter, runInSession, Session, versionedLruCache } from '../src/index.ts'
import { type Gate, gate, outcomeOf, settle } from './support/gate.ts'
import { eventsFromNow, part, whole } from './support/nested.ts'
import { World } from './support/world.ts'

/** A page of one part, whose loads read that, and then wait for the test to go on. */
function heldPage(options: object = {}) {
  const world = new World()
  const user = part(world, 'user')
  const holds: Gate[] = []
  const page = whole(
    world,
    'page',
    async () => {
      const seen = await user()
      const hold = gate()
      holds.push(hold)
      await hold.promise
      return `page of ${seen}`
    },
    options,
  )
  /** A session that goes on seeing what there is now. */
  const sessionOfNow = async (): Promise<Session> => {
    const session = new Session()
    await session.run(() => user())
    return session
  }
  return { world, user, page, holds, sessionOfNow }
}

describe('a load that others have joined is judged by each of them', () => {
  it('who sees the same takes it', async () => {
    const { world, page, holds } = heldPage()
    const both = [runInSession(() => page()), runInSession(() => page())]
    await settle()
    holds[0]?.open()
    expect(await Promise.all(both)).toEqual(['page of user 1', 'page of user 1'])
    expect(world.take()).toEqual(['load page', 'check user', 'load user', 'check user'])
    expect(page.stats()).toMatchObject({ loads: 1, shared: 1 })
  })

  it('who sees something newer loads it, and leaves that to others', async () => {
    const { world, page, holds, sessionOfNow } = heldPage()
    const old = await sessionOfNow() // 1. sees user 1
    world.write('user')
    const first = old.run(() => page()) // 2. loads a page of user 1
    await settle()
    const second = runInSession(() => page()) // 3. joins
    await settle()
    expect(page.stats()).toMatchObject({ loads: 1, shared: 1 })
    holds[0]?.open() // 4. is looked at, and does not do
    await settle()
    holds[1]?.open()
    expect(await first).toBe('page of user 1')
    expect(await second).toBe('page of user 2')
    world.take()
    expect(await page()).toBe('page of user 2')
    expect(world.take()).toEqual(['check user'])
  })

  it('who sees something older gets nothing that is newer', async () => {
    const { world, page, holds, sessionOfNow } = heldPage()
    const old = await sessionOfNow()
    world.write('user')
    const first = runInSession(() => page())
    await settle()
    const second = old.run(() => page())
    await settle()
    holds[0]?.open()
    await settle()
    holds[1]?.open()
    expect(await Promise.all([first, second])).toEqual(['page of user 2', 'page of user 1'])
    expect(page.stats()).toMatchObject({ loads: 2, shared: 1, overtaken: 1 })
  })

  it('who finds nothing that does, of three one after the other, joins no fourth', async () => {
    const { world, page, holds, sessionOfNow } = heldPage()
    const olds: Session[] = []
    for (let count = 0; count < 4; count++) {
      olds.push(await sessionOfNow())
      world.write('user')
    }
    const others = olds.map((old) => old.run(() => page()))
    const last = runInSession(() => page())
    for (const count of [1, 2, 3]) {
      await settle()
      expect(holds).toHaveLength(count)
      holds[count - 1]?.open()
    }
    await settle()
    expect(holds).toHaveLength(5) // the fourth of the old ones, and beside it the one of the new session
    holds[4]?.open()
    expect(await last).toBe('page of user 5')
    holds[3]?.open()
    expect(await Promise.all(others)).toEqual([1, 2, 3, 4].map((version) => `page of user ${version}`))
    expect(page.stats()).toMatchObject({ runningLoads: 0 })
  })

  it('also when it fails: who sees the same shares the error, who sees something newer tries', async () => {
    const { world, user, sessionOfNow } = heldPage()
    const hold = gate()
    const page = whole(world, 'page', async () => {
      const seen = await user()
      await hold.promise
      if (seen === 'user 1') throw new Error('user 1 has no page')
      return `page of ${seen}`
    })
    const [old, same] = [await sessionOfNow(), await sessionOfNow()]
    world.write('user')
    const calls = [old.run(() => page()), same.run(() => page()), runInSession(() => page())]
    await settle()
    expect(page.stats()).toMatchObject({ loads: 1, shared: 2 })
    hold.open()
    const error = expect.objectContaining({ message: 'user 1 has no page' })
    expect(await Promise.all(calls.map(outcomeOf))).toEqual([{ error }, { error }, { value: 'page of user 2' }])
    expect(page.stats()).toMatchObject({ loads: 2, loadErrors: 1, runningLoads: 0 })
  })

  it('and who was given it by a load hands on what it was made of', async () => {
    const { world, page, holds } = heldPage()
    const outer = whole(world, 'outer', async () => `outer of ${await page()}`)
    const both = [page(), outer()]
    await settle()
    holds[0]?.open()
    await Promise.all(both)
    world.write('user')
    const next = outer()
    await settle()
    holds[1]?.open()
    expect(await next).toBe('outer of page of user 2')
  })

  it('a failed one that was joined, and made do without, counts by what it was made of', async () => {
    const world = new World()
    const user = part(world, 'user')
    const hold = gate()
    const page = whole(world, 'page', async () => {
      const seen = await user()
      await hold.promise
      if (seen === 'user 1') throw new Error('no page')
      return seen
    })
    const outer = whole(world, 'outer', () => page().catch(() => 'none'))
    const calls = [outcomeOf(page()), outer()]
    await settle()
    hold.open()
    expect((await Promise.all(calls))[1]).toBe('none')
    expect(page.stats()).toMatchObject({ shared: 1 })
    world.take()
    expect(await outer()).toBe('none')
    expect(world.take()).toEqual(['check user'])
    world.write('user')
    expect(await outer()).toBe('user 2')
  })
})

describe('what was made of something stale', () => {
  it('is given to who joined, who could get nothing else, and kept by nobody', async () => {
    const world = new World()
    const hold = gate()
    const user = part(world, 'user', { staleIfError: 60_000, version: () => isDown() })
    let down = false
    const isDown = async (): Promise<number> => {
      if (down) throw new Error('down')
      return 1
    }
    const page = whole(world, 'page', async () => {
      await hold.promise
      return user()
    })
    await user()
    down = true
    const both = [page(), page()]
    await settle()
    hold.open()
    expect(await Promise.all(both)).toEqual(['user 1', 'user 1'])
    expect(page.stats()).toMatchObject({ loads: 1, shared: 1, unkept: 1, entries: 0 })
  })
})

describe('an output of more things than "maxStamps"', () => {
  /** A list of that many lines, of which the first is waited for. */
  function listOf(count: number, maxStamps: number) {
    const world = new World()
    const hold = gate()
    const line = versionedLruCache(async (at: number) => `${at}: ${world.versionOf('line')}`, {
      name: 'line',
      version: async () => world.check('line'),
    })
    const list = whole(
      world,
      'list',
      async () => {
        await hold.promise
        return Promise.all(Array.from({ length: count }, (_, at) => line(at)))
      },
      { maxStamps },
    )
    return { world, hold, line, list }
  }

  it('is returned, not kept, and told of each time', async () => {
    const { hold, list } = listOf(3, 2)
    const events = eventsFromNow()
    hold.open()
    expect(await list()).toHaveLength(3)
    expect(await list()).toHaveLength(3)
    const event = { type: 'tooManyStamps', name: 'list', key: '()', maxStamps: 2 }
    expect(events).toEqual([event, event])
    expect(list.stats()).toMatchObject({ loads: 2, entries: 0, unkept: 2 })
  })

  it('is kept if there are exactly so many', async () => {
    const { hold, list } = listOf(2, 2)
    const events = eventsFromNow()
    hold.open()
    await list()
    await list()
    expect(events).toEqual([])
    expect(list.stats()).toMatchObject({ loads: 1, entries: 1 })
  })

  it('is kept if it is the same that it reads again and again', async () => {
    const world = new World()
    const [user, menu] = [part(world, 'user'), part(world, 'menu')]
    const both = whole(world, 'both', async () => [await user(), await menu()])
    const rows = counter({ name: 'rows' })
    const load = async () => [rows(), await both(), await user(), rows(), await menu(), await user(), rows()]
    const page = whole(world, 'page', load, { maxStamps: 4 })
    await page()
    expect(page.stats().entries).toBe(1)
  })

  it('makes none of what is made of it kept either', async () => {
    const { world, hold, list } = listOf(3, 2)
    const events = eventsFromNow()
    const page = whole(world, 'page', () => list())
    hold.open()
    await page()
    world.write('line')
    expect(await page()).toEqual(['0: 2', '1: 2', '2: 2'])
    expect(page.stats()).toMatchObject({ entries: 0, unkept: 2 })
    expect(events.map((event) => 'name' in event && event.name)).toEqual(['list', 'page', 'list', 'page'])
  })

  it('is no matter of what is compared by its output', async () => {
    const { world, hold, list } = listOf(3, 2)
    const short = whole(world, 'short', async () => (await list()).length, { equals: true, maxStamps: 9 })
    const page = whole(world, 'page', () => short(), { maxStamps: 1 })
    hold.open()
    await page()
    expect([short.stats().entries, page.stats().entries]).toEqual([0, 1])
  })

  it('is taken by who has joined before anything was read: it could get nothing newer', async () => {
    const { hold, list } = listOf(3, 2)
    const both = [list(), list()]
    await settle()
    hold.open()
    const [first, second] = await Promise.all(both)
    expect(second).toBe(first)
    expect(list.stats()).toMatchObject({ loads: 1, shared: 1 })
  })

  it('is loaded again by who has joined later, since nobody can look at what it was made of', async () => {
    const world = new World()
    const hold = gate()
    const [user, menu] = [part(world, 'user'), part(world, 'menu')]
    const page = whole(
      world,
      'page',
      async () => {
        const seen = await user()
        await hold.promise
        return [seen, await menu()]
      },
      { maxStamps: 1 },
    )
    const first = page() // 1. has read user 1
    await settle()
    world.write('user')
    const second = page() // 2. must not get that
    await settle()
    hold.open()
    expect(await first).toEqual(['user 1', 'menu 1'])
    expect(await second).toEqual(['user 2', 'menu 1'])
    expect(page.stats()).toMatchObject({ loads: 2, shared: 1 })
  })
})
