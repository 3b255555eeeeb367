import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runInSessionOf } from '../src/core/session.ts'
import { Snapshot } from '../src/core/snapshot.ts'
import { databaseVersionSource } from '../src/core/version-source.ts'
import {
  type CacheEvent,
  type CacheOptions,
  counter,
  currentSession,
  detached,
  onCacheEvent,
  runInSession,
  Session,
  type Version,
  versionedLruCache,
  versionSource,
} from '../src/index.ts'
import { manualClock } from './support/clock.ts'
import { settle } from './support/gate.ts'
import { gated, MODES, type Shape, shaped } from './support/world.ts'

/** All that was told since the test began. */
let heard: CacheEvent[] = []
let endListening = (): void => {}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  heard = []
  endListening = onCacheEvent((event) => heard.push(event))
})

afterEach(() => {
  endListening()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const types = (): string[] => heard.map(({ type }) => type)

/** Lets verifications begin, and do all that needs no time. */
async function background(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    vi.advanceTimersByTime(0)
    await settle()
  }
}

/** Without a grace, since nothing here is bumped after its data, unless the test says so. */
const ALL = { sample: 1, grace: 0 }

interface Data {
  value: unknown
  version: Version
  broken: string
}

type Options = CacheOptions<unknown, [id: string], unknown, Version | Promise<Version>>

/** A cached function over data and a version that the test changes, each for itself. */
function watching(options: Partial<Options> = {}, loader: Shape = 'sync', version: Shape = 'sync') {
  const data: Data = { value: 'old', version: 1, broken: '' }
  const steps: string[] = []
  const work = (what: string): void => {
    steps.push(what)
    if (data.broken === what) throw new Error(`no ${what}`)
  }
  const report = versionedLruCache(
    shaped(loader, (_id: string) => {
      work('load')
      return data.value
    }),
    {
      version: shaped(version, (_id: string) => {
        work('check')
        return data.version
      }),
      name: 'report',
      verifyVersions: ALL,
      ...options,
    },
  )
  const take = () => steps.splice(0)
  return { data, report, take, call: async () => runInSession(() => report('eu')) }
}

describe.each(MODES)('verifyVersions: a $loader loader with a $version version function', (mode) => {
  const make = (options: Partial<Options> = {}) => watching(options, mode.loader, mode.version)

  it('reports an output that differs at the same version, with both outputs, the version and the age', async () => {
    const clock = manualClock()
    const { data, call, report } = make({ clock })
    data.value = { total: 40 }
    await call()
    data.value = { total: 42 } // and the version stays
    clock.advance(500)
    expect(await call()).toEqual({ total: 40 })
    await background()
    const [kept, loaded] = [{ total: 40 }, { total: 42 }]
    expect(heard).toEqual([
      { type: 'outputDiffers', name: 'report', key: '("eu")', version: 1, age: 500, kept, loaded },
    ])
    expect(report.stats()).toMatchObject({ verified: 1, differing: 1, verifyErrors: 0, hits: 1, loads: 1 })
  })

  it('does so after the call, which waits for nothing and gives what is kept', async () => {
    const { call, take } = make()
    await call()
    take()
    const answer = runInSession(() => call())
    expect(await answer).toBe('old')
    expect(take()).toEqual(['check'])
    await background()
    expect(take()).toEqual(['load'])
  })

  it('drops what it found to be wrong: the next session loads', async () => {
    const { data, call } = make()
    await call()
    data.value = 'new'
    expect(await call()).toBe('old')
    await background()
    expect(await call()).toBe('new')
    await background()
    expect(types()).toEqual(['outputDiffers'])
  })

  it('reports nothing when the output is the same, by structure, and then reads no version again', async () => {
    const { data, call, report, take } = make()
    data.value = { list: [1, new Map([['a', new Date(5)]])] }
    await call()
    data.value = { list: [1, new Map([['a', new Date(5)]])] }
    await call()
    take()
    await background()
    expect(take()).toEqual(['load'])
    expect(heard).toEqual([])
    expect(report.stats()).toMatchObject({ verified: 1, differing: 0, entries: 1 })
  })

  it.each(['load', 'check'])('reports a verification whose %s fails, and fails nobody', async (what) => {
    const { data, call, report } = make()
    await call()
    data.value = 'new'
    expect(await call()).toBe('old')
    data.broken = what
    await background()
    expect(heard.at(-1)).toEqual({
      type: 'verifyFailed',
      name: 'report',
      key: '("eu")',
      error: new Error(`no ${what}`),
    })
    expect(types()).not.toContain('outputDiffers')
    expect(report.stats()).toMatchObject({ verifyErrors: 1, loadErrors: 0, entries: 1 })
    data.broken = ''
    await call()
    await background()
    expect(types().at(-1)).toBe('outputDiffers')
  })

  it('reports a version that came back, and the one that was there between', async () => {
    const { data, call, report } = make({ verifyVersions: { sample: 0 } })
    for (const version of [1, 1, 2, 3, 2, 2]) {
      data.version = version
      await call()
    }
    expect(heard).toEqual([{ type: 'versionReturned', name: 'report', key: '("eu")', version: 2, after: 3 }])
    expect(report.stats()).toMatchObject({ returnedVersions: 1, verified: 0 })
  })

  it('tells versions apart as the cache does, and keys', async () => {
    const { data, report } = make({ verifyVersions: { sample: 0 } })
    for (const [version, key] of [
      [0, 'eu'],
      [-0, 'eu'],
      ['0', 'eu'],
      [[0], 'eu'],
      [1, 'us'],
      [0, 'us'],
      [null, 'eu'],
      [undefined, 'eu'],
    ] as const) {
      data.version = version
      await report(key)
    }
    expect(heard).toEqual([])
    data.version = [0]
    await report('eu')
    expect(heard).toMatchObject([{ type: 'versionReturned', version: [0], after: undefined }])
  })
})

describe('verifyVersions finds', () => {
  /** Rows that transactions write: each takes its time when it begins, and is seen when it commits. */
  function table() {
    const rows = new Map<number, { at: number; text: string }>()
    let now = 0
    const begin = () => {
      now++
      const at = now
      return (id: number, text: string) => void rows.set(id, { at, text })
    }
    const texts = async () => [...rows.values()].map(({ text }) => text).sort()
    return { rows, begin, texts }
  }

  it('max(updated_at): of two overlapping transactions the older one commits last', async () => {
    const { rows, begin, texts } = table()
    const page = versionedLruCache(texts, {
      version: () => Math.max(0, ...[...rows.values()].map(({ at }) => at)),
      verifyVersions: ALL,
    })
    const older = begin()
    const newer = begin()
    newer(1, 'newer')
    await page()
    older(2, 'older')
    expect(await page()).toEqual(['newer']) // stale, and nothing but this tells
    await background()
    expect(heard).toMatchObject([{ type: 'outputDiffers', kept: ['newer'], loaded: ['newer', 'older'], version: 2 }])
    expect(await page()).toEqual(['newer', 'older'])
  })

  it('count(*): a row is changed', async () => {
    const { rows, begin, texts } = table()
    const page = versionedLruCache(texts, { version: () => rows.size, verifyVersions: ALL })
    begin()(1, 'a')
    await page()
    begin()(1, 'b')
    await page()
    await background()
    expect(types()).toEqual(['outputDiffers'])
    rows.delete(1)
    await page()
    begin()(2, 'c')
    await page()
    expect(heard.at(-1)).toMatchObject({ type: 'versionReturned', version: 1, after: 0 })
  })

  it('a sequence: the number is there before the data, and the old data stay under it', async () => {
    const data = { sequence: 1, value: 'old' }
    const page = versionedLruCache(async () => data.value, { version: () => data.sequence, verifyVersions: ALL })
    data.sequence = 2
    await page()
    data.value = 'new'
    expect(await page()).toBe('old')
    await background()
    expect(types()).toEqual(['outputDiffers'])
  })

  it('a version that does not cover a function that the loader calls where nothing is seen of it', async () => {
    const data = { price: 1 }
    const price = versionedLruCache(() => data.price, { version: () => data.price })
    const offer = versionedLruCache(() => ({ price: detached(price) }), { version: () => 'offer', verifyVersions: ALL })
    offer()
    data.price = 2
    expect(offer()).toEqual({ price: 1 })
    await background()
    expect(heard).toMatchObject([{ type: 'outputDiffers', kept: { price: 1 }, loaded: { price: 2 } }])
  })

  it('a caller that changes what all get', async () => {
    const { data, report } = watching()
    const load = versionedLruCache(() => ({ list: [3, 1, 2] }), { version: () => data.version, verifyVersions: ALL })
    load().list.sort()
    load()
    await background()
    expect(heard).toMatchObject([{ type: 'outputDiffers', kept: { list: [1, 2, 3] }, loaded: { list: [3, 1, 2] } }])
    expect(report.stats().entries).toBe(0)
  })

  it('a wrong version of sources that are shared', async () => {
    const data = { value: 'old' }
    const source = versionSource({ name: 'rows', readMany: async (ids: readonly string[]) => ids.map(() => 1) })
    const page = versionedLruCache(async (_id: string) => data.value, { version: source, verifyVersions: ALL })
    await page('a')
    data.value = 'new'
    await page('a')
    await background()
    expect(heard).toMatchObject([{ type: 'outputDiffers', key: '("a")', version: 1 }])
  })

  it('a version of a source that came back, by the name of the source and its key', async () => {
    const versions: { [id: string]: number } = { a: 1, b: 1 }
    const read = (id: string) => versions[id]
    const rows = versionSource({ name: 'rows', read })
    const rates = versionSource({ name: 'rates', read: () => 1 })
    const page = versionedLruCache(async (id: string, _page: number) => id, {
      version: [rows, rates.of(() => undefined)],
      verifyVersions: { sample: 0 },
    })
    for (const version of [1, 2, 1]) {
      versions['a'] = version
      await runInSession(() => Promise.all([page('a', 1), page('a', 2), page('b', 1)]))
    }
    expect(heard).toEqual([{ type: 'versionReturned', name: 'rows', key: '("a")', version: 1, after: 2 }])
    expect(page.stats()).toMatchObject({ returnedVersions: 1 })
  })

  it('a method of a class, on its instance', async () => {
    const reports = { value: 'old' }
    const build = versionedLruCache(
      function (this: { value: string }) {
        return this.value
      },
      { version: () => 1, verifyVersions: ALL },
    )
    build.call(reports)
    reports.value = 'new'
    build.call(reports)
    await background()
    expect(heard).toMatchObject([{ kept: 'old', loaded: 'new' }])
  })
})

describe('verifyVersions does not report', () => {
  /** A function whose background load waits for the test, over data that is `old` at version 1. */
  function waiting(verifyVersions: object = ALL, options: object = {}) {
    const data = { version: 1, checks: 0 }
    const loads = gated<[filter: { region: string }], string>()
    const read = async () => {
      data.checks++
      return data.version
    }
    const page = versionedLruCache(loads.fn, {
      version: read,
      verifyVersions: { ...ALL, ...verifyVersions },
      ...options,
    })
    const load = (index: number) => loads.runs[index] as (typeof loads.runs)[number]
    const hit = async () => {
      const first = runInSession(() => page({ region: 'eu' }))
      await settle()
      load(0).open('old')
      await first
      const filter = { region: 'eu' }
      await runInSession(() => page(filter))
      await background() // the verification loads
      return filter
    }
    return { data, page, load, loads: loads.runs, hit }
  }

  it('a write that commits between the check of the hit and the load', async () => {
    const { data, hit, load, page } = waiting()
    await hit() // 1. the session has read version 1, and has what is kept of it
    data.version = 2 // 2. a write commits
    load(1).open('new') // 3. the load sees it
    await background() // 4. the version is read again
    expect(heard).toEqual([])
    expect(page.stats()).toMatchObject({ verified: 1, differing: 0, entries: 1 })
  })

  it('a version that comes a moment after its data, by the grace', async () => {
    const { data, hit, load } = waiting({ grace: 100 })
    await hit()
    const { checks } = data
    load(1).open('new') // 1. the data are written, the version is not bumped yet
    await background()
    vi.advanceTimersByTime(99)
    await background()
    data.version = 2 // 2. it is
    vi.advanceTimersByTime(1) // 3. it is read again
    await background()
    expect([data.checks - checks, types()]).toEqual([1, []])
  })

  it('…and waits for that long before it reports what stays, 100 ms where nothing else is said', async () => {
    for (const [verifyVersions, grace] of [
      [{ grace: 500 }, 500],
      [{ grace: undefined }, 100],
    ] as const) {
      const { data, hit, load } = waiting(verifyVersions)
      await hit()
      const { checks } = data
      load(1).open('new')
      await background()
      vi.advanceTimersByTime(grace - 1)
      await background()
      expect([data.checks - checks, types()]).toEqual([0, []])
      vi.advanceTimersByTime(1)
      await background()
      expect([data.checks - checks, types()]).toEqual([1, ['outputDiffers']])
      heard = []
    }
  })

  it('an entry that was invalidated meanwhile', async () => {
    const { hit, load, page } = waiting()
    const filter = await hit()
    page.invalidate(filter)
    load(1).open('new')
    await background()
    expect(heard).toEqual([])
  })

  it('nor drops what was kept in the place of what it has compared', async () => {
    const { hit, load, page } = waiting()
    const filter = await hit()
    const refreshed = page.refresh(filter)
    await settle()
    load(2).open('new')
    await refreshed
    load(1).open('new')
    await background()
    expect(heard).toEqual([])
    expect(page.peek(filter)).toBe('new')
  })

  it('arguments that the caller has changed since', async () => {
    const { hit, load } = waiting()
    const filter = await hit()
    filter.region = 'us'
    load(1).open('us')
    await background()
    expect(heard).toEqual([])
  })

  it('an output that differs in what does not matter, by `equals`', async () => {
    const seen: unknown[] = []
    const verify = (equal: boolean) => ({
      equals: (...outputs: unknown[]) => {
        seen.push(outputs)
        return equal
      },
    })
    for (const equal of [true, false]) {
      const { hit, load } = waiting(verify(equal))
      await hit()
      load(1).open('new')
      await background()
      expect(types()).toEqual(equal ? [] : ['outputDiffers'])
    }
    expect(seen).toEqual(Array(2).fill(['old', 'new']))
  })

  /** A cached version or part, which is served stale while the database is down. */
  function staleIfDown() {
    const data = { tag: 1, value: 'old', down: false }
    const tag = versionedLruCache(async () => data.tag, {
      version: () => {
        if (data.down) throw new Error('down')
        return data.tag
      },
      staleIfError: 60_000,
    })
    return { data, tag }
  }

  it('an output that was made of something stale', async () => {
    const { data, tag } = staleIfDown()
    const page = versionedLruCache(async () => `page of ${await tag()}`, { version: () => 1, verifyVersions: ALL })
    await page()
    const session = new Session()
    expect(await session.run(() => page())).toBe('page of 1')
    data.tag = 2
    await tag()
    data.down = true
    await background()
    expect(types()).not.toContain('outputDiffers')
    expect(page.stats()).toMatchObject({ verified: 0, verifyErrors: 0 })
    expect(session.servedStale).toBe(false) // it has got nothing of that
  })

  it('a version that was read by way of something stale', async () => {
    const { data, tag } = staleIfDown()
    const page = versionedLruCache(async () => data.value, { version: () => tag(), verifyVersions: ALL })
    await page()
    await page()
    Object.assign(data, { tag: 2, value: 'new', down: true })
    await background()
    expect(types()).not.toContain('outputDiffers')
    expect(page.stats()).toMatchObject({ verified: 1, verifyErrors: 0 })
  })

  it('a version that comes back because it is served stale', async () => {
    const { data, tag } = staleIfDown()
    const read = async () => (data.down || data.tag === 1 ? tag() : data.tag)
    const source = versionSource({ name: 'tags', readMany: async () => [await read()] })
    const page = versionedLruCache(async () => 'page', { version: source.of(), verifyVersions: { sample: 0 } })
    await page()
    data.tag = 2
    await page()
    data.down = true
    await page()
    expect(types()).not.toContain('versionReturned')
  })

  it('a session that goes on with an older version that it has pinned', async () => {
    const { data, report } = watching({ verifyVersions: { sample: 0 } })
    const [early, late] = [new Session(), new Session()]
    await early.run(() => report.dependency('eu').pinVersion()) // reads version 1, and asks for the output later
    data.version = 2
    late.run(() => report('eu'))
    early.run(() => report('eu'))
    expect(heard).toEqual([])
  })

  it('a version of a source that the session has read long ago', () => {
    const rows = counter({ name: 'rows' })
    const page = versionedLruCache(() => 'page', { version: rows.of(), verifyVersions: { sample: 0 } })
    const early = new Session()
    page()
    early.run(() => rows())
    rows.bump()
    page()
    early.run(() => page())
    expect(heard).toEqual([])
  })

  it('a version in a snapshot, which is read in no order with the checks of others', async () => {
    const database = {}
    const checks = gated<[readonly unknown[]], number[]>()
    const rows = databaseVersionSource(database, { name: 'rows', readMany: checks.fn })
    const page = versionedLruCache(async () => 'page', { version: rows.of(), verifyVersions: { sample: 0 } })
    const answer = async (index: number, version: number) => {
      await background()
      checks.runs[index]?.open([version])
      await background()
    }
    const first = page()
    await answer(0, 1)
    const snapshot = new Snapshot(database) // 1. a session begins to take a snapshot
    const current = page() // 2. a check begins, and reads version 1; a write commits; the snapshot is there
    const inSnapshot = runInSessionOf(snapshot, () => page())
    await answer(2, 2) // 3. the session in the snapshot reads version 2
    await answer(1, 1) // 4. the check ends
    await Promise.all([first, current, inSnapshot])
    expect(heard).toEqual([])
  })

  it('a pair of versions that is seen again, since sessions read the two in turns', () => {
    const [rows, rates] = [counter({ name: 'rows' }), counter({ name: 'rates' })]
    const page = versionedLruCache(() => 'page', { version: [rows.of(), rates.of()], verifyVersions: { sample: 0 } })
    const [one, other] = [new Session(), new Session()]
    page() // rows 1, rates 1
    one.run(() => rows()) // 1. one session reads rows 1
    other.run(() => rates()) // 2. another one reads rates 1
    rates.bump() // 3. a write
    one.run(() => page()) // 4. rows 1, rates 2
    other.run(() => page()) // 5. rows 1, rates 1
    expect(heard).toEqual([])
  })

  it('anything of a right version function, whatever is written when', async () => {
    expect(await runHistories((data) => data.version, expectNothing)).toBeGreaterThan(100)
  })

  it('(while of a wrong one it finds what is wrong in the same histories)', async () => {
    const finds = async (type: string, versionOf: (data: { version: number }) => number) => {
      for (let time = 0; time < 10 && !types().includes(type as never); time++) await runHistories(versionOf) // few do
      expect(types()).toContain(type)
    }
    await finds('outputDiffers', (data) => Math.floor(data.version / 2))
    await finds('versionReturned', (data) => data.version % 2)
  })

  const expectNothing = (): void => expect(heard).toEqual([])

  /** Sessions and writers in any order: every check, every load and every write waits for the scheduler. */
  async function runHistories(versionOf: (data: { version: number }) => number, judge = () => {}): Promise<number> {
    let verified = 0
    const history = async (scheduler: fc.Scheduler, users: number, writes: number): Promise<void> => {
      const data = { version: 0 }
      const edge = (what: string) => scheduler.schedule(Promise.resolve(), what)
      const between =
        <R>(what: string, read: () => R) =>
        async () => {
          await edge(what)
          const seen = read()
          await edge(`${what} has ended`)
          return seen
        }
      const version = between('check', () => versionOf(data))
      const page = versionedLruCache(between('load', () => data.version), { version, verifyVersions: ALL }) // biome-ignore format: short
      const user = async (): Promise<void> => {
        for (let session = 0; session < 4; session++) await runInSession(() => page())
      }
      for (let one = 0; one < users; one++) void user()
      for (let write = 0; write < writes; write++) void edge('write').then(() => void data.version++)
      while (scheduler.count() > 0) {
        await scheduler.waitOne()
        vi.advanceTimersByTime(0)
        await settle()
      }
      verified += page.stats().verified
      judge()
    }
    heard = []
    const property = fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), fc.nat({ max: 6 }), history)
    await fc.assert(property, { numRuns: 100 })
    return verified
  }
})

