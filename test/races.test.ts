import { describe, expect, it } from 'vitest'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { outcomeOf, settle } from './support/gate.ts'
import { EVICTIONS, type Eviction, gated } from './support/world.ts'

/** A cached function whose loads wait for the test; its version is what the test says. */
function racing(options: { max?: number; ttl?: number; eviction?: Eviction } = {}) {
  const clock = manualClock()
  const world = { version: 1 }
  const loads = gated<[string], string>()
  const cached = versionedLruCache(loads.fn, { version: () => world.version, clock, ...options })
  const call = (id = 'eu'): Promise<string> => runInSession(() => cached(id))
  const load = (index: number) => loads.runs[index] as (typeof loads.runs)[number]
  return { cached, clock, world, call, load, loads: loads.runs }
}

/** The same for checks: every check waits for the test, loads are immediate. */
function checking(options: { versionTimeout?: number } = {}) {
  const checks = gated<[string], number>()
  const loads: number[] = []
  const cached = versionedLruCache((_id: string) => loads.push(1), { version: checks.fn, ...options })
  const call = (id = 'eu'): Promise<number> => runInSession(() => cached(id))
  const check = (index: number) => checks.runs[index] as (typeof checks.runs)[number]
  return { cached, call, check, checks: checks.runs, loads }
}

