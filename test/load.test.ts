import { describe, expect, it } from 'vitest'
import { detached, runInSession, Session, versionedLruCache } from '../src/index.ts'
import { gate, outcomeOf } from './support/gate.ts'

const LONG = process.env.LONG === '1' ? 10 : 1

/** Heap in use after a thorough collection, in MB. */
async function heap(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('under load', { timeout: 120_000 }, () => {
  it('10,000 concurrent callers of one cold key cost two checks and one load', async () => {
    const cached = versionedLruCache(
      async (id: string) => {
        await later()
        return { id }
      },
      {
        version: async () => {
          await later()
          return 1
        },
      },
    )
    const outputs = await Promise.all(Array.from({ length: 10_000 }, () => runInSession(() => cached('eu'))))
    expect(new Set(outputs).size).toBe(1)
    expect(cached.stats()).toMatchObject({ checks: 2, loads: 1, runningLoads: 0, runningChecks: 0, entries: 1 })
  })

  it('10,000 concurrent callers of a failing key cost two checks and at most two loads, and all hear of it', async () => {
    const error = new Error('no database')
    const cached = versionedLruCache(
      async (_id: string) => {
        await later()
        throw error
      },
      {
        version: async () => {
          await later()
          return 1
        },
      },
    )
    const outcomes = await Promise.all(
      Array.from({ length: 10_000 }, () => outcomeOf(runInSession(() => cached('eu')))),
    )
    expect(new Set(outcomes.map((outcome) => (outcome as { error: unknown }).error))).toEqual(new Set([error]))
    const stats = cached.stats()
    expect(stats).toMatchObject({ checks: 2, runningLoads: 0, runningChecks: 0, entries: 0 })
    expect(stats.loads).toBeLessThanOrEqual(2)
  })

  it.each([
    [1_000_000, 'max', { max: 1000 }],
    [300_000, 'max with SIEVE', { max: 1000, eviction: 'sieve' as const }],
    [300_000, 'maxSize', { max: 1_000_000, maxSize: 1000, sizeCalculation: () => 1 }],
  ])('%i random keys through %s 1000 leave the heap flat', async (keys, _, options) => {
    const cached = versionedLruCache((key: string) => ({ key }), { version: () => 1, ...options })
    const fill = (count: number): void => {
      for (let index = 0; index < count; index++) cached(`key ${Math.random()}`)
    }
    fill(20_000)
    const before = await heap()
    fill(keys * LONG)
    expect((await heap()) - before).toBeLessThan(3)
    expect(cached.stats()).toMatchObject({ entries: 1000, runningLoads: 0 })
  })

  it('asynchronous loads of random keys leave nothing behind', async () => {
    const cached = versionedLruCache(async (key: string) => ({ key }), { version: async () => 1, max: 100 })
    const fill = async (count: number): Promise<void> => {
      for (let batch = 0; batch < count / 100; batch++) {
        await Promise.all(Array.from({ length: 100 }, () => cached(`key ${Math.random()}`)))
      }
    }
    await fill(5000)
    const before = await heap()
    await fill(100_000 * LONG)
    expect((await heap()) - before).toBeLessThan(3)
  })

  it('100,000 sessions leave the heap flat, ambient and explicit', async () => {
    const cached = versionedLruCache(async (id: number) => ({ id }), { version: async () => 1 })
    const explicit = versionedLruCache((id: number) => ({ id }), { version: () => 1, session: () => ({}) })
    const serve = async (count: number): Promise<void> => {
      for (let session = 0; session < count; session++) {
        await runInSession(() => Promise.all([cached(1), cached(2), cached(1)]))
        explicit(1)
      }
    }
    await serve(2000)
    const before = await heap()
    await serve(100_000 * LONG)
    expect((await heap()) - before).toBeLessThan(3)
  })

  it('failures, invalidations and refreshes leave the heap flat', async () => {
    let turn = 0
    const cached = versionedLruCache(
      async (_id: string) => {
        turn++
        if (turn % 3 === 0) throw new Error('every third')
        return turn
      },
      { version: async () => (turn % 7 === 0 ? Promise.reject(new Error('every seventh')) : turn), max: 10 },
    )
    const rage = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        const calls = [cached(`k${index}`), cached.refresh('eu'), cached('eu')].map(outcomeOf)
        cached.invalidate(`k${index}`)
        await Promise.all(calls)
        if (index % 100 === 0) cached.clear()
      }
    }
    await rage(1000)
    const before = await heap()
    await rage(20_000 * LONG)
    expect((await heap()) - before).toBeLessThan(3)
    expect(cached.stats()).toMatchObject({ runningLoads: 0, runningChecks: 0 })
  })

  it('a load of long standing keeps nothing of the sessions that it has begun', async () => {
    const inner = versionedLruCache((n: number) => ({ n, ballast: 'x'.repeat(100) }), { max: 10 })
    const asyncInner = versionedLruCache(async (n: number) => ({ n }), { max: 10 })
    let growth = 0
    const outer = versionedLruCache(async () => {
      const before = await heap()
      for (let n = 0; n < 100_000; n++) runInSession(() => inner(n))
      for (let n = 0; n < 20_000; n++) await runInSession(() => asyncInner(n))
      growth = (await heap()) - before
    })
    await outer()
    expect(growth).toBeLessThan(3)
  })
})

