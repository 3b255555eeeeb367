import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import {
  type CacheEvent,
  currentSession,
  onCacheEvent,
  runInSession,
  type Version,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { outcomeOf, settle } from './support/gate.ts'
import { gated, type Shape, shaped, World } from './support/world.ts'

const SHAPES: Shape[] = ['sync', 'async']

describe.each(SHAPES)('a version source (%s)', (shape) => {
  function make() {
    const world = new World()
    const source = versionSource({ name: 'orders', read: shaped(shape, world.check) })
    const order = versionedLruCache(world.load, { version: source, name: 'order' })
    const invoice = versionedLruCache((_kind: string, id: string) => world.load(id), {
      version: source.of((_kind, id) => id),
      name: 'invoice',
    })
    return { world, source, order, invoice }
  }

  it('is checked once per session and key, however many functions go by it', async () => {
    const { world, source, order, invoice } = make()
    await runInSession(async () => {
      await order('a')
      expect(world.take()).toEqual(['check a', 'load a'])
      world.write('a')
      await invoice('pdf', 'a')
      await invoice('html', 'a')
      expect(world.take()).toEqual(['load a', 'load a'])
      expect(await source('a')).toBe(1)
      await order('b')
      expect(world.take()).toEqual(['check b', 'load b'])
    })
    expect(source.stats()).toEqual({ checks: 2, checkErrors: 0, runningChecks: 0 })
  })

  it('is checked once by calls that are made at the same moment', async () => {
    const { world, order, invoice } = make()
    await runInSession(() => Promise.all([order('a'), invoice('pdf', 'a'), order('a'), invoice('html', 'a')]))
    expect(world.take().filter((step) => step === 'check a')).toHaveLength(1)
  })

  it('outdates all that go by it, and nothing that goes by another key', async () => {
    const { world, order, invoice } = make()
    const all = () => runInSession(async () => [await order('a'), await invoice('pdf', 'a'), await order('b')])
    const first = await all()
    world.write('a')
    const second = await all()
    expect(second[0]).toMatchObject({ id: 'a', version: 2 })
    expect(second[1]).toMatchObject({ id: 'a', version: 2 })
    expect(second[2]).toBe(first[2])
  })

  it('shows what the session has seen of it, once', async () => {
    const { order, invoice } = make()
    await runInSession(async () => {
      await order('a')
      await invoice('pdf', 'a')
      expect(currentSession()?.versions()).toEqual([{ source: 'orders', key: '("a")', version: 1 }])
    })
  })

  it('gives its version by hand as well, by whatever key is picked, and counts its own checks', async () => {
    const { source, order } = make()
    const pick = source.of((_kind: string, id: string) => id)
    expect(await pick('pdf', 'a')).toBe(1)
    await order('a')
    expect(source.stats()).toEqual({ checks: 2, checkErrors: 0, runningChecks: 0 })
    expect(order.stats()).toMatchObject({ loads: 1, checks: 0 })
  })

  it('is checked for each call where there is no session', async () => {
    const { world, source } = make()
    expect(await source('a')).toBe(1)
    world.write('a')
    expect(await source('a')).toBe(2)
    expect(world.take()).toEqual(['check a', 'check a'])
  })

  it('that fails is tried again by the next call, and pins nothing', async () => {
    const world = new World()
    let isBroken = true
    const read = (id: string) => {
      world.steps.push(`check ${id}`)
      if (isBroken) throw new Error('down')
      return world.versionOf(id)
    }
    const source = versionSource({ name: 'orders', read: shaped(shape, read) })
    const order = versionedLruCache(world.load, { version: source })
    const heard: CacheEvent[] = []
    const end = onCacheEvent((event) => heard.push(event))
    await runInSession(async () => {
      await expect((async () => order('a'))()).rejects.toThrow('down')
      expect(currentSession()?.versions()).toEqual([])
      isBroken = false
      expect(await order('a')).toMatchObject({ version: 1 })
    })
    end()
    expect(world.take()).toEqual(['check a', 'check a', 'load a'])
    expect(source.stats()).toMatchObject({ checks: 2, checkErrors: 1 })
    expect(heard).toEqual([{ type: 'checkFailed', name: 'orders', key: '("a")', error: new Error('down') }])
  })

  it('goes by the clock of the process, and its readings by that of the function', async () => {
    const clock = manualClock()
    const source = versionSource({ name: 'orders', read: shaped(shape, (_id: string) => 1) })
    let loads = 0
    const order = versionedLruCache((_id: string) => ++loads, { version: source, ttl: 100, clock })
    expect(await order('a')).toBe(1)
    clock.advance(50)
    expect(await order('a')).toBe(1)
    clock.advance(51)
    expect(await order('a')).toBe(2)
  })

  it('can be one of several, each of which outdates the function', async () => {
    const world = new World()
    const orders = versionSource({ name: 'orders', read: shaped(shape, world.check) })
    const rates = versionSource({ name: 'rates', read: () => world.check('rates') })
    const invoice = versionedLruCache(world.load, { version: [orders, rates.of()] })
    const first = await invoice('a')
    expect(await invoice('a')).toBe(first)
    world.write('rates')
    const second = await invoice('a')
    expect(second).not.toBe(first)
    world.write('a')
    expect(await invoice('a')).not.toBe(second)
    world.take()
    await runInSession(async () => {
      await rates()
      await invoice('a')
    })
    expect(world.take()).toEqual(['check rates', 'check a'])
  })

  it('is what something else can depend on, as a whole and in each part', async () => {
    const world = new World()
    const orders = versionSource({ name: 'orders', read: shaped(shape, world.check) })
    const rates = versionSource({ name: 'rates', read: () => world.check('rates') })
    const invoice = versionedLruCache(world.load, { version: [orders, rates.of()], name: 'invoice' })
    const seen = async () => (await invoice.dependency('a').pinVersion()).version
    const first = await seen()
    expect(await seen()).toBe(first)
    world.write('rates')
    const second = await seen()
    world.write('a')
    expect(new Set([first, second, await seen()]).size).toBe(3)
    world.take()
    await runInSession(async () => {
      await invoice.dependency('a').pinVersion()
      await invoice('a')
    })
    expect(world.take().sort()).toEqual(['check a', 'check rates', 'load a'])
  })

  it('tells lists of versions apart, whatever is in them', async () => {
    let versions: Version[] = [1, '2']
    const [one, two] = [0, 1].map((index) =>
      versionSource({ name: `source ${index}`, read: shaped(shape, () => versions[index]) }),
    )
    let loads = 0
    const both = versionedLruCache(() => ++loads, { version: [one, two] as never })
    const load = async (given: Version[]) => {
      versions = given
      return both()
    }
    const seen = [
      await load([1, '2']),
      await load(['1', 2]),
      await load([[1, 2], undefined]),
      await load([1, [2, undefined] as Version]),
      await load([undefined, undefined]),
      await load([null, undefined]),
    ]
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('sources of which one fails', () => {
  it('fail the call, and leave no rejection unheard', async () => {
    const slow = versionSource({ name: 'slow', read: async () => Promise.reject(new Error('slow is down')) })
    const quick = versionSource({
      name: 'quick',
      read: (): number => {
        throw new Error('quick is down')
      },
    })
    const report = versionedLruCache(() => 1, { version: [slow, quick] as never })
    await expect((async () => report())()).rejects.toThrow('quick is down')
    const both = versionedLruCache(() => 1, { version: [slow, slow] as never })
    await expect((async () => both())()).rejects.toThrow('slow is down')
    await settle()
  })

  it('fail at once where all are synchronous', () => {
    const quick = versionSource({
      name: 'quick',
      read: (): number => {
        throw new Error('quick is down')
      },
    })
    const report = versionedLruCache(() => 1, { version: [quick] as never })
    expect(() => report()).toThrow('quick is down')
  })
})

describe('a source that reads many keys at once', () => {
  function make() {
    const world = new World()
    const batches: string[][] = []
    const source = versionSource({
      name: 'orders',
      readMany: async (ids: readonly string[]) => {
        batches.push([...ids])
        await null
        return ids.map((id) => world.versionOf(id))
      },
    })
    const functions = Array.from({ length: 10 }, (_, index) =>
      versionedLruCache(world.load, { version: source, name: `function ${index}` }),
    )
    return { world, batches, source, functions }
  }

  it('runs once for a request that touches ten functions', async () => {
    const { batches, functions } = make()
    await runInSession(() => Promise.all(functions.map((cached, index) => cached(`key ${index % 5}`))))
    expect(batches).toEqual([['key 0', 'key 1', 'key 2', 'key 3', 'key 4']])
  })

  it('runs twice for a thousand sessions that ask together with one that has just begun', async () => {
    const { batches, functions, source } = make()
    const ask = (index: number) => runInSession(async () => functions[index % 10]?.(`key ${index % 3}`))
    const first = ask(0)
    await settle()
    await Promise.all([first, ...Array.from({ length: 1000 }, (_, index) => ask(index))])
    expect(batches).toHaveLength(2)
    expect(source.stats()).toEqual({ checks: 2, checkErrors: 0, runningChecks: 0 })
  })

  it('reads for nobody who asked after it had begun: the next one does', async () => {
    const world = new World()
    const { fn, runs } = gated<[readonly string[]], number[]>()
    const source = versionSource({ name: 'orders', readMany: fn })
    const order = versionedLruCache(world.load, { version: source })
    const early = runInSession(async () => order('a'))
    await settle()
    const before = world.versionOf('a')
    world.write('a')
    const late = runInSession(async () => order('a'))
    const other = runInSession(async () => order('b'))
    await settle()
    expect(runs.map(({ args: [keys] }) => keys)).toEqual([['a']])
    expect(source.stats().runningChecks).toBe(1)
    runs[0]?.open([before])
    await early
    await settle()
    expect(runs.map(({ args: [keys] }) => keys)).toEqual([['a'], ['a', 'b']])
    runs[1]?.open([world.versionOf('a'), 1])
    expect([await late, await other]).toMatchObject([{ version: 2 }, { id: 'b' }])
  })

  it('may give a Map; a key that it lacks has a version like any other', async () => {
    const source = versionSource({
      name: 'orders',
      readMany: (ids: readonly string[]) => new Map(ids.filter((id) => id !== 'b').map((id) => [id, 1])),
    })
    expect(await Promise.all([source('a'), source('b')])).toEqual([1, undefined])
  })

  it('fails the key for which it gives an error, and no other', async () => {
    const readMany = async (ids: readonly string[]) => ids.map((id) => (id === 'b' ? new Error('no such order') : 1))
    const source = versionSource({ name: 'orders', readMany })
    const results = await Promise.all([outcomeOf(source('a')), outcomeOf(source('b')), outcomeOf(source('a'))])
    expect(results).toEqual([{ value: 1 }, { error: new Error('no such order') }, { value: 1 }])
    expect(source.stats()).toEqual({ checks: 1, checkErrors: 1, runningChecks: 0 })
  })

  it.each([
    ['a list of 1', [1]],
    ['an object', { a: 1, b: 2 }],
    ['undefined', undefined],
  ])('fails all when it gives %s for two keys', async (what, given) => {
    const source = versionSource({ name: 'orders', readMany: async () => given as never })
    const results = await Promise.all([outcomeOf(source('a' as never)), outcomeOf(source('b' as never))])
    for (const result of results) {
      expect((result as { error: Error }).error.message).toBe(
        `"readMany" of orders returned ${what} for 2 keys: return a list with a version for each key, in their order, or a Map.`,
      )
    }
  })

  it('fails all when it throws, and then goes on', async () => {
    let isBroken = true
    const readMany = (ids: readonly string[]) => {
      if (isBroken) throw new Error('down')
      return ids.map(() => 1)
    }
    const source = versionSource({ name: 'orders', readMany })
    await expect(Promise.all([source('a'), source('b')])).rejects.toThrow('down')
    isBroken = false
    expect(await source('a')).toBe(1)
  })

  it('that never answers is cut off, and makes room for the next', async () => {
    let runs = 0
    const readMany = (ids: readonly string[]) =>
      ++runs === 1 ? new Promise<number[]>(() => undefined) : Promise.resolve(ids.map(() => 1))
    const source = versionSource({ name: 'orders', readMany, timeout: 10 })
    const { error } = (await outcomeOf(source('a'))) as { error: Error & { code: string } }
    expect(error.code).toBe('ERR_VERSION_TIMEOUT')
    expect(error.message).toContain('orders did not answer for ("a") within 10 ms')
    expect(error.message).toContain('or raise "timeout".')
    expect(await source('a')).toBe(1)
  })

  it('gives what cannot be compared to nobody', async () => {
    const source = versionSource({ name: 'orders', readMany: async () => [new Date(0)] as never })
    expect(await outcomeOf(source('a' as never))).toMatchObject({ error: { code: 'ERR_INVALID_VERSION' } })
  })

  it('runs in the async context of the session that asked first, by pins of its own', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const inner = versionSource({ name: 'inner', read: async () => 1 })
    const source = versionSource({
      name: 'orders',
      readMany: async (ids: readonly string[]) => {
        seen.push(storage.getStore())
        await inner()
        return ids.map(() => 1)
      },
    })
    await Promise.all([storage.run('first', () => source('a')), storage.run('second', () => source('b'))])
    expect(seen).toEqual(['first'])
    await runInSession(async () => {
      await source('a')
      expect(
        currentSession()
          ?.versions()
          .map((version) => version.source),
      ).toEqual(['orders'])
    })
  })

  it('taints what goes by it when something stale went into it', async () => {
    const world = new World()
    const inner = versionedLruCache(async (id: string) => world.load(id), {
      version: world.check,
      staleWhileRevalidate: 60_000,
    })
    const source = versionSource({
      name: 'orders',
      readMany: async (ids: readonly string[]) => [(await inner(ids[0] as string)).version],
    })
    await inner('a')
    world.write('a')
    await runInSession(async () => {
      expect(await source('a')).toBe(1)
      expect(currentSession()?.servedStale).toBe(true)
    })
  })
})

describe('a version source is refused', () => {
  it.each<[unknown, string]>([
    [undefined, 'The options are undefined: give an object such as { name, read }.'],
    [{ name: 'x' }, 'has neither "read" nor "readMany": give one of the two functions.'],
    [{ name: 'x', read: 1 }, 'The option "read" is 1: give a function.'],
    [{ name: 'x', read: () => 1, readMany: () => [] }, 'has both "read" and "readMany"'],
    [{ read: () => 1 }, 'The option "name" is undefined: give a string that is not empty.'],
    [{ name: '', read: () => 1 }, 'The option "name" is "" (a string)'],
    [{ name: 'x', read: () => 1, timeout: 0 }, 'The option "timeout" is 0: give a number of milliseconds'],
    [
      { name: 'x', read: () => 1, ttl: 5 },
      'There is no option "ttl". The options are "name", "read", "readMany", "timeout".',
    ],
  ])('with %j', (options, message) => {
    expect(() => versionSource(options as never)).toThrow(message)
  })

  it('with a key that is none, when it is asked', async () => {
    const source = versionSource({ name: 'orders', read: (_id: string) => 1 })
    expect(() => source({} as never)).toThrow('The version source orders was asked for an object: ask for a string')
  })

  it('in a list with what is no source', () => {
    const source = versionSource({ name: 'orders', read: () => 1 })
    for (const version of [[], [source, () => 1], [source, undefined]]) {
      expect(() => versionedLruCache(() => 1, { version: version as never })).toThrow('or a list of version sources')
    }
  })
})

it('a function whose source is asynchronous rejects for every fault', async () => {
  const source = versionSource({ name: 'orders', readMany: async (ids: readonly string[]) => ids.map(() => 1) })
  const order = versionedLruCache((id: string) => id, { version: source })
  await expect(order((() => 1) as never)).rejects.toThrow('is a function')
})
