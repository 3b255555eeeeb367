import { describe, expect, it } from 'vitest'
import { currentSession, detached, runInSession, Session, type SessionHolder, versionedLruCache } from '../src/index.ts'
import { gate, outcomeOf, settle } from './support/gate.ts'

// A load goes by what its session has pinned, and nobody else has to. A shared check goes by nobody's pins.

const sessions: [
  string,
  () => { session?: SessionHolder | (() => SessionHolder | undefined); run: <R>(fn: () => R) => R },
][] = [
  ['ambient', () => ({ run: runInSession })],
  [
    'explicit',
    () => {
      let request: object | undefined
      const run = <R>(fn: () => R): R => {
        request = {}
        return fn()
      }
      return { session: () => request, run }
    },
  ],
]

describe.each(sessions)('a load that calls a cached function (%s session)', (_, make) => {
  it('gets what its session has pinned, and is of no use to a session that sees something else', async () => {
    const { session, run } = make()
    const data = { version: 1 }
    const version = async () => data.version
    const user = versionedLruCache(async () => `user ${data.version}`, { version, ...(session && { session }) })
    const page = versionedLruCache(async () => `page of ${await user()}`, { version, ...(session && { session }) })
    await run(async () => {
      expect(await user()).toBe('user 1') // 1. pinned
      data.version = 2 // 2. a write
      expect(await page()).toBe('page of user 1') // 3. the load of page calls user
      expect(await user()).toBe('user 1')
    })
    expect(await run(() => page())).toBe('page of user 2') // 4. another session
    expect(page.stats()).toMatchObject({ loads: 2 })
  })

  it('calls it in one session: one check, one state, while it runs', async () => {
    const { session, run } = make()
    const steps: string[] = []
    let version = 1
    const part = versionedLruCache(async () => version++, {
      version: async () => {
        steps.push('check')
        return version
      },
      ...(session && { session }),
    })
    const whole = versionedLruCache(async () => [await part(), await part(), await part()], session && { session })
    expect(await run(() => whole())).toEqual([1, 1, 1])
    expect(steps).toEqual(['check'])
  })
})

describe('a load', () => {
  it('is in the ambient session of its caller, for the loader to see', async () => {
    const seen: unknown[] = []
    const cached = versionedLruCache(async () => void seen.push(currentSession()))
    const session = new Session()
    await session.run(() => cached())
    expect(seen).toEqual([session])
  })

  it('that writes reads its own write, and so does the session that runs it', async () => {
    const data = { version: 1 }
    const part = versionedLruCache(() => `part ${data.version}`, { version: () => data.version })
    const writer = versionedLruCache((_id: string) => {
      const before = part()
      data.version++
      part.invalidate()
      return `${before}, ${part()}`
    })
    runInSession(() => {
      expect(part()).toBe('part 1')
      expect(writer('a')).toBe('part 1, part 2')
      expect(part()).toBe('part 2')
      data.version++
      versionedLruCache(() => part.clear())()
      expect(part()).toBe('part 3')
    })
  })

  it('into which something stale has gone is returned, but not kept, however deep and whoever joined', async () => {
    const data = { value: 'old' }
    let gates = [gate()]
    gates[0]?.open()
    const inner = versionedLruCache(
      async () => {
        await gates.at(-1)?.promise
        return data.value
      },
      { version: () => data.value, staleWhileRevalidate: 60_000 },
    )
    const middle = versionedLruCache(async () => `middle of ${await inner()}`, { version: () => data.value })
    const outer = versionedLruCache(async () => `outer of ${await middle()}`, { version: () => data.value })
    await inner()
    data.value = 'new'
    gates = [gate()]
    const both = await Promise.all([outer(), runInSession(() => middle())])
    expect(both).toEqual(['outer of middle of old', 'middle of old'])
    gates[0]?.open()
    await settle()
    expect(await outer()).toBe('outer of middle of new')
    expect([middle.stats(), outer.stats()]).toMatchObject([{ unkept: 1 }, { unkept: 1 }])
  })
})

