import { describe, expect, it } from 'vitest'
import {
  currentSession,
  InvalidOptionError,
  ReadConflictError,
  readConsistently,
  runInSession,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { gate, settle } from './support/gate.ts'
import { part, whole } from './support/nested.ts'
import { World } from './support/world.ts'

/** Two parts, and what writes both of them between the loads of the two, so often. */
function torn(writes: number) {
  const world = new World()
  let left = writes
  const [user, orders] = [part(world, 'user'), part(world, 'orders')]
  const read = async (): Promise<string[]> => {
    const first = await user()
    if (left-- > 0) for (const name of ['user', 'orders']) world.write(name)
    return [first, await orders()]
  }
  return { world, user, orders, read }
}

describe('readConsistently', () => {
  it('gives one state, where a session would mix two', async () => {
    expect(await runInSession(torn(1).read)).toEqual(['user 1', 'orders 2'])
    expect(await readConsistently(torn(1).read)).toEqual(['user 2', 'orders 2'])
  })

  it('reads each version again when all is read, loads nothing for that, and runs again if one has moved', async () => {
    const { world, read } = torn(1)
    await readConsistently(read)
    const attempt = ['check user', 'load user', 'check orders', 'load orders', 'check user', 'check orders']
    const second = attempt.filter((step) => step !== 'load orders') // which is kept, and of the new state
    expect(world.take()).toEqual([...attempt, ...second])
    await readConsistently(read)
    expect(world.take()).toEqual(['check user', 'check orders', 'check user', 'check orders'])
  })

  it('reads them again in one batch where the source can, and each of them once', async () => {
    const batches: string[][] = []
    const rows = versionSource({
      name: 'rows',
      readMany: async (ids: readonly string[]) => {
        batches.push([...ids])
        return ids.map(() => 1)
      },
    })
    const row = versionedLruCache(async (id: string) => id, { version: rows })
    const label = versionedLruCache(async (id: string) => `label of ${id}`, { version: rows })
    const page = versionedLruCache(async () => [await row('a'), await row('b'), await label('a')])
    await readConsistently(async () => [await page(), await rows.current('c')])
    expect(batches).toEqual([['a'], ['b'], ['c'], ['a', 'b', 'c']])
  })

  it('sees what a nested function was made of, also when that is kept', async () => {
    const world = new World()
    const user = part(world, 'user')
    const page = whole(world, 'page', () => user())
    await page()
    let attempts = 0
    const read = async (): Promise<string> => {
      const seen = await page()
      if (attempts++ === 0) world.write('user')
      return seen
    }
    expect(await readConsistently(read)).toBe('user 2')
    expect(attempts).toBe(2)
  })

  it('runs three times at the most, then says what has moved', async () => {
    const { world, read } = torn(3)
    const error = await readConsistently(read).catch((caught) => caught)
    expect(error).toBeInstanceOf(ReadConflictError)
    expect(error).toMatchObject({ code: 'ERR_READ_CONFLICT', moved: ['user()'] })
    expect(error.message).toMatch(/^user\(\) moved while it was read, each time of 3: /)
    expect(world.take().filter((step) => step === 'load user')).toHaveLength(3)
  })

  it('runs as often as it may', async () => {
    for (const attempts of [1, 2, 4]) {
      const { world, read } = torn(attempts)
      await expect(readConsistently(read, { attempts })).rejects.toThrow(`each time of ${attempts}`)
      expect(world.take().filter((step) => step === 'load user')).toHaveLength(attempts)
      expect(await readConsistently(torn(attempts - 1).read, { attempts })).toHaveLength(2)
    }
  })

  it('throws away what has failed while something moved: it may come of parts that do not belong together', async () => {
    const { read } = torn(1)
    const checked = async (): Promise<string[]> => {
      const [user, orders] = await read()
      if (user?.at(-1) !== orders?.at(-1)) throw new Error(`${user} has no ${orders}`)
      return [user as string, orders as string]
    }
    expect(await readConsistently(checked)).toEqual(['user 2', 'orders 2'])
    await expect(readConsistently(checked)).resolves.toHaveLength(2)
  })

  it('fails as the function does while nothing has moved, at the first attempt', async () => {
    let runs = 0
    const fail = (): never => {
      runs++
      throw new Error('no such page')
    }
    await expect(readConsistently(fail)).rejects.toThrow('no such page')
    await expect(readConsistently(async () => fail())).rejects.toThrow('no such page')
    expect(runs).toBe(2)
  })

  it('fails when a version can no longer be read', async () => {
    let isDown = false
    const user = versionedLruCache(async () => 'user', {
      version: async () => {
        if (isDown) throw new Error('down')
        return 1
      },
    })
    const read = async (): Promise<void> => {
      await user()
      isDown = true
    }
    await expect(readConsistently(read)).rejects.toThrow('down')
  })

  it('serves nothing stale: it waits, or fails', async () => {
    const world = new World()
    const user = part(world, 'user', { staleWhileRevalidate: 60_000 })
    await user()
    world.write('user')
    expect(await readConsistently(() => user())).toBe('user 2')
    let isDown = false
    const version = async (): Promise<number> => {
      if (isDown) throw new Error('down')
      return 1
    }
    const menu = part(world, 'menu', { version, staleIfError: 60_000 })
    await menu()
    isDown = true
    expect(await menu()).toBe('menu 1')
    await expect(readConsistently(() => menu())).rejects.toThrow('down')
  })

  it('takes no output of others of which it cannot look at all that it was made of', async () => {
    const world = new World()
    const hold = gate()
    const [user, menu, orders] = [part(world, 'user'), part(world, 'menu'), part(world, 'orders')]
    const load = async (): Promise<string[]> => {
      await hold.promise
      return [await user(), await menu()]
    }
    const page = whole(world, 'page', load, { maxStamps: 1 })
    const other = page() // 1. loads
    await settle()
    let attempts = 0
    const reading = readConsistently(async () => {
      const seen = await page() // 2. would join
      if (attempts++ === 0) for (const name of ['user', 'menu', 'orders']) world.write(name)
      return [...seen, await orders()]
    })
    await settle()
    hold.open()
    await other
    expect(await reading).toEqual(['user 2', 'menu 2', 'orders 2'])
    expect(attempts).toBe(2)
  })

  it('is a session of its own: it neither goes by what is pinned around it, nor pins anything there', async () => {
    const world = new World()
    const user = part(world, 'user')
    await runInSession(async () => {
      await user()
      world.write('user')
      expect(await readConsistently(() => user())).toBe('user 2')
      expect(await user()).toBe('user 1')
    })
  })

  it('in a loader: what is made of it is outdated when that moves', async () => {
    const { world, read } = torn(1)
    const page = whole(world, 'page', () => readConsistently(read))
    expect(await page()).toEqual(['user 2', 'orders 2'])
    await page()
    const { loads } = page.stats()
    await page()
    expect(page.stats().loads).toBe(loads)
    world.write('orders')
    expect(await page()).toEqual(['user 2', 'orders 3'])
  })

  it('is of one state also for functions that keep their session elsewhere, and where it is renewed', async () => {
    const world = new World()
    const user = part(world, 'user', { session: () => holder })
    const holder = {}
    await user() // pinned there
    let attempts = 0
    const read = async (): Promise<string[]> => {
      const first = await user()
      if (attempts++ < 2) world.write('user')
      currentSession()?.renew()
      return [first, await user()]
    }
    expect(await readConsistently(read)).toEqual(['user 3', 'user 3'])
    expect(await user()).toBe('user 1')
  })

  it('takes a call whose arguments were changed meanwhile for one that has moved', async () => {
    const rows = versionedLruCache(async ({ page }: { page: number }) => `rows of ${page}`, { version: async () => 1 })
    const query = { page: 1 }
    const read = async (): Promise<string> => {
      const seen = await rows(query)
      query.page = 2
      return seen
    }
    expect(await readConsistently(read)).toBe('rows of 2')
  })

  it('takes a synchronous function, and gives a promise', async () => {
    const world = new World()
    const user = versionedLruCache((id: string) => world.load(id).version, { version: (id) => world.check(id) })
    const given = readConsistently(() => user('ann') + user('bob'))
    expect(given).toBeInstanceOf(Promise)
    expect(await given).toBe(2)
  })

  it('holds what was read by hand to the same', async () => {
    let version = 1
    const rows = versionSource({ name: 'rows', read: async (_id: string) => version })
    const read = async (): Promise<number> => {
      const seen = await rows.current('a')
      version = 2
      return seen
    }
    expect(await readConsistently(read)).toBe(2)
    const always = async (): Promise<number> => {
      await rows.current('a')
      return version++
    }
    await expect(readConsistently(always)).rejects.toMatchObject({ moved: ['rows("a")'] })
  })

  it.each<[unknown, unknown, string]>([
    [undefined, {}, 'What is to be read consistently is undefined: give a function that reads it.'],
    [() => 1, { attempts: 0 }, 'The option "attempts" is 0: give a whole number, at least 1.'],
    [() => 1, { attempts: 1.5 }, 'The option "attempts" is 1.5'],
    [() => 1, { attempts: '3' }, 'The option "attempts" is "3" (a string)'],
    [() => 1, { attempts: null }, 'The option "attempts" is null'],
    [() => 1, { attempts: Number.POSITIVE_INFINITY }, 'The option "attempts" is Infinity'],
    [() => 1, { retries: 3 }, 'There is no option "retries". The options are "attempts".'],
  ])('says at once what is wrong with %s and %o', (fn, options, message) => {
    const give = () => readConsistently(fn as () => number, options as object)
    expect(give).toThrow(InvalidOptionError)
    expect(give).toThrow(message)
  })

  it('takes an option that is undefined for one that is not given', async () => {
    expect(await readConsistently(() => 1, { attempts: undefined })).toBe(1)
  })
})
