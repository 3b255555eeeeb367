import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { currentSession, runInSession, Session, type SessionHolder, versionedLruCache } from '../src/index.ts'
import { MODES, shaped, World } from './support/world.ts'

describe('an ambient session', () => {
  it('is there inside of runInSession, after awaits and in timers, and nowhere else', async () => {
    expect(currentSession()).toBeUndefined()
    await runInSession(async () => {
      const session = currentSession()
      expect(session).toBeInstanceOf(Session)
      await new Promise((resolve) => setTimeout(resolve, 1))
      expect(currentSession()).toBe(session)
      await new Promise<void>((resolve) =>
        setImmediate(() => {
          expect(currentSession()).toBe(session)
          resolve()
        }),
      )
      runInSession(() => expect(currentSession()).not.toBe(session))
      expect(currentSession()).toBe(session)
    })
    expect(currentSession()).toBeUndefined()
  })

  it('gives back what the function gives, throws what it throws', () => {
    expect(runInSession(() => 5)).toBe(5)
    expect(() =>
      runInSession(() => {
        throw new Error('mine')
      }),
    ).toThrow('mine')
  })

  it('can be entered again and again', () => {
    const world = new World()
    const cached = versionedLruCache(world.load, { version: world.check })
    const session = new Session()
    const first = session.run(() => cached('eu'))
    expect(session.run(() => cached('eu'))).toBe(first)
    expect(world.steps).toEqual(['check eu', 'load eu'])
  })

  it('renews: the next calls check again', () => {
    const world = new World()
    const cached = versionedLruCache(world.load, { version: world.check })
    const session = new Session()
    session.run(() => cached('eu'))
    world.write('eu')
    session.renew()
    expect(session.run(() => cached('eu'))).toMatchObject({ version: 2 })
    expect(session.versions()).toEqual([{ source: 'load', key: '("eu")', version: 2 }])
  })

  it('shows the versions that it goes by', async () => {
    const session = new Session()
    expect(session.versions()).toEqual([])
    const one = versionedLruCache((_region: string, _year: number) => 1, { version: () => ['a', 1], name: 'report' })
    const two = versionedLruCache(async () => 1, { version: async () => null, name: 'menu' })
    const none = versionedLruCache(() => 1)
    const pending = session.run(() => [one('eu', 2), two(), none()])
    expect(session.versions()).toEqual([{ source: 'report', key: '("eu",2)', version: ['a', 1] }])
    await Promise.all(pending)
    expect(session.versions()).toEqual([
      { source: 'report', key: '("eu",2)', version: ['a', 1] },
      { source: 'menu', key: '()', version: null },
    ])
  })
})

/** What a request can be, and how the framework of the user reaches it. */
const holders: [string, () => SessionHolder][] = [
  ['a plain object', () => ({})],
  ['an object without prototype', () => Object.create(null)],
  ['a Map', () => new Map()],
  ['a WeakMap', () => new WeakMap()],
  ['a Session', () => new Session()],
  ['an instance', () => new (class Request {})()],
  ['a function', () => () => {}],
]