describe('a load has one state from its beginning to its end', () => {
  function twice(between: () => void) {
    const data = { version: 1 }
    const user = versionedLruCache(async () => `user ${data.version}`, { version: async () => data.version })
    const page = versionedLruCache(
      async () => {
        const first = await user()
        data.version++
        between()
        return `${first}, ${await user()}`
      },
      { version: () => 1 },
    )
    return { user, page }
  }

  it('without a session', async () => {
    const { user, page } = twice(() => {})
    expect(await page()).toBe('user 1, user 1')
    expect(user.stats().checks).toBe(1)
  })

  it('when the session that runs it is renewed', async () => {
    const session = new Session()
    const { page } = twice(() => session.renew())
    expect(await session.run(() => page())).toBe('user 1, user 1')
  })

  it('while a session that begins in it sees what is current', async () => {
    const data = { version: 1 }
    const user = versionedLruCache(() => `user ${data.version}`, { version: () => data.version })
    const page = versionedLruCache(() => {
      const first = user()
      data.version++
      return [first, runInSession(() => user()), user()]
    })
    expect(runInSession(() => page())).toEqual(['user 1', 'user 2', 'user 1'])
  })

  it('and reads its own write, also one that a load within it makes', async () => {
    const data = { version: 1 }
    const part = versionedLruCache(() => `part ${data.version}`, { version: () => data.version })
    const writer = versionedLruCache((how: 'invalidate' | 'refresh') => {
      data.version++
      part[how]()
    })
    const whole = versionedLruCache((how: 'invalidate' | 'refresh') => {
      const before = part()
      writer(how)
      return `${before}, ${part()}`
    })
    expect([whole('invalidate'), whole('refresh')]).toEqual(['part 1, part 2', 'part 2, part 3'])
  })

  it('and when it is over, what it has left running goes by the session again', async () => {
    const data = { version: 1 }
    const part = versionedLruCache(() => `part ${data.version}`, { version: () => data.version })
    const later = gate<string>()
    const whole = versionedLruCache(() => {
      setTimeout(() => later.open(part()), 2)
      return part()
    })
    const session = new Session()
    session.run(() => whole())
    data.version = 2
    session.renew()
    expect(await later.promise).toBe('part 2')
  })
})

describe('a shared check', () => {
  it('that went by something stale taints the load that asked for it', async () => {
    const data = { version: 1, down: false }
    const hold = { gate: gate() }
    hold.gate.open()
    const tag = versionedLruCache(
      async () => {
        if (data.down) throw new Error('down')
        return data.version
      },
      { version: () => data.version, staleIfError: 60_000 },
    )
    const item = versionedLruCache(async () => `item ${await tag()}`, {
      version: async () => {
        await hold.gate.promise
        return tag()
      },
    })
    const page = versionedLruCache(async () => `page of ${await item()}`, { version: () => 1 })
    await item()
    data.version = 2
    data.down = true
    hold.gate = gate()
    const other = runInSession(() => item()) // its check runs
    const stale = runInSession(() => page()) // its load waits for the next check, which is shared
    await settle()
    hold.gate.open()
    expect([await other, await stale]).toEqual(['item 1', 'page of item 1'])
    data.down = false
    expect(await runInSession(() => page())).toBe('page of item 2')
  })

  it('does not go by what the session that asked first has pinned', async () => {
    const data = { version: 1 }
    const hold = gate()
    let checks = 0
    const versions = versionedLruCache(async () => data.version, { version: async () => data.version })
    const report = versionedLruCache(async () => `report at ${data.version}`, {
      version: async () => {
        checks++
        if (checks === 2) {
          await hold.promise
          throw new Error('no version')
        }
        return versions()
      },
    })
    expect(await report()).toBe('report at 1') // kept
    const early = new Session()
    await early.run(() => versions()) // 1. pinned at 1
    const other = outcomeOf(runInSession(() => report())) // 2. a check of report runs, and will fail
    const first = early.run(() => report()) // 3. waits for the next check
    data.version = 2 // 4. a write
    const second = runInSession(() => report()) // 5. begins after it, and shares that check
    hold.open() // 6. the shared check runs in the context of 3
    expect(await second).toBe('report at 2')
    await Promise.all([other, first])
    expect(report.stats()).toMatchObject({ checks: 3, entries: 1 })
    expect(await runInSession(() => report())).toBe('report at 2')
  })
})

describe('a load in which a session begins', () => {
  it('is tainted by what that session is served', async () => {
    const data = { value: 'old' }
    const inner = versionedLruCache(async () => data.value, { version: () => data.value, staleWhileRevalidate: 60_000 })
    const outer = versionedLruCache(async () => `outer of ${await runInSession(() => inner())}`, {
      version: () => data.value,
    })
    await inner()
    data.value = 'new'
    expect(await outer()).toBe('outer of old')
    expect(outer.stats()).toMatchObject({ unkept: 1, entries: 0 })
  })
})

describe('detached', () => {
  it('leaves the session and the load behind', async () => {
    const seen: unknown[] = []
    const page: { of: (n: number) => Promise<string> } = { of: async () => '' }
    const prefetched = gate<string>()
    page.of = versionedLruCache(async (n: number): Promise<string> => {
      const before = n > 1 ? await page.of(n - 1) : ''
      if (n === 1) detached(() => void page.of(2).then(prefetched.open, prefetched.fail))
      return `${before}${n}`
    })
    await runInSession(async () => {
      seen.push(detached(() => currentSession()))
      expect(await page.of(1)).toBe('1')
    })
    expect(await prefetched.promise).toBe('12')
    expect(seen).toEqual([undefined])
  })
})
