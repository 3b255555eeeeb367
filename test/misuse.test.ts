import { describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../src/index.ts'
import { outcomeOf, settle, thenable } from './support/gate.ts'
import { shaped } from './support/world.ts'

// Wrong options are in options.test.ts, wrong arguments in key.test.ts, wrong sessions in session.test.ts.

/** Whatever went wrong, nothing of it is left behind. */
function expectClean(cached: { stats(): object }): void {
  expect(cached.stats()).toMatchObject({ runningLoads: 0, runningChecks: 0 })
}

/** JavaScript returns what it likes. */
const any = <T>(value: unknown): T => value as T

describe('a version function that misbehaves', () => {
  it.each(['sync', 'async'] as const)(
    'throws (%s): the error is the caller’s, and the loader is not run',
    async (shape) => {
      let loads = 0
      const cached = versionedLruCache(() => ++loads, {
        version: shaped(shape, (): number => {
          throw new TypeError('no such table')
        }),
      })
      expect(await outcomeOf((async () => cached())())).toMatchObject({ error: new TypeError('no such table') })
      expect(loads).toBe(0)
      expectClean(cached)
    },
  )

  it('throws something that is no error', async () => {
    for (const thrown of [undefined, null, 'text', 0]) {
      const sync = versionedLruCache(() => 1, { version: () => { throw thrown } }) // biome-ignore format: one line
      expect(await outcomeOf((async () => sync())())).toEqual({ error: thrown })
      const async = versionedLruCache(() => 1, { version: () => Promise.reject(thrown) })
      expect(await outcomeOf(async())).toEqual({ error: thrown })
      expectClean(async)
    }
  })

  it('gives a promise of a promise, which is one promise', async () => {
    const cached = versionedLruCache(() => ({}), { version: async () => Promise.resolve(Promise.resolve(1)) })
    const first = await cached()
    expect(await cached()).toBe(first)
  })

  it('gives a thenable that settles twice: the first time counts', async () => {
    const twice = thenable<number>((resolve, reject) => {
      resolve(1)
      resolve(2)
      reject(new Error('third'))
    })
    const cached = versionedLruCache(() => ({}), { version: () => twice })
    const first = await cached()
    expect(await cached()).toBe(first)
    expectClean(cached)
  })

  it.each([
    ['never settles', () => {}],
    [
      'throws when it is awaited',
      () => {
        throw new Error('lazy')
      },
    ],
  ])('gives a thenable that %s', async (_, then) => {
    const cached = versionedLruCache(() => 1, {
      version: () => thenable<number>(then),
      versionTimeout: 5,
    })
    const outcome = (await outcomeOf(cached())) as { error: Error }
    expect(outcome.error.message).toMatch(/lazy|did not answer/)
    await settle()
    expectClean(cached)
  })

  it('has a `then` that throws when it is looked at', async () => {
    const mean = Object.defineProperty({}, 'then', { get: () => { throw new Error('mean') } }) // biome-ignore format: one line
    const cached = versionedLruCache(() => 1, { version: () => any<number>(mean) })
    expect(() => cached()).toThrow('mean')
    const loading = versionedLruCache(() => mean, { version: () => 1 })
    expect(() => loading()).toThrow('mean')
    expectClean(cached)
    expectClean(loading)
  })

  it('is sometimes sync and sometimes async', async () => {
    let turn = 0
    const cached = versionedLruCache(() => 'x', { version: () => (turn++ % 2 === 0 ? 1 : Promise.resolve(1)) })
    expect([cached(), await cached(), cached(), await cached()]).toEqual(['x', 'x', 'x', 'x'])
    expect(cached.stats()).toMatchObject({ loads: 1, checks: 4 })
  })

  it('gives a new version every time: each session loads, and nothing grows', async () => {
    let version = 0
    const cached = versionedLruCache(() => ({}), { version: () => ++version })
    for (let session = 0; session < 1000; session++) await runInSession(() => cached())
    expect(cached.stats()).toMatchObject({ loads: 1000, entries: 1 })
  })
})

describe('a loader that misbehaves', () => {
  it('throws at once, though it gives promises: so does the call, as the bare function would', () => {
    let broken = true
    const load = (): Promise<string> => {
      if (broken) throw new Error('at once')
      return Promise.resolve('fine')
    }
    const cached = versionedLruCache(load, { version: () => 1 })
    expect(() => cached()).toThrow('at once')
    expectClean(cached)
    broken = false
    return expect(cached()).resolves.toBe('fine')
  })

  it('throws at once behind an async version function: the promise is rejected', async () => {
    const cached = versionedLruCache((): string => { throw new Error('at once') }, { version: async () => 1 }) // biome-ignore format: one line
    expect(await outcomeOf(cached())).toMatchObject({ error: { message: 'at once' } })
    expectClean(cached)
  })

  it('rejects with undefined', async () => {
    const cached = versionedLruCache(() => Promise.reject(undefined), { version: () => 1 })
    expect(await outcomeOf(cached())).toEqual({ error: undefined })
    expectClean(cached)
  })

  it('invalidates itself while it runs: its output is returned, and not kept', async () => {
    const cached: { f: ((id: string) => string) & { invalidate(id: string): boolean; stats(): object } } = any({})
    cached.f = versionedLruCache((id: string): string => {
      cached.f.invalidate(id)
      return id
    })
    expect(cached.f('eu')).toBe('eu')
    expect(cached.f.stats()).toMatchObject({ entries: 0, overtaken: 1, runningLoads: 0 })
  })

  it('gives another type of result each time', async () => {
    let turn = 0
    const cached = versionedLruCache(() => (turn++ === 0 ? 'sync' : Promise.resolve('async')), { version: () => turn })
    expect(cached()).toBe('sync')
    expect(await cached()).toBe('async')
    expect(await cached()).toBe('async')
  })
})

describe('an async function', () => {
  it('rejects whatever goes wrong, so that .catch() sees it', async () => {
    const loader = async (_id: unknown): Promise<number> => 1
    const broken = (): never => {
      throw new Error('at once')
    }
    const cases = [
      versionedLruCache(loader, { version: broken }),
      versionedLruCache(loader, { key: broken }),
      versionedLruCache(loader, { session: broken }),
      versionedLruCache((_id: unknown) => 1, { version: async () => 1, key: broken }),
    ]
    for (const cached of cases) {
      expect(await cached('x').catch((error: Error) => error.message)).toBe('at once')
      expect(await cached.refresh('x').catch((error: Error) => error.message)).toBe('at once')
    }
    let broke = false
    const plain = versionedLruCache((_id: unknown): Promise<number> => Promise.resolve(1), {
      key: () => (broke ? broken() : 1),
    })
    await plain('x') // from now on it is known to give promises
    broke = true
    expect(await plain('x').catch((error: Error) => error.message)).toBe('at once')
    const unkeyable = await versionedLruCache(loader)(() => 1).catch((error: Error) => error.message)
    expect(unkeyable).toContain('argument 0 is a function')
  })
})

describe('a key or session function that throws', () => {
  it('fails the call, and nothing was run', () => {
    let runs = 0
    const options = { version: () => ++runs }
    const thrower = (): never => {
      throw new Error('mine')
    }
    const keyed = versionedLruCache(() => ++runs, { ...options, key: thrower })
    const housed = versionedLruCache(() => ++runs, { ...options, session: thrower })
    for (const cached of [keyed, housed]) {
      expect(() => cached()).toThrow('mine')
      expect(() => cached.invalidate()).toThrow('mine')
      expect(() => cached.refresh()).toThrow('mine')
    }
    expect(runs).toBe(0)
  })
})