describe('a verification', () => {
  it('is of the sample of the hits alone: not of misses, pinned hits, refresh or what was served stale', async () => {
    const clock = manualClock()
    const { report, take } = watching({ clock, ttl: 100, staleIfError: 1000 })
    const draws = vi.spyOn(Math, 'random').mockReturnValue(0)
    draws.mockClear()
    runInSession(() => {
      report('eu') // a miss
      report('eu') // pinned
      report.refresh('eu')
      report.peek('eu')
    })
    await background()
    expect(take()).toEqual(['check', 'load', 'check', 'load'])
    report('eu')
    await background()
    expect(take()).toEqual(['check', 'load'])
  })

  it('is made of the share that was asked for', async () => {
    const { report } = watching({ verifyVersions: { sample: 0.25 } })
    const random = vi.spyOn(Math, 'random')
    report('eu')
    for (const drawn of [0.24, 0.25, 0.9, 0]) {
      random.mockReturnValue(drawn)
      report('eu')
      await background()
    }
    expect(report.stats().verified).toBe(2)
    const off = watching({ verifyVersions: { sample: 0 } })
    for (let call = 0; call < 3; call++) off.report('eu')
    await background()
    expect(off.report.stats().verified).toBe(0)
  })

  it('is one at a time: what hangs is not followed by more', async () => {
    const loads = gated<[number], string>()
    const page = versionedLruCache(loads.fn, { version: () => 1, verifyVersions: ALL })
    for (const index of [0, 1]) {
      const first = page(index)
      loads.runs[index]?.open('x')
      await first
    }
    for (let session = 0; session < 10; session++) {
      await page(session % 2)
      await background()
    }
    expect(loads.runs).toHaveLength(3)
    loads.runs[2]?.open('x')
    await background()
    await page(1)
    await background()
    expect(loads.runs).toHaveLength(4)
  })

  it('is in nobody’s way: a load of the same key and version neither joins it nor is joined', async () => {
    const loads = gated<[], string>()
    const page = versionedLruCache(loads.fn, { version: () => 1, verifyVersions: ALL })
    const first = page()
    loads.runs[0]?.open('x')
    await first
    await page()
    await background() // the verification loads, and hangs
    page.invalidate()
    const next = page()
    expect(loads.runs).toHaveLength(3)
    loads.runs[2]?.open('y')
    expect(await next).toBe('y')
    expect(page.stats()).toMatchObject({ loads: 2, shared: 0, runningLoads: 0 })
  })

  it('has the async context of the call, a session of its own, and pins of its own', async () => {
    vi.useRealTimers() // whose context is that of who set them
    const tenants = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const data = { version: 1 }
    const part = versionedLruCache(() => data.version, { version: () => data.version })
    const page = versionedLruCache(
      () => {
        seen.push([tenants.getStore(), currentSession() === session, part()])
        return 'same'
      },
      { version: () => 1, verifyVersions: ALL },
    )
    const session = new Session()
    tenants.run('first', () => page())
    tenants.run('second', () =>
      session.run(() => {
        part() // pins 1
        page()
      }),
    )
    data.version = 2
    await tenants.run('third', () => new Promise((resolve) => setTimeout(resolve, 1))) // comes after it
    expect(seen).toEqual([
      ['first', false, 1],
      ['second', false, 2],
    ])
  })

  it('gets the arguments and the `this` of the call', async () => {
    const seen: unknown[] = []
    const page = versionedLruCache(
      function (this: unknown, ...args: number[]) {
        seen.push([this, ...args])
      },
      { version: () => 1, verifyVersions: ALL },
    )
    const self = {}
    page.call(self, 1, 2)
    page.call(self, 1, 2)
    await background()
    expect(seen).toEqual(Array(2).fill([self, 1, 2]))
  })

  it('may call what it verifies, where a load might not', async () => {
    const fib = versionedLruCache((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)), {
      version: () => 1,
      verifyVersions: ALL,
    })
    fib(10)
    fib(10)
    await background()
    expect(fib.stats()).toMatchObject({ differing: 0, verifyErrors: 0 })
    expect(fib.stats().verified).toBeGreaterThan(0)
  })

  it('keeps no process alive, neither before it begins nor during its grace', async () => {
    vi.useRealTimers()
    const held = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate' || kind === 'Timeout')
    const { data, report } = watching({ verifyVersions: { sample: 1, grace: 2 ** 30 } })
    report('eu')
    data.value = 'new'
    const before = held()
    report('eu')
    expect(held()).toEqual(before)
    await new Promise((resolve) => setTimeout(resolve, 1)) // comes after it
    expect(report.stats()).toMatchObject({ verified: 1, differing: 0 })
    expect(held()).toEqual(before)
  })

  it('raises no unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const { data, call } = watching({}, 'async', 'async')
    await call()
    await call()
    data.broken = 'load'
    await background()
    process.off('unhandledRejection', note)
    expect([unhandled, types()]).toEqual([[], ['verifyFailed']])
  })

  it('sees frozen outputs as what they are', async () => {
    const page = versionedLruCache(() => ({ map: new Map([[1, new Date(5)]]), set: new Set([[1]]) }), {
      version: () => 1,
      freeze: true,
      verifyVersions: ALL,
    })
    page()
    page()
    await background()
    expect(heard).toEqual([])
    expect(page.stats().verified).toBe(1)
  })

  it('knows the age also where nothing is ever too old', async () => {
    const { data, call } = watching({ ttl: Number.POSITIVE_INFINITY, clock: manualClock(77) })
    await call()
    data.value = 'new'
    await call()
    await background()
    expect(heard).toMatchObject([{ age: 0 }])
    const clock = manualClock()
    const other = watching({ ttl: Number.POSITIVE_INFINITY, clock })
    await other.call()
    clock.advance(10)
    other.data.value = 'new'
    await other.call()
    await background()
    expect(heard.at(-1)).toMatchObject({ age: 10 })
  })

  it('is told when `equals` fails or gives no answer', async () => {
    for (const [equals, error] of [
      [
        () => {
          throw new Error('mine')
        },
        'mine',
      ],
      [async () => true, '"verifyVersions.equals" of report gave a Promise: give true or false.'],
    ] as const) {
      // biome-ignore format: one line each
      heard = []
      const { call } = watching({ verifyVersions: { ...ALL, equals: equals as unknown as () => boolean } })
      await call()
      await call()
      await background()
      expect(heard).toMatchObject([{ type: 'verifyFailed', error: { message: error } }])
    }
  })

  it('is not made without the option, and then no version is remembered', async () => {
    const { data, call, take } = watching({ verifyVersions: undefined })
    for (const version of [1, 2, 1, 1]) {
      data.version = version
      await call()
    }
    await background()
    expect(take()).toEqual(['check', 'load', 'check', 'load', 'check', 'load', 'check'])
    expect(heard).toEqual([])
  })
})

