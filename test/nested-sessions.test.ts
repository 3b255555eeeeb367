import { describe, expect, it } from 'vitest'
import {
  counter,
  currentSession,
  readConsistently,
  runInSession,
  Session,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { gate, settle } from './support/gate.ts'

// What is made of others, where sessions are renewed, kept elsewhere, or begin in a load.

describe('a session that is renewed', () => {
  it('while a part is loaded leaves no page of the old part to others', async () => {
    const data = { x: 1 }
    const hold = gate()
    const source = versionSource({ name: 'source', read: async (key: 'x') => data[key] })
    const part = versionedLruCache(
      async () => {
        const seen = data.x
        await hold.promise
        return `part ${seen}`
      },
      { version: source.of(() => 'x' as const) },
    )
    const page = versionedLruCache(async () => `page of ${await part()}`)
    const session = new Session()
    const first = session.run(() => page()) // 1. goes by version 1
    await settle()
    data.x = 2 // 2. a write
    session.renew()
    await session.run(() => source.current('x')) // 3. the session sees version 2
    hold.open() // 4. the part comes, of version 1
    expect(await first).toBe('page of part 1')
    expect(await runInSession(() => page())).toBe('page of part 2')
  })
})

describe('readConsistently', () => {
  function two(options: object = {}) {
    const data = { a: 1, b: 1, writes: 1 }
    const a = versionedLruCache(async () => data.a, { version: () => data.a, ...options })
    const b = versionedLruCache(async () => data.b, { version: () => data.b, ...options })
    const write = () => {
      if (data.writes-- > 0) Object.assign(data, { a: 2, b: 2 })
    }
    return { data, a, b, write }
  }

  it('covers functions that keep their session elsewhere', async () => {
    const request = {}
    const { a, b, write } = two({ session: () => request })
    const read = async () => {
      const first = await a()
      write()
      return [first, await b()]
    }
    expect(await readConsistently(read)).toEqual([2, 2])
  })

  it('is not renewed', async () => {
    const { a, b, write } = two()
    const read = async () => {
      const first = await a()
      write()
      currentSession()?.renew()
      return [first, await b()]
    }
    expect(await readConsistently(read)).toEqual([2, 2])
  })

  it('looks again for what was asked for, not for what the arguments have become', async () => {
    const data: Record<string, number> = { d1: 1, d2: 1 }
    const of = versionedLruCache(async ({ id }: { id: string }) => `${id} ${data[id]}`, {
      version: ({ id }) => data[id],
    })
    const other = versionedLruCache(async () => data['d2'], { version: () => data['d2'] })
    let runs = 0
    const read = async () => {
      const asked = { id: 'd1' }
      const first = await of(asked)
      asked.id = 'd2'
      if (runs++ === 0) Object.assign(data, { d1: 2, d2: 2 })
      return [first, await other()]
    }
    await expect(readConsistently(read)).rejects.toMatchObject({ code: 'ERR_READ_CONFLICT' })
  })

  it('does not take a stale version for one that has not moved', async () => {
    const data = { rows: 1, writes: 1 }
    const versions = versionedLruCache(async () => data.rows, {
      version: () => data.rows,
      staleWhileRevalidate: 60_000,
    })
    const readMany = async (keys: readonly string[]) => {
      const seen = await versions()
      return keys.map(() => seen)
    }
    const source = versionSource({ name: 'rows', readMany })
    const a = versionedLruCache(async () => data.rows, { version: source.of(() => 'a') })
    const b = versionedLruCache(async () => data.rows, { version: () => data.rows })
    const read = async () => {
      const first = await a()
      if (data.writes-- > 0) data.rows = 2
      return [first, await b()]
    }
    const [first, second] = await readConsistently(read)
    expect(first).toBe(second)
  })
})

describe('what is kept, and looked at by one session while another replaces it', () => {
  it.each([
    ['a primitive', (value: number) => value],
    ['an object', (value: number) => ({ value })],
  ])('is told by what it is made of, not by its output: %s', async (_, wrap) => {
    const data = { a: 0, s: 1 }
    let hold: ReturnType<typeof gate<void>> | undefined
    const a = versionSource({ name: 'a', read: () => data.a })
    const s = versionSource({ name: 's', read: () => data.s })
    const slow = versionSource({ name: 'slow', read: async () => hold?.promise.then(() => 0) ?? 0 })
    const part = versionedLruCache(
      async () => {
        if (data.a === 1) return wrap(1 - s.current())
        const seen = s.current()
        if (seen === 1) await slow.current()
        return wrap(seen)
      },
      { version: a.of() },
    )
    const page = versionedLruCache(async () => JSON.stringify(await part()))
    await part()
    hold = gate()
    const looking = runInSession(() => page()) // 1. looks at what was made of a 0, s 1
    await settle()
    data.s = 0
    const between = new Session()
    const seen = await between.run(() => part()) // 2. a 0, s 0
    data.a = 1
    await runInSession(() => part()) // 3. a 1, s 0: the same output as at first
    hold.open()
    await looking
    expect(await between.run(() => page())).toBe(JSON.stringify(seen))
  })
})

describe('a session that is kept elsewhere', () => {
  it('is given nothing stale by a load that it joins when it has refused that', async () => {
    const data = { value: 1 }
    const hold = gate()
    let request = {}
    const part = versionedLruCache(async () => data.value, { version: () => data.value, staleWhileRevalidate: 60_000 })
    const page = versionedLruCache(
      async () => {
        const seen = await part()
        if (data.value === 2) await hold.promise
        return `page of ${seen}`
      },
      { session: () => request },
    )
    await page()
    data.value = 2
    request = {}
    const lenient = page()
    await settle()
    request = {}
    Session.of(request).refuseStale()
    const strict = page()
    await settle()
    hold.open()
    expect(await Promise.all([lenient, strict])).toEqual(['page of 1', 'page of 2'])
    expect(Session.of(request).servedStale).toBe(false)
  })

  it('lets a writer read its own write by way of a function that does not', async () => {
    const data = { value: 1 }
    const request = {}
    const part = versionedLruCache(async () => data.value, { session: () => request })
    const page = versionedLruCache(async () => `page of ${await part()}`)
    await runInSession(async () => {
      expect(await page()).toBe('page of 1')
      data.value = 2
      part.invalidate()
      expect(await page()).toBe('page of 2')
    })
  })
})

describe('a session that has begun in a load', () => {
  it('and is served stale makes the load stale, for the session that gets its output', async () => {
    const data = { version: 1 }
    const part = versionedLruCache(async () => data.version, {
      version: () => data.version,
      staleWhileRevalidate: 60_000,
    })
    const page = versionedLruCache(async () => `page of ${await runInSession(() => part())}`)
    await part()
    data.version = 2
    const session = new Session()
    expect(await session.run(() => page())).toBe('page of 1')
    expect(session.servedStale).toBe(true)
  })

  it('is no part of it any more when it is over: a timer may call the same function, whoever loads it', async () => {
    const data = { version: 1 }
    const hold = gate()
    let later: Promise<unknown> | undefined
    const fn = versionedLruCache(
      async () => {
        if (data.version === 2) await hold.promise
        later ??= runInSession(() => new Promise((resolve) => setTimeout(() => resolve(fn()), 10)))
        return data.version
      },
      { version: () => data.version },
    )
    await fn()
    data.version = 2
    const other = fn() // loads, and holds
    data.version = 3
    await expect(later).resolves.toBe(3)
    hold.open()
    await other
  })
})

describe('a load of more than can be noted that fails', () => {
  it('fails for no session that sees something else', async () => {
    const data = { rows: 1 }
    const hold = gate()
    const rows = versionSource({ name: 'rows', read: () => data.rows })
    const others = counter({ name: 'others' })
    const page = versionedLruCache(
      async () => {
        others.current('a')
        const seen = rows.current()
        await hold.promise
        if (seen === 1) throw new Error('no rows yet')
        return `rows ${seen}`
      },
      { maxStamps: 1 },
    )
    const first = runInSession(() => page())
    await settle()
    data.rows = 2
    const second = runInSession(() => page())
    await settle()
    hold.open()
    await expect(first).rejects.toThrow('no rows yet')
    expect(await second).toBe('rows 2')
  })
})

describe('a function that is called on an object', () => {
  it('is no method: what was made of its output outlives the object', async () => {
    const part = versionedLruCache(async () => 'part', { version: () => 1 })
    const page = versionedLruCache(async (_id: string) => ({ part }).part())
    await page('a')
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      globalThis.gc?.()
    }
    await page('a')
    expect(page.stats()).toMatchObject({ loads: 1, hits: 1 })
  })
})

describe('invalidations', () => {
  it('of more keys than are told apart outdate what was made of others once, not each time', async () => {
    const part = versionedLruCache(async (id: string) => id)
    const page = versionedLruCache(async () => part('page'))
    await page()
    for (let id = 0; id < 1500; id++) {
      part.invalidate(`${id}`)
      await page()
    }
    expect(page.stats().loads).toBeLessThanOrEqual(3)
  })
})
