import { describe, expect, it } from 'vitest'
import { cachedMethod, versionedLruCache } from '../src/index.ts'
import { whole } from './support/nested.ts'
import { World } from './support/world.ts'

class Users {
  readonly world: World
  readonly tenant: string

  constructor(world: World, tenant: string) {
    this.world = world
    this.tenant = tenant
  }

  @versionedLruCache({
    version(id) {
      return this.world.check(`${this.tenant} ${id}`)
    },
  })
  async name(id: string): Promise<string> {
    return `${id} ${this.world.load(`${this.tenant} ${id}`).version}`
  }

  @versionedLruCache({})
  async card(id: string): Promise<string> {
    return `card of ${await this.name(id)}`
  }
}

async function collected(instance: WeakRef<object>): Promise<void> {
  for (let turn = 0; turn < 50 && instance.deref() !== undefined; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    globalThis.gc?.()
  }
  expect(instance.deref()).toBeUndefined()
}

/** Calls a method of an instance that nobody holds afterwards. */
async function askOnce(world: World): Promise<WeakRef<object>> {
  const users = new Users(world, 'one')
  await users.name('ann')
  cachedMethod(users, 'name').clear() // else the session holds it
  return new WeakRef(users)
}

describe('methods that are cached', () => {
  it('nest like functions, each instance for itself', async () => {
    const world = new World()
    const [one, other] = [new Users(world, 'one'), new Users(world, 'other')]
    const visit = async (): Promise<string[]> => [await one.card('ann'), await other.card('ann')]
    expect(await visit()).toEqual(['card of ann 1', 'card of ann 1'])
    world.write('one ann')
    world.take()
    expect(await visit()).toEqual(['card of ann 2', 'card of ann 1'])
    expect(world.take()).toEqual(['check one ann', 'load one ann', 'check other ann'])
  })

  it('outdate what functions have made of them, by their version and by their controls', async () => {
    const world = new World()
    const users = new Users(world, 'one')
    const page = whole(world, 'page', () => users.card('ann'))
    await page()
    world.write('one ann')
    expect(await page()).toBe('card of ann 2')
    world.take()
    await page()
    expect(world.take()).toEqual(['check one ann'])
    cachedMethod(users, 'name').invalidate('ann')
    await page()
    expect(world.take()).toEqual(['load page', 'check one ann', 'load one ann'])
  })

  it('are not kept alive by what was made of them, which is outdated when their instance is gone', async () => {
    const world = new World()
    const current = { users: new Users(world, 'one') }
    const page = whole(world, 'page', () => current.users.name('ann'))
    await page()
    const before = new WeakRef(current.users)
    current.users = new Users(world, 'other')
    await collected(before)
    world.take()
    await page()
    expect(world.take()).toEqual(['load page', 'check other ann', 'load other ann'])
  })

  it('outdate what was made of them also when their instance is gone before the load is over', async () => {
    const world = new World()
    const card = whole(world, 'card', async () => collected(await askOnce(world)))
    const page = whole(world, 'page', () => card())
    await page()
    await page()
    expect(world.take().filter((step) => step === 'load page')).toHaveLength(2)
  })

  it('are told of by their name also when nothing of their instance is left', async () => {
    const world = new World()
    const collectAtTheEnd = () => {
      globalThis.gc?.()
      return 60_000
    }
    const card = whole(world, 'card', async () => collected(await askOnce(world)), { ttl: collectAtTheEnd })
    const page = whole(world, 'page', () => card())
    const { versions } = await page.dependency().pinVersions(true)
    expect(versions).toMatchObject([{ source: 'Users.name', key: '("ann")', version: 1 }, { source: 'card' }])
  })
})