describe('loads that race', () => {
  it('late load: what an older version brings does not replace what a newer one brought', async () => {
    const { world, call, cached, load } = racing()
    const a = call() // 1. A reads version 1 and starts to load
    world.version = 2 // 2. a writer commits version 2
    const b = call() // 3. B reads version 2 and starts to load
    load(1).open('two') // 4. B lands
    load(0).open('one') // 5. A lands late
    expect([await a, await b]).toEqual(['one', 'two'])
    expect(cached.peek('eu')).toBe('two')
    expect(cached.stats()).toMatchObject({ overtaken: 1, entries: 1, runningLoads: 0 })
  })

  it.each(EVICTIONS)('late load: also when the newer entry has been evicted meanwhile (%s)', async (eviction) => {
    const { world, call, cached, load } = racing({ max: 1, eviction })
    const a = call() // 1. A starts to load version 1
    world.version = 2
    const b = call() // 2. B starts to load version 2
    load(1).open('two') // 3. B lands
    await b
    const c = call('us') // 4. another key lands, and evicts B's entry
    load(2).open('other')
    await c
    load(0).open('one') // 5. A lands, and finds the slot empty
    await a
    expect(cached.peek('eu')).toBeUndefined()
  })

  it('wrong join: a session that knows version 2 does not join a load of version 1', async () => {
    const { world, call, cached, load, loads } = racing()
    const a = call() // 1. A starts to load version 1
    world.version = 2 // 2. the version moves
    const b = call() // 3. B asks: A's load is of version 1
    expect(loads).toHaveLength(2)
    expect(cached.stats()).toMatchObject({ runningLoads: 2, shared: 0 })
    load(0).open('one')
    load(1).open('two')
    expect([await a, await b]).toEqual(['one', 'two'])
  })

  it('right join: a session that is pinned to version 1 joins the load of version 1, beside one of version 2', async () => {
    const { world, cached, loads, load } = racing()
    const early = new Session()
    const other = versionedLruCache(() => 'x', { version: () => world.version })
    early.run(other)
    const a = early.run(() => cached('eu')) // 1. loads version 1
    world.version = 2
    const b = runInSession(() => cached('eu')) // 2. loads version 2, version 1 still in flight
    world.version = 1
    const c = runInSession(() => cached('eu')) // 3. sees version 1 (a replica that lags, say)
    expect(loads).toHaveLength(2)
    load(0).open('one')
    load(1).open('two')
    expect([await a, await b, await c]).toEqual(['one', 'two', 'one'])
  })

  it('older overwrites newer: a session pinned to an old version does not replace a newer entry', async () => {
    const world = { version: 1 }
    const cached = versionedLruCache((id: string, _fail?: boolean) => `${id}${world.version}`, {
      version: () => world.version,
    })
    const flaky = { failing: true }
    const session = new Session()
    const unreliable = versionedLruCache(
      () => {
        if (flaky.failing) throw new Error('later')
        return `at ${world.version}`
      },
      { version: () => world.version },
    )
    expect(() => session.run(unreliable)).toThrow('later') // 1. the session has pinned version 1, and no output
    world.version = 2
    flaky.failing = false
    expect(runInSession(unreliable)).toBe('at 2') // 2. a later session lands version 2
    expect(session.run(unreliable)).toBe('at 2') // 3. the old session loads, at its pinned version 1
    expect(unreliable.stats()).toMatchObject({ overtaken: 1 }) // 4. and leaves the newer entry alone
    expect(runInSession(unreliable)).toBe('at 2')
    expect(unreliable.stats()).toMatchObject({ loads: 3, hits: 1 })
    expect(cached('eu')).toBe('eu2')
  })

  it('cleanup: the end of an old load does not take the new one out of the way', async () => {
    const { call, cached, load, loads } = racing()
    const a = call() // 1. A loads
    cached.invalidate('eu') // 2. grounded
    const b = call() // 3. B loads
    load(0).open('old') // 4. A ends
    await a
    const c = call() // 5. C joins B
    expect(loads).toHaveLength(2)
    load(1).open('new')
    expect([await b, await c]).toEqual(['new', 'new'])
  })

  it('cleanup: the failure of an old load does not take the new one out of the way', async () => {
    const { call, cached, load, loads } = racing()
    const a = outcomeOf(call())
    cached.clear()
    const b = call()
    load(0).fail(new Error('old'))
    await a
    const c = call()
    expect(loads).toHaveLength(2)
    load(1).open('new')
    expect([await b, await c]).toEqual(['new', 'new'])
  })

  it('publication: the slot is free when the output arrives', async () => {
    const { call, cached, load } = racing()
    const a = call().then(() => cached.stats())
    load(0).open('one')
    expect(await a).toMatchObject({ runningLoads: 0, entries: 1 })
  })

  it.each(['invalidate', 'clear'] as const)(
    '%s during a load: nothing of it is kept, and nobody joins it',
    async (how) => {
      const { call, cached, load, loads } = racing()
      const a = call() // 1. A loads
      cached[how]('eu') // 2. somebody invalidates
      const b = call() // 3. B asks
      expect(loads).toHaveLength(2)
      load(0).open('old') // 4. A lands
      expect(await a).toBe('old')
      expect(cached.peek('eu')).toBeUndefined()
      load(1).open('new') // 5. B lands
      expect(await b).toBe('new')
      expect(cached.peek('eu')).toBe('new')
    },
  )

  it('refresh during a load: the older load is not kept and not joined, whichever lands first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { call, cached, load, loads } = racing()
      const a = call() // 1. A loads
      const b = runInSession(() => cached.refresh('eu')) // 2. B refreshes
      const c = call() // 3. C joins B, not A
      expect(loads).toHaveLength(2)
      for (const index of order) {
        load(index).open(index === 0 ? 'old' : 'new')
        await settle()
      }
      expect([await a, await b, await c]).toEqual(['old', 'new', 'new'])
      expect(cached.peek('eu')).toBe('new')
    }
  })

  it.each(EVICTIONS)('eviction (%s) during a load: the callers get their output all the same', async (eviction) => {
    const { call, cached, load } = racing({ max: 1, eviction })
    const a = call('eu')
    const b = call('us')
    load(1).open('us')
    load(0).open('eu')
    expect([await a, await b]).toEqual(['eu', 'us'])
    expect([cached.peek('eu'), cached.peek('us')]).toEqual(['eu', undefined])
  })

  it('expiry during a load: the TTL counts from the version read, and the callers get their output', async () => {
    const { call, cached, clock, load, loads } = racing({ ttl: 60 })
    const a = call() // 1. the version is read at 0
    clock.advance(40)
    load(0).open('one') // 2. the load lands at 40
    await a
    expect(cached.peek('eu')).toBe('one')
    clock.advance(20) // 3. at 60 the entry is 60 old, though it landed 20 ago
    expect(cached.peek('eu')).toBeUndefined()
    const b = call()
    expect(loads).toHaveLength(2)
    load(1).open('two')
    expect(await b).toBe('two')
  })

  it('a load older than the TTL is not joined: it would bring what is too old already', async () => {
    const { call, cached, clock, load, loads } = racing({ ttl: 60 })
    const a = call() // 1. A loads
    clock.advance(59)
    const b = call() // 2. B joins
    expect(loads).toHaveLength(1)
    clock.advance(1)
    const c = call() // 3. C begins when A's output can only be 60 old: it loads
    expect(loads).toHaveLength(2)
    load(1).open('new')
    load(0).open('old')
    expect([await a, await b, await c]).toEqual(['old', 'old', 'new'])
    expect(cached.peek('eu')).toBe('new')
  })

  it('a load older than the TTL does not stand in the way of the one that others can join', async () => {
    const { call, clock, load, loads } = racing({ ttl: 60 })
    const hung = call() // 1. A's load hangs
    clock.advance(60)
    const b = call() // 2. B loads
    const c = call() // 3. C joins B, not a load of its own
    expect(loads).toHaveLength(2)
    load(1).open('new')
    expect([await b, await c]).toEqual(['new', 'new'])
    load(0).open('late')
    await hung
  })

  it('those who shared a check that took longer than the TTL still share one load', async () => {
    const clock = manualClock()
    const checks = gated<[], number>()
    let loads = 0
    const cached = versionedLruCache(async () => ++loads, { version: checks.fn, ttl: 60, clock })
    const calls = Array.from({ length: 10 }, () => runInSession(() => cached()))
    checks.runs[0]?.open(1)
    await settle()
    clock.advance(100)
    checks.runs[1]?.open(2)
    await Promise.all(calls)
    expect(loads).toBe(2)
  })

  it('session renewed during a load: the call under way keeps what it began with, the next one starts anew', async () => {
    const { cached, world, load, loads } = racing()
    const session = new Session()
    const a = session.run(() => cached('eu'))
    world.version = 2
    session.renew()
    const b = session.run(() => cached('eu'))
    expect(loads).toHaveLength(2)
    load(0).open('one')
    load(1).open('two')
    expect([await a, await b]).toEqual(['one', 'two'])
    expect(await session.run(() => cached('eu'))).toBe('two')
  })

  it('session that ends during a load: those who joined get the output, and it is kept', async () => {
    const { cached, load, loads } = racing()
    void new Session().run(() => cached('eu')) // 1. A loads, and nobody will ask for the result
    const b = runInSession(() => cached('eu')) // 2. B joins
    await settle()
    globalThis.gc?.() // 3. A is gone, as far as anybody knows
    load(0).open('one') // 4. the load lands
    expect(await b).toBe('one')
    expect(loads).toHaveLength(1)
    expect(cached.peek('eu')).toBe('one')
  })

  it('a clock that jumps ahead makes an entry expire, and nothing else', async () => {
    const { call, clock, load, loads } = racing({ ttl: 60 })
    const a = call() // 1. A loads
    clock.advance(1e12) // 2. the machine slept
    load(0).open('one') // 3. A lands, long expired
    expect(await a).toBe('one')
    const b = call() // 4. B does not get it
    expect(loads).toHaveLength(2)
    load(1).open('two')
    expect(await b).toBe('two')
    expect(await call()).toBe('two')
  })

  it('failing stampede: a failing load runs once for all its waiters, and once more for the next call', async () => {
    const { call, cached, load, loads } = racing()
    const waiters = Array.from({ length: 1000 }, () => outcomeOf(call()))
    const error = new Error('no database')
    load(0).fail(error)
    expect(new Set((await Promise.all(waiters)).map((outcome) => (outcome as { error: unknown }).error))).toEqual(
      new Set([error]),
    )
    expect(loads).toHaveLength(1)
    const next = call()
    load(1).open('fine')
    expect(await next).toBe('fine')
    expect(cached.stats()).toMatchObject({ loads: 2, shared: 999, loadErrors: 1, runningLoads: 0 })
  })

  it('join between rejection and cleanup: whoever comes then fails with the others, or loads anew; nobody hangs', async () => {
    const { call, cached, load, loads } = racing()
    const a = outcomeOf(call())
    load(0).fail(new Error('no database')) // 1. the load is rejected, nobody has been told yet
    const b = outcomeOf(call()) // 2. B comes
    expect(await a).toMatchObject({ error: { message: 'no database' } })
    for (const { open } of loads.slice(1)) open('fine')
    expect(await b).toMatchObject(loads.length === 1 ? { error: { message: 'no database' } } : { value: 'fine' })
    expect(cached.stats().runningLoads).toBe(0)
  })

  it('a caller that retries as soon as it hears of a failure starts a new load', async () => {
    const { call, load, loads } = racing()
    const retried = call().catch(() => call())
    load(0).fail(new Error('once'))
    await settle()
    expect(loads).toHaveLength(2)
    load(1).open('fine')
    expect(await retried).toBe('fine')
  })

  it('version moves between check and load: the output carries the version that was read before', async () => {
    let version = 1
    const cached = versionedLruCache(
      async () => {
        version = 2 // the write commits while the load reads
        return `data of ${version}`
      },
      { version: () => version },
    )
    await runInSession(() => cached())
    await runInSession(() => cached())
    expect(cached.stats()).toMatchObject({ loads: 2, outdated: 1 })
  })

  it('a load that calls itself with the same arguments fails at once, instead of waiting for itself', async () => {
    const sync: { cached: (n: number) => number } = { cached: () => 0 }
    sync.cached = versionedLruCache((n: number): number => sync.cached(n), { version: () => 1, name: 'fib' })
    expect(() => runInSession(() => sync.cached(3))).toThrow(/fib\(3\) → fib\(3\)/)
    expect(() => sync.cached(3)).toThrow(expect.objectContaining({ code: 'ERR_LOAD_CYCLE' }))
    const fib: (n: number) => number = versionedLruCache((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)))
    expect(fib(50)).toBe(12_586_269_025)
  })

  it('a clock that goes back makes an entry expire, instead of keeping it for longer', async () => {
    const { call, cached, clock, load } = racing({ ttl: 60 })
    const a = call()
    load(0).open('one')
    await a
    clock.advance(-1000)
    expect(cached.peek('eu')).toBeUndefined()
  })
})