describe('memory of what has ended', () => {
  it.each(['ok', 'failing'])('a session is collectable while an output it shared lives on: load %s', async (how) => {
    const cached = versionedLruCache(
      async (id: string) => {
        await later()
        if (how === 'failing') throw new Error('no')
        return { id }
      },
      {
        version: async () => {
          await later()
          return 1
        },
      },
    )
    const gone: WeakRef<object>[] = []
    const serve = async (): Promise<void> => {
      const session = new Session()
      const request = { body: 'x'.repeat(1000) }
      gone.push(new WeakRef(session), new WeakRef(request))
      await session.run(() => outcomeOf(cached('eu')).then(() => request.body))
    }
    await Promise.all([serve(), serve(), serve()])
    for (let turn = 0; turn < 20 && gone.some((ref) => ref.deref() !== undefined); turn++) {
      await later()
      await heap()
    }
    expect(gone.filter((ref) => ref.deref() !== undefined)).toHaveLength(0)
    expect(cached.stats().entries).toBe(how === 'ok' ? 1 : 0)
  })
})

describe('a chain of timers, each started by the load of the one before', () => {
  it('holds nothing of those that ran before', async () => {
    const done = gate()
    const key = (n: number): string => String(n).padStart(16_000, '0')
    const cached = versionedLruCache(
      async (text: string): Promise<void> => {
        const n = Number(text)
        setImmediate(() => {
          if (n < 500) return void cached(key(n + 1))
          timer = setInterval(() => {}, 1000) // the chain goes on
          done.open()
        })
      },
      { max: 1 },
    )
    const before = await heap()
    let timer: NodeJS.Timeout | undefined
    detached(() => void cached(key(0)))
    await done.promise
    const growth = (await heap()) - before
    clearInterval(timer)
    expect(growth).toBeLessThan(3) // the keys alone are 8
  })
})

describe('a timer that a loader has started', () => {
  it('does not keep the output', async () => {
    const cached = versionedLruCache(async () => {
      timers.push(setInterval(() => {}, 1000))
      return { ballast: 'x'.repeat(1000) }
    })
    const timers: NodeJS.Timeout[] = []
    const output = new WeakRef(await cached())
    cached.clear()
    for (let turn = 0; turn < 20 && output.deref() !== undefined; turn++) await heap()
    expect(output.deref()).toBeUndefined()
    for (const timer of timers) clearInterval(timer)
  })
})

describe('hostile arguments', () => {
  it.each<[string, unknown]>([
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['hasOwnProperty', 'hasOwnProperty'],
    ['a lone surrogate', '\ud800'],
    ['a NUL', '\0'],
    ['10 MB', 'x'.repeat(10_000_000)],
    ['an object with __proto__', JSON.parse('{"__proto__":{"admin":true}}')],
    ['an object that says it is an array', { length: 3, 0: 'a' }],
    ['an array of 100,000 numbers', Array.from({ length: 100_000 }, (_, n) => n)],
  ])('%s gets its own output', (_, argument) => {
    const cached = versionedLruCache((value: unknown) => ({ value }), { version: () => 1 })
    const first = cached(argument)
    expect(first.value).toBe(argument)
    expect(cached(argument)).toBe(first)
    expect(cached('other')).not.toBe(first)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})