describe('the memory of versions', () => {
  it('is of 1,000 keys, of which the one that was met first makes room', () => {
    const { data, report } = watching({ verifyVersions: { sample: 0 } })
    const seeAll = (version: number, keys: number) => {
      data.version = version
      for (let key = 0; key < keys; key++) report(`${key}`)
    }
    for (const version of [1, 2, 1]) seeAll(version, 1000)
    expect(heard).toHaveLength(1000)
    heard = []
    for (const version of [3, 4, 3]) seeAll(version, 1001)
    expect(heard).toHaveLength(0)
  })

  it('is of the last 16 versions of a key before the current one', () => {
    const { data, report } = watching({ verifyVersions: { sample: 0 } })
    const see = (version: number) => {
      data.version = version
      report('eu')
    }
    for (let version = 0; version <= 17; version++) see(version)
    see(0) // forgotten
    expect(heard).toEqual([])
    see(2)
    expect(heard).toMatchObject([{ version: 2, after: 0 }])
  })
})

describe('verifyVersions is refused', () => {
  const wrap = (options: object) => () => versionedLruCache(() => 1, options)

  it.each<[unknown, string]>([
    [true, 'The option "verifyVersions" is true: give an object such as { sample: 0.01 }.'],
    [0.5, 'The option "verifyVersions" is 0.5'],
    [null, 'The option "verifyVersions" is null'],
    [[], 'The option "verifyVersions" is an array'],
    [() => 1, 'The option "verifyVersions" is a function'],
    [{}, 'The option "verifyVersions.sample" is undefined: give a share of the hits, 0 to 1, such as 0.01.'],
    [{ sample: 1.1 }, 'The option "verifyVersions.sample" is 1.1'],
    [{ sample: -0.1 }, 'The option "verifyVersions.sample" is -0.1'],
    [{ sample: Number.NaN }, 'The option "verifyVersions.sample" is NaN'],
    [{ sample: '1%' }, 'The option "verifyVersions.sample" is "1%" (a string)'],
    [{ sample: 1, equals: true }, 'The option "verifyVersions.equals" is true: give a function of two outputs.'],
    [
      { sample: 1, grace: -1 },
      'The option "verifyVersions.grace" is -1: give a bounded number of milliseconds, 0 for none.',
    ],
    [{ sample: 1, grace: Number.POSITIVE_INFINITY }, 'The option "verifyVersions.grace" is Infinity'],
    [{ sample: 1, grace: 2 ** 31 }, 'The option "verifyVersions.grace" is 2147483648'],
    [
      { sample: 1, share: 1 },
      'There is no option "verifyVersions.share". The options are "sample", "equals", "grace".',
    ],
  ])('%o', (verifyVersions, message) => {
    const give = wrap({ version: () => 1, verifyVersions })
    expect(give).toThrow(message)
    expect(give).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  })

  it('without a version: there is none that could be wrong', () => {
    expect(wrap({ verifyVersions: ALL })).toThrow(
      '"verifyVersions" looks for a wrong version, and there is none: give "version" as well.',
    )
  })

  it('but not when it is undefined, nor are its options', () => {
    expect(wrap({ verifyVersions: undefined })).not.toThrow()
    expect(wrap({ version: () => 1, verifyVersions: { sample: 0, equals: undefined } })).not.toThrow()
  })
})