describe('checks that race', () => {
  it('join of a running check: a session that asks while a check runs waits for the next one', async () => {
    const { call, check, checks, cached } = checking()
    const a = call() // 1. A's check runs, and has perhaps read version 1 already
    // 2. a writer commits version 2
    const b = call() // 3. B asks
    expect(checks).toHaveLength(1)
    check(0).open(1)
    await a
    await settle()
    expect(checks).toHaveLength(2)
    check(1).open(2)
    await b
    expect(cached.stats()).toMatchObject({ checks: 2, loads: 2, runningChecks: 0 })
  })

  it('a thousand concurrent sessions cost two checks', async () => {
    const { call, check, checks, cached } = checking()
    const calls = Array.from({ length: 1000 }, () => call())
    check(0).open(1)
    await settle()
    check(1).open(1)
    await Promise.all(calls)
    expect(checks).toHaveLength(2)
    expect(cached.stats()).toMatchObject({ loads: 1, runningChecks: 0 })
  })

  it('a check that fails leaves room for the next, which its waiters get', async () => {
    const { call, check, checks } = checking()
    const a = outcomeOf(call())
    const b = outcomeOf(call())
    check(0).fail(new Error('no version'))
    await settle()
    expect(await a).toMatchObject({ error: { message: 'no version' } })
    check(1).open(1)
    expect(await b).toEqual({ value: 1 })
    expect(checks).toHaveLength(2)
  })

  it('a waiting check that fails fails those who shared it, and no others', async () => {
    const { call, check, cached } = checking()
    const a = outcomeOf(call())
    const waiters = [call(), call()].map(outcomeOf)
    check(0).open(1)
    await settle()
    const later = outcomeOf(call())
    check(1).fail(new Error('no version'))
    await settle()
    check(2).open(1)
    expect(await a).toEqual({ value: 1 })
    expect(await Promise.all(waiters)).toMatchObject([
      { error: { message: 'no version' } },
      { error: { message: 'no version' } },
    ])
    expect(await later).toEqual({ value: 1 })
    expect(cached.stats().runningChecks).toBe(0)
  })

  it('concurrent first calls of a session share a failed check; the next call checks again', async () => {
    const { cached, check, checks } = checking()
    const session = new Session()
    const calls = [1, 2, 3].map(() => outcomeOf(session.run(() => cached('eu'))))
    check(0).fail(new Error('no version'))
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ error: { message: 'no version' } })
    const next = session.run(() => cached('eu'))
    check(1).open(1)
    expect(await next).toBe(1)
    expect(checks).toHaveLength(2)
  })

  it('checks of different keys do not wait for each other', async () => {
    const { call, check, checks } = checking()
    const a = call('eu')
    const b = call('us')
    expect(checks.map(({ args }) => args[0])).toEqual(['eu', 'us'])
    check(1).open(1)
    await b
    check(0).open(1)
    await a
  })

  it('hung check: its waiters fail after versionTimeout, the next check runs, and nobody else hangs', async () => {
    const { call, check, checks, cached } = checking({ versionTimeout: 20 })
    const hung = outcomeOf(call('eu'))
    const waiting = call('eu')
    const elsewhere = call('us')
    check(1).open(1)
    expect(await elsewhere).toBe(1)
    expect(await hung).toMatchObject({ error: { code: 'ERR_VERSION_TIMEOUT' } })
    await settle()
    expect(checks).toHaveLength(3)
    check(2).open(1)
    expect(await waiting).toBe(2)
    check(0).open(9) // the hung check comes back, and changes nothing
    await settle()
    expect(cached.stats().runningChecks).toBe(0)
  })

  it('read your own write: invalidate makes the calling session wait for a check that began after it', async () => {
    const { cached, check, checks } = checking()
    const session = new Session()
    const before = session.run(() => cached('eu')) // 1. the check runs, and has perhaps read version 1
    session.run(() => cached.invalidate('eu')) // 2. the session writes and invalidates
    const after = session.run(() => cached('eu')) // 3. and reads again
    check(0).open(1)
    await before
    await settle()
    expect(checks).toHaveLength(2)
    check(1).open(2)
    expect(await after).toBe(2)
  })

  it('a failed call of before an invalidate does not unpin what came after it', async () => {
    const { cached, check } = checking()
    const session = new Session()
    const before = outcomeOf(session.run(() => cached('eu')))
    session.run(() => cached.invalidate('eu'))
    const after = session.run(() => cached('eu'))
    check(0).fail(new Error('no version'))
    await before
    await settle()
    expect(session.run(() => cached('eu'))).toBe(after)
    check(1).open(1)
    await after
  })
})

describe('sessions and entries', () => {
  it.each(EVICTIONS)('a session that outlives its entries keeps its outputs (%s)', async (eviction) => {
    const clock = manualClock()
    const cached = versionedLruCache((id: string) => ({ id }), { version: () => 1, ttl: 60, max: 1, clock, eviction })
    const session = new Session()
    const first = session.run(() => cached('eu'))
    clock.advance(1000)
    runInSession(() => cached('us'))
    expect(session.run(() => cached('eu'))).toBe(first)
    expect(cached.stats()).toMatchObject({ entries: 1 })
  })
})
