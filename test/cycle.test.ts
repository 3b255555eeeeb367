import { AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { gate, outcomeOf, settle } from './support/gate.ts'
import { part, versionIn, whole } from './support/nested.ts'
import { World } from './support/world.ts'

type Call = (id: string) => Promise<string>

/** Cached functions that call each other as the test says: `calls.a = (id) => b(id)`. */
function functions(names: string[], options: object = {}) {
  const calls: Record<string, (id: string) => unknown> = {}
  const cached = Object.fromEntries(
    names.map((name) => {
      const load = async (id: string): Promise<string> => {
        await null
        return `${name}(${await calls[name]?.(id)})`
      }
      return [name, versionedLruCache(load, { name, version: async () => 1, ...options })]
    }),
  ) as Record<string, Call & { stats(): object }>
  return { calls, cached }
}

/** Fails instead of hanging. */
async function soon(promise: Promise<unknown>): Promise<unknown> {
  const hung = new Promise((_, reject) => setTimeout(() => reject(new Error('it hangs')), 2000).unref())
  return outcomeOf(Promise.race([promise, hung]))
}

const cycle = (path: string) => ({ error: { code: 'ERR_LOAD_CYCLE', message: expect.stringContaining(`${path}: `) } })

describe('a load that needs its own result', () => {
  it('fails at once, with the path: a function that awaits itself', async () => {
    const { calls, cached } = functions(['a'])
    calls.a = (id) => cached.a?.(id)
    expect(await soon(runInSession(() => cached.a?.('x') as Promise<string>))).toMatchObject(cycle('a("x") → a("x")'))
    expect(cached.a?.stats()).toMatchObject({ runningLoads: 0, runningChecks: 0, entries: 0 })
  })

  it('also without a session, where each call is a session of its own', async () => {
    const { calls, cached } = functions(['a'])
    calls.a = (id) => cached.a?.(id)
    expect(await soon(cached.a?.('x') as Promise<string>)).toMatchObject(cycle('a("x") → a("x")'))
  })

  it('through others', async () => {
    const { calls, cached } = functions(['a', 'b', 'c'])
    calls.a = (id) => cached.b?.(id)
    calls.b = (id) => Promise.all([cached.c?.(`${id}!`), cached.c?.(id)])
    calls.c = (id) => (id.endsWith('!') ? 'leaf' : cached.a?.(id))
    const run = runInSession(() => cached.a?.('x') as Promise<string>)
    expect(await soon(run)).toMatchObject(cycle('a("x") → b("x") → c("x") → a("x")'))
  })

  it('when two sessions hold the loads that the other needs', async () => {
    const { calls, cached } = functions(['a', 'b'])
    const [aRuns, bRuns] = [gate(), gate()]
    calls.a = async (id) => {
      await aRuns.promise
      return cached.b?.(id)
    }
    calls.b = async (id) => {
      await bRuns.promise
      return cached.a?.(id)
    }
    const one = soon(runInSession(() => cached.a?.('x') as Promise<string>)) // 1. loads a
    const two = soon(runInSession(() => cached.b?.('x') as Promise<string>)) // 2. loads b
    await settle()
    aRuns.open() // 3. the load of a waits for b
    await settle()
    bRuns.open() // 4. the load of b would wait for a
    expect(await one).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
    expect(await two).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
    for (const name of ['a', 'b']) expect(cached[name]?.stats()).toMatchObject({ runningLoads: 0, runningChecks: 0 })
  })

  it('when a call of the session still waits for its check', async () => {
    const session = new Session()
    const check = gate<number>()
    let checks = 0
    const a: { cached: Call } = { cached: async () => '' }
    const b = versionedLruCache(async (id: string): Promise<string> => a.cached(id), { name: 'b', session })
    a.cached = versionedLruCache(async (id: string): Promise<string> => b(id), {
      name: 'a',
      session,
      version: () => (checks++ === 0 ? check.promise : 1),
    })
    const first = soon(a.cached('x')) // 1. waits for its check
    const second = soon(b('x')) // 2. loads b, which waits for the call of a
    await settle()
    check.open(1) // 3. the check is there: a loads, and waits for b
    expect(await first).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
    expect(await second).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
  })

  it('is no circle when the arguments differ, when one part is read twice, or when it was caught', async () => {
    const { calls, cached } = functions(['sum', 'top', 'left', 'right', 'leaf'])
    calls.sum = (id) => (id === '' ? 'end' : cached.sum?.(id.slice(1)))
    expect(await runInSession(() => cached.sum?.('xxx') as Promise<string>)).toBe('sum(sum(sum(sum(end))))')
    calls.top = (id) => Promise.all([cached.left?.(id), cached.right?.(id)])
    calls.left = (id) => cached.leaf?.(id)
    calls.right = (id) => cached.leaf?.(id)
    calls.leaf = () => 'leaf'
    const both = await Promise.all([1, 2].map(() => runInSession(() => cached.top?.('x') as Promise<string>)))
    expect(both).toEqual(Array(2).fill('top(left(leaf(leaf)),right(leaf(leaf)))'))
    calls.leaf = (id) => cached.leaf?.(id).catch(() => 'caught')
    expect(await soon(runInSession(() => cached.leaf?.('y') as Promise<string>))).toEqual({ value: 'leaf(caught)' })
  })

  it('is no circle where two ways lead to the same load', async () => {
    const { calls, cached } = functions(['top', 'left', 'right', 'leaf', 'other'])
    const leafRuns = gate()
    calls.top = (id) => Promise.all([cached.left?.(id), cached.right?.(id)])
    calls.left = (id) => cached.leaf?.(id)
    calls.right = (id) => cached.leaf?.(id)
    calls.leaf = () => leafRuns.promise.then(() => 'leaf')
    calls.other = (id) => cached.top?.(id)
    const one = runInSession(() => cached.top?.('x') as Promise<string>)
    await settle()
    const two = runInSession(() => cached.other?.('x') as Promise<string>) // joins the load of top, and looks where it leads
    await settle()
    leafRuns.open()
    expect([await one, await two]).toEqual([
      'top(left(leaf(leaf)),right(leaf(leaf)))',
      expect.stringContaining('other(top('),
    ])
  })

  it('is seen where the async context is lost, as long as the loader has not returned', () => {
    const outside = new AsyncResource('outside')
    const sync: { a: (id: string) => string } = { a: () => '' }
    sync.a = versionedLruCache((id: string): string => outside.runInAsyncScope(() => sync.a(id)), { name: 'a' })
    expect(() => sync.a('x')).toThrow('a("x") → a("x")')
  })

  it('leaves nothing behind once it was caught: others wait for that load as ever', async () => {
    const { calls, cached } = functions(['leaf', 'sib', 'a', 'b'])
    const caught = gate()
    calls.leaf = async (id) => {
      const inner = await cached.leaf?.(id).catch(() => 'caught')
      await caught.promise
      return inner
    }
    calls.sib = (id) => cached.leaf?.(id)
    const leaf = runInSession(() => cached.leaf?.('x') as Promise<string>)
    await settle()
    const sib = runInSession(() => cached.sib?.('x') as Promise<string>)
    await settle()
    caught.open()
    expect([await leaf, await sib]).toEqual(['leaf(caught)', 'sib(leaf(caught))'])
  })

  it('lets a load go on with a fallback, and whoever asked for it as well', async () => {
    const { calls, cached } = functions(['a', 'b'])
    calls.a = async (id) => cached.b?.(id).catch(() => 'fallback')
    calls.b = async (id) => {
      await cached.a?.(id).catch(() => undefined)
      return cached.a?.(id).catch(() => 'none')
    }
    expect(await soon(runInSession(() => cached.b?.('x') as Promise<string>))).toMatchObject({
      value: expect.any(String),
    })
  })

  it('is looked for without a deep stack', { timeout: 60_000 }, async () => {
    const hold = gate()
    const chain: { of: (n: number) => Promise<number> } = { of: async () => 0 }
    chain.of = versionedLruCache(
      async (n: number): Promise<number> => {
        await null // a deep chain, but of promises
        return n === 0 ? hold.promise.then(() => 0) : (await chain.of(n - 1)) + 1
      },
      { max: 20_000 },
    )
    void chain.of(12_000)
    for (let turn = 0; turn < 10; turn++) await settle()
    const asker = versionedLruCache(async () => chain.of(12_000))
    const asked = asker()
    const joined = Array.from({ length: 1000 }, () => runInSession(() => chain.of(12_000)))
    await settle()
    hold.open()
    expect([await asked, ...new Set(await Promise.all(joined))]).toEqual([12_000, 12_000])
  })

  it('is no circle after the load has ended, though its timers still run in its context', async () => {
    const later = gate<string>()
    const cached: { a: Call } = { a: async () => '' }
    cached.a = versionedLruCache(
      async (id: string): Promise<string> => {
        setTimeout(() => void cached.a(id).then(later.open, later.fail), 5)
        return id
      },
      { name: 'a', version: async () => 1 },
    )
    await runInSession(() => cached.a('x'))
    expect(await later.promise).toBe('x')
  })

  it('is told to a synchronous loader too, also in a session within a session', () => {
    const sync: { a: (id: string) => string } = { a: () => '' }
    sync.a = versionedLruCache((id: string): string => runInSession(() => sync.a(id)), { name: 'a' })
    expect(() => runInSession(() => sync.a('x'))).toThrow('a("x") → a("x"): this load would wait for itself')
  })

  it('is told to a version function that calls its own cached function before it returns', () => {
    const sync: { a: (id: string) => string } = { a: () => '' }
    sync.a = versionedLruCache((id: string): string => id, { name: 'a', version: (id): string => sync.a(id) })
    expect(() => runInSession(() => sync.a('x'))).toThrow(expect.objectContaining({ code: 'ERR_LOAD_CYCLE' }))
    expect(() => sync.a('x')).toThrow('the version of a("x") → the version of a("x")')
    sync.a = versionedLruCache((id: string): string => id, { version: (id) => (id === 'x' ? sync.a('y') : 1) })
    expect(sync.a('x')).toBe('x') // other arguments are no circle
    const b = versionedLruCache((id: string): string => id, { name: 'b', version: (id): string => sync.a(id) })
    sync.a = versionedLruCache((id: string): string => id, { name: 'a', version: (id): string => b(id) })
    expect(() => sync.a('x')).toThrow(expect.objectContaining({ code: 'ERR_LOAD_CYCLE' }))
  })

  it.each(['call', 'refresh', 'invalidate'] as const)('also when it does not join itself: %s', async (how) => {
    const clock = manualClock()
    let loads = 0
    type Self = ((id: string) => Promise<string>) & {
      refresh: (id: string) => Promise<string>
      invalidate: (id: string) => boolean
    }
    const self = {} as { a: Self }
    const load = async (id: string): Promise<string> => {
      if (++loads > 5) return 'it goes on for ever'
      clock.advance(20)
      if (how === 'invalidate') self.a.invalidate(id)
      return how === 'refresh' ? self.a.refresh(id) : self.a(id)
    }
    self.a = versionedLruCache(load, { name: 'a', ttl: 10, clock, version: () => 1 }) as unknown as Self
    expect(await soon(runInSession(() => self.a('x')))).toMatchObject(cycle('a("x") → a("x")'))
    expect(loads).toBe(1)
  })

  it('is no matter of a call that a load has only started', async () => {
    const hold = gate<string>()
    const slow = versionedLruCache(async (_id: string) => hold.promise, { name: 'slow' })
    const started: Promise<string>[] = []
    const cached = versionedLruCache(async (id: string) => void started.push(slow(id)), { name: 'quick' })
    await cached('x') // the load has ended, what it started has not
    hold.open('done')
    expect(await started[0]).toBe('done')
  })

  it('is not hidden by staleIfError', async () => {
    const { calls, cached } = functions(['a'], { staleIfError: 60_000, ttl: 1 })
    calls.a = () => 'fine'
    await cached.a?.('x')
    await new Promise((resolve) => setTimeout(resolve, 3))
    calls.a = (id) => cached.a?.(id)
    expect(await soon(cached.a?.('x') as Promise<string>)).toMatchObject({ error: { code: 'ERR_LOAD_CYCLE' } })
  })
})

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
    expect(await soon(page())).toMatchObject(cycle('page() → settings() → page()'))
    expect([page.stats(), settings.stats()]).toMatchObject([{ runningLoads: 0 }, { runningLoads: 0 }])
  })

  it('fails from either end, and works again when the circle is gone', async () => {
    const { world, self, settings, page } = entangled()
    await page()
    self.isCircle = true
    world.write('settings')
    expect(await soon(settings())).toMatchObject(cycle('settings() → page() → settings()'))
    self.isCircle = false
    expect(await page()).toBe('in red')
  })

  it('fails also when two sessions go round it at once', async () => {
    const { world, self, settings, page } = entangled()
    await page()
    self.isCircle = true
    world.write('settings')
    const [one, other] = await Promise.all([soon(page()), soon(runInSession(() => settings()))])
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
    expect(await soon(self.page())).toMatchObject(cycle('page() → header() → page()'))
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
    const both = [soon(self.one()), soon(self.other())]
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