describe.each(MODES)('the session option: a $loader loader with a $version version function', ({ loader, version }) => {
  function cachedIn(session: SessionHolder | (() => SessionHolder | null | undefined)) {
    const world = new World()
    const cached = versionedLruCache(shaped(loader, world.load), { version: shaped(version, world.check), session })
    return { world, cached }
  }

  it.each(holders)('takes %s from a function', async (_, make) => {
    let request = make()
    const { world, cached } = cachedIn(() => request)
    const first = await cached('eu')
    world.write('eu')
    expect(await cached('eu')).toBe(first)
    request = make()
    expect(await cached('eu')).toMatchObject({ version: 2 })
    expect(world.steps).toEqual(['check eu', 'load eu', 'check eu', 'load eu'])
  })

  it.each(holders.slice(0, -1))('takes %s itself', async (_, make) => {
    const { world, cached } = cachedIn(make())
    const first = await cached('eu')
    world.write('eu')
    expect(await cached('eu')).toBe(first)
  })

  it('takes a proxy to a per-request object, as Flask has it', async () => {
    const requests = new AsyncLocalStorage<Record<PropertyKey, unknown>>()
    const g = new Proxy(
      {},
      {
        get: (_, name) => Reflect.get(requests.getStore() as object, name),
        set: (_, name, value) => Reflect.set(requests.getStore() as object, name, value),
      },
    )
    const { world, cached } = cachedIn(g)
    const [one, two] = [{}, {}]
    const first = await requests.run(one, () => cached('eu'))
    world.write('eu')
    expect(await requests.run(one, () => cached('eu'))).toBe(first)
    expect(await requests.run(two, () => cached('eu'))).toMatchObject({ version: 2 })
  })

  it('starts anew when a Map is cleared', async () => {
    const context = new Map()
    const { world, cached } = cachedIn(context)
    await cached('eu')
    world.write('eu')
    context.clear()
    expect(await cached('eu')).toMatchObject({ version: 2 })
  })

  it.each([undefined, null])('falls back to the ambient session for %s, else to a session per call', async (none) => {
    const { world, cached } = cachedIn(() => none)
    await runInSession(async () => {
      const first = await cached('eu')
      world.write('eu')
      expect(await cached('eu')).toBe(first)
    })
    world.take()
    await cached('eu')
    await cached('eu')
    expect(world.steps).toEqual(['check eu', 'load eu', 'check eu'])
  })

  it('goes before the ambient session', async () => {
    const request = {}
    const { world, cached } = cachedIn(() => request)
    const first = await runInSession(() => cached('eu'))
    world.write('eu')
    expect(await runInSession(() => cached('eu'))).toBe(first)
    expect(await Session.of(request).run(() => cached('eu'))).toBe(first)
  })

  it.each<[string, unknown, RegExp]>([
    ['a string', 'session-id', /kept in "session-id" \(a string\): give an object that lives as long/],
    ['a number', 5, /kept in 5: give an object/],
    ['a frozen object', Object.freeze({}), /kept in an object, which is frozen: give a plain object/],
    ['a sealed object', Object.seal({ id: 1 }), /takes no new properties/],
    ['a promise', Promise.resolve({}), /kept in a Promise: give the object itself, from a function that is not async/],
    ['an AsyncLocalStorage', new AsyncLocalStorage(), /one for all requests: give \(\) => storage.getStore\(\)/],
    ['a store that forgets', { get: () => undefined, set: () => {} }, /did not keep what was set/],
    ['a proxy that refuses', new Proxy({}, { set: () => false }), /takes no new properties/],
  ])('refuses %s, before anything is loaded', async (_, holder, message) => {
    const { world, cached } = cachedIn(() => holder as object)
    await expect((async () => cached('eu'))()).rejects.toThrow(message)
    await expect((async () => cached('eu'))()).rejects.toMatchObject({ code: 'ERR_INVALID_SESSION' })
    expect(world.steps).toEqual([])
  })

  it('is not copied with the object that holds it', () => {
    const request = { id: 1 }
    const session = Session.of(request)
    expect(Session.of(request)).toBe(session)
    expect(Session.of({ ...request })).not.toBe(session)
    expect(Object.keys(request)).toEqual(['id'])
  })

  it('says why a store could not be used', async () => {
    const headers = {
      get: (name: string) => name.toLowerCase(),
      set: () => {},
    }
    const { cached } = cachedIn(() => headers as never)
    await expect((async () => cached('eu'))()).rejects.toMatchObject({ cause: expect.any(TypeError) })
  })
})

describe('sessions apart', () => {
  it('nothing of one reaches another, except through what is kept', async () => {
    const world = new World()
    const cached = versionedLruCache(world.load, { version: world.check })
    const [a, b] = [new Session(), new Session()]
    const ofA = a.run(() => cached('eu'))
    world.write('eu')
    const ofB = b.run(() => cached('eu'))
    expect([ofA.version, ofB.version]).toEqual([1, 2])
    expect([a.run(() => cached('eu')), b.run(() => cached('eu'))]).toEqual([ofA, ofB])
  })

  it('a session is collected while the output that it loaded lives on', async () => {
    const cached = versionedLruCache(async (id: string) => ({ id }), { version: async () => 1 })
    const sessions: WeakRef<Session>[] = []
    await (async () => {
      const session = new Session()
      sessions.push(new WeakRef(session))
      await session.run(async () => {
        await cached('eu')
        await new Promise((resolve) => setTimeout(resolve, 1))
      })
    })()
    for (let turn = 0; turn < 20 && sessions[0]?.deref() !== undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      globalThis.gc?.()
    }
    expect(sessions[0]?.deref()).toBeUndefined()
    expect(cached.peek('eu')).toEqual({ id: 'eu' })
  })
})
