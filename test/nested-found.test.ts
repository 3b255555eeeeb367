import { describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache, versionSource } from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { gated, World } from './support/world.ts'

// What random graphs have found (see graphs.test.ts), each as the smallest case.

describe('a refresh of a part', () => {
  it('that an "invalidate" has overtaken is no newer than that: what was made of it is loaded again', async () => {
    const { fn, runs } = gated<[], number>()
    const part = versionedLruCache(fn)
    const page = versionedLruCache(async () => `page of ${await part()}`)
    const refreshed = runInSession(() => part.refresh()) // 1. reads 1
    const joined = runInSession(() => page()) // 2. is made of that
    await settle()
    part.invalidate() // 3. it is 2 now
    runs[0]?.open(1)
    expect(await Promise.all([refreshed, joined])).toEqual([1, 'page of 1'])
    const next = runInSession(() => page())
    await settle()
    runs[1]?.open(2)
    expect(await next).toBe('page of 2')
  })

  it('that lands outdates what was made before it, and not what was made of it', async () => {
    let now = 1
    const part = versionedLruCache(async () => now)
    const page = versionedLruCache(async () => `page of ${await part()}`)
    expect(await page()).toBe('page of 1')
    now = 2
    await part.refresh()
    expect(await page()).toBe('page of 2')
    await page()
    expect(page.stats()).toMatchObject({ loads: 2 })
  })
})

describe('a call without a session', () => {
  it('is a session of its own: its version and what its load calls go by one check of what they share', async () => {
    const world = new World()
    const users = versionSource<string, number>({ name: 'users', read: world.check })
    const user = versionedLruCache(async (id: string) => world.load(id), { version: users })
    const page = versionedLruCache(async (id: string) => [await user(id)], { version: users })
    await page('ann')
    expect(world.take()).toEqual(['check ann', 'load ann'])
    await page('ann')
    expect(world.take()).toEqual(['check ann'])
  })

  it('is of one state, also when something is written before its load goes on', async () => {
    const world = new World()
    const users = versionSource<string, number>({ name: 'users', read: world.check })
    const user = versionedLruCache(async (id: string) => world.load(id).version, { version: users })
    const page = versionedLruCache(
      async (id: string) => {
        const seen = users.current(id)
        world.write(id)
        return [seen, users.current(id), await user(id)]
      },
      { version: users },
    )
    expect(await page('ann')).toEqual([1, 1, 2]) // the data may be newer than its version, and never older
    expect(world.take()).toEqual(['check ann', 'load ann'])
  })
})

describe('a writer', () => {
  it.each([
    ['', 1000],
    [', and of more than can be noted', 1],
  ])('reads its own write also by way of a call that was under way when it wrote%s', async (_, maxStamps) => {
    let now = 1
    const hold = gate()
    const part = versionedLruCache(async () => now)
    const other = versionedLruCache(async () => 'other')
    const load = async () => {
      const [seen] = [await part(), await other()]
      await hold.promise
      return `page of ${seen}`
    }
    const page = versionedLruCache(load, { maxStamps })
    await runInSession(async () => {
      const before = page()
      await settle()
      now = 2
      part.invalidate()
      const after = page()
      hold.open()
      expect(await Promise.all([before, after])).toEqual(['page of 1', 'page of 2'])
      expect(await page()).toBe('page of 2')
    })
  })
})

describe('a writer in a session', () => {
  it('leaves alone what is made of nothing, at whatever moment it comes', async () => {
    const hold = gate()
    const user = versionedLruCache(async () => 1)
    const menu = versionedLruCache(() => hold.promise.then(() => ({})))
    await runInSession(async () => {
      const coming = menu()
      hold.open()
      for (let turn = 0; turn < 20; turn++) {
        user.invalidate()
        await null
      }
      expect(await menu()).toBe(await coming)
      expect(menu.stats().loads).toBe(1)
    })
  })

  it('lets what has failed try again, also by a call that was made just before', async () => {
    const data = { user: 1, isDown: true }
    const user = versionedLruCache(async () => data.user)
    const load = async () => {
      const seen = await user()
      if (data.isDown) throw new Error('down')
      return `page of ${seen}`
    }
    const page = versionedLruCache(load, { version: async () => 1 })
    await runInSession(async () => {
      await expect(page()).rejects.toThrow('down')
      Object.assign(data, { user: 2, isDown: false })
      const again = page()
      user.invalidate()
      expect([await again, await page()]).toEqual(['page of 2', 'page of 2'])
    })
  })

  it('reads its own write also by way of a load of others that it was looking at when it wrote', async () => {
    const data = { menu: 1 }
    const [loaded, checked] = [gate(), gate()]
    let checks = 0
    const menu = versionedLruCache(async () => data.menu)
    const version = async () => {
      checks++
      if (checks === 2) await checked.promise
      return checks
    }
    const user = versionedLruCache(async () => 'user', { version, equals: true })
    const page = versionedLruCache(async () => {
      const seen = `${await menu()} for ${await user()}`
      await loaded.promise
      return seen
    })
    const other = page() // 1. loads
    await settle()
    await runInSession(async () => {
      const joined = page() // 2. joins
      loaded.open()
      await other
      await settle() // 3. looks at what that was made of: it waits for the user
      data.menu = 2
      menu.invalidate() // 4. writes
      checked.open()
      await joined
      expect(await page()).toBe('2 for user')
    })
  })
})

describe.each([
  ['made of more than can be noted', { maxStamps: 1 }],
  ['served stale', { staleIfError: 60_000 }],
])('a writer reads its own write by way of an output that was %s', (what, options) => {
  it('also when nobody knows what that was made of', async () => {
    const data = { value: 1, isDown: false }
    const version = () => {
      if (data.isDown) throw new Error('down')
      return 'v'
    }
    const part = versionedLruCache(async () => data.value)
    const other = versionedLruCache(async () => 'other')
    const page = versionedLruCache(async () => `${await part()} and ${await other()}`, { version, ...options })
    await page()
    await runInSession(async () => {
      data.isDown = what === 'served stale'
      expect(await page()).toBe('1 and other')
      Object.assign(data, { value: 2, isDown: false })
      part.invalidate()
      expect(await page()).toBe('2 and other')
    })
  })
})
