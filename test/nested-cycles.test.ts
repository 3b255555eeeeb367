import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { gate, outcomeOf, settle } from './support/gate.ts'
import { part, versionIn, whole } from './support/nested.ts'
import { World } from './support/world.ts'

const cycle = (path: string) => ({ error: { code: 'ERR_LOAD_CYCLE', message: expect.stringContaining(`${path}: `) } })

/** A page that is made of settings, which begin to read the page one day. */
function entangled() {
  const world = new World()
  const self = { isCircle: false, page: async (): Promise<string> => '' }
  const settings = whole(
    world,
    'settings',
    async (): Promise<string> => (self.isCircle ? `from ${await self.page()}` : 'red'),
    { version: versionIn(world, 'settings'), equals: true },
  )
  const page = whole(world, 'page', async () => `in ${await settings()}`)
  self.page = page
  return { world, self, settings, page }
}

describe('a circle that leads through what is kept', () => {
  it('fails with its path: the look at the page needs the settings, whose load needs the page', async () => {
    const { world, self, settings, page } = entangled()
    await page()
    self.isCircle = true
    world.write('settings')
    expect(await outcomeOf(page())).toMatchObject(cycle('page() → settings() → page()'))
    expect([page.stats(), settings.stats()]).toMatchObject([{ runningLoads: 0 }, { runningLoads: 0 }])
  })

  it('fails from either end, and works again when the circle is gone', async () => {
    const { world, self, settings, page } = entangled()
    await page()
    self.isCircle = true
    world.write('settings')
    expect(await outcomeOf(settings())).toMatchObject(cycle('settings() → page() → settings()'))
    self.isCircle = false
    expect(await page()).toBe('in red')
  })

  it('fails also when two sessions go round it at once', async () => {
    const { world, self, settings, page } = entangled()
    await page()
    self.isCircle = true
    world.write('settings')
    const [one, other] = await Promise.all([outcomeOf(page()), outcomeOf(runInSession(() => settings()))])
    expect(one).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
    expect(other).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
    expect([page.stats(), settings.stats()]).toMatchObject([{ runningLoads: 0 }, { runningLoads: 0 }])
  })

  it('is not seen where a look at what is kept waits for a call of its session that needs it not', async () => {
    const world = new World()
    const hold = gate()
    let isHeld = false
    const settings = whole(
      world,
      'settings',
      async () => {
        if (isHeld) await hold.promise
        return 'red'
      },
      { version: versionIn(world, 'settings'), equals: true },
    )
    const page = whole(world, 'page', async () => `in ${await settings()}`)
    await page()
    isHeld = true
    world.write('settings')
    const session = new Session()
    const both = session.run(() => [settings(), page()])
    await settle()
    hold.open()
    expect(await Promise.all(both)).toEqual(['red', 'in red'])
    expect(page.stats()).toMatchObject({ loads: 1, hits: 1 })
  })
})

describe('a circle of functions that have no version', () => {
  it('fails with its path', async () => {
    const world = new World()
    const self = { page: async (): Promise<string> => '' }
    const header = whole(world, 'header', async (): Promise<string> => `header of ${await self.page()}`)
    self.page = whole(world, 'page', async () => `page of ${await header()}`)
    expect(await outcomeOf(self.page())).toMatchObject(cycle('page() → header() → page()'))
  })

  it('fails at once where they are synchronous', () => {
    const self = { page: (): string => '' }
    const header = versionedLruCache((): string => `header of ${self.page()}`, { name: 'header' })
    self.page = versionedLruCache(() => `page of ${header()}`, { name: 'page' })
    expect(() => self.page()).toThrow(expect.objectContaining({ code: 'ERR_LOAD_CYCLE' }))
  })

  it('when two loads of different sessions need each other', async () => {
    const world = new World()
    const holds = [gate(), gate()]
    const self = { one: async (): Promise<string> => '', other: async (): Promise<string> => '' }
    const user = part(world, 'user')
    self.one = whole(world, 'one', async () => {
      await user()
      await holds[0]?.promise
      return self.other()
    })
    self.other = whole(world, 'other', async () => {
      await user()
      await holds[1]?.promise
      return self.one()
    })
    const both = [outcomeOf(self.one()), outcomeOf(self.other())]
    await settle()
    for (const hold of holds) {
      hold.open()
      await settle()
    }
    for (const outcome of await Promise.all(both)) {
      expect(outcome).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE', message: expect.stringContaining(' → ') } })
    }
  })
})
