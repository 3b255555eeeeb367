import { describe, expect, it } from 'vitest'
import { cachedMethod, runInSession, Session, versionedLruCache } from '../src/index.ts'

class Reports {
  state = { version: 1 }
  steps: string[] = []

  @versionedLruCache({
    version(id) {
      this.steps.push(`check ${id}`)
      return this.state.version
    },
    ttl: (output) => output.id.length * 1000,
  })
  async build(id: string): Promise<{ id: string; by: unknown }> {
    this.steps.push(`load ${id}`)
    return { id, by: this }
  }

  @versionedLruCache({ version: async () => 1, key: (id) => id })
  async label(id: string, _context?: symbol): Promise<string> {
    this.steps.push(`label ${id}`)
    return `label of ${id}`
  }

  @versionedLruCache({ max: 5 })
  count(id: string): number {
    return this.steps.push(`count ${id}`)
  }

  @versionedLruCache({ version: () => 1 })
  static total(n: number): string {
    // biome-ignore lint/complexity/noThisInStatic: it is the subclass that matters here
    return `${this.name} ${n}`
  }

  @versionedLruCache({ version: () => 1 })
  #secret(n: number): number {
    return this.steps.push(`secret ${n}`)
  }

  secret(n: number): number {
    return this.#secret(n)
  }
}

class MoreReports extends Reports {
  override async build(id: string): Promise<{ id: string; by: unknown }> {
    const base = await super.build(id)
    return { ...base, id: `more ${base.id}` }
  }
}

describe('a standard decorator', () => {
  it('caches a method by version, with `this` in the loader and the version function', async () => {
    const reports = new Reports()
    await runInSession(async () => {
      const first = await reports.build('eu')
      expect(first.by).toBe(reports)
      expect(await reports.build('eu')).toBe(first)
    })
    reports.state.version = 2
    await runInSession(() => reports.build('eu'))
    expect(reports.steps).toEqual(['check eu', 'load eu', 'check eu', 'load eu'])
  })

  it('keeps sync methods sync, and async ones async', async () => {
    const reports = new Reports()
    expect(reports.count('a')).toBe(1)
    expect(reports.count('a')).toBe(1)
    expect(reports.label('a', Symbol('x'))).toBeInstanceOf(Promise)
    expect(await reports.label('a', Symbol('y'))).toBe('label of a')
    expect(reports.steps).toEqual(['count a', 'label a'])
  })

  it('gives each instance a cache of its own', async () => {
    const [one, two] = [new Reports(), new Reports()]
    await runInSession(async () => {
      expect((await one.build('eu')).by).toBe(one)
      expect((await two.build('eu')).by).toBe(two)
    })
    cachedMethod(one, 'build').clear()
    expect(cachedMethod(one, 'build').peek('eu')).toBeUndefined()
    expect(cachedMethod(two, 'build').peek('eu')).toMatchObject({ by: two })
  })

  it('reaches the controls of one instance', async () => {
    const reports = new Reports()
    const build = cachedMethod(reports, 'build')
    await reports.build('eu')
    expect(build.stats()).toMatchObject({ loads: 1, entries: 1 })
    expect(build.invalidate('eu')).toBe(true)
    expect((await build.refresh('eu')).by).toBe(reports)
    expect(reports.steps).toEqual(['check eu', 'load eu', 'check eu', 'load eu'])
    expect(() => cachedMethod(reports, 'steps' as never)).toThrow('"steps" of a Reports is not a cached method')
  })

  it('caches static methods and inherited ones', async () => {
    expect([Reports.total(1), Reports.total(1), MoreReports.total(1)]).toEqual([
      'Reports 1',
      'Reports 1',
      'MoreReports 1',
    ])
    const more = new MoreReports()
    expect((await more.build('eu')).id).toBe('more eu')
    await more.build('eu')
    expect(more.steps).toEqual(['check eu', 'load eu', 'check eu'])
  })

  it('keeps the name and the length, stays on the prototype, and names the class in its errors', async () => {
    const { build } = Reports.prototype
    expect([build.name, build.length]).toEqual(['build', 1])
    expect(Object.keys(new Reports())).toEqual(['state', 'steps'])
    expect(() => new Reports().count((() => 1) as never)).toThrow('argument 0 is a function')
    const session = new Session()
    await session.run(() => new Reports().build('eu'))
    expect(session.versions()).toEqual([{ source: 'Reports.build', key: '("eu")', version: 1 }])
  })

  it('has a name for what has none', () => {
    const session = new Session()
    const bare = Object.assign(Object.create(null), { state: { version: 1 }, steps: [] })
    session.run(() => void Reports.prototype.build.call(bare, 'eu'))
    session.run(() => void Reports.prototype.build.call(new (class extends Reports {})(), 'eu'))
    expect(session.versions().map(({ source }) => source)).toEqual(['anonymous.build', 'anonymous.build'])
  })

  it('says what is wrong when a method has lost its instance', () => {
    const { count } = new Reports()
    expect(() => count('a')).toThrow('The cached method count was called on undefined: call it on its instance')
    expect(() => count('a')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_DECORATOR_TARGET' }))
  })

  it('lets an instance and its cache be collected', async () => {
    const instances: WeakRef<Reports>[] = []
    const outputs: WeakRef<object>[] = []
    await (async () => {
      const reports = new Reports()
      instances.push(new WeakRef(reports))
      outputs.push(new WeakRef(await runInSession(() => reports.build('eu'))))
    })()
    for (let turn = 0; turn < 20 && (instances[0]?.deref() ?? outputs[0]?.deref()) !== undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      globalThis.gc?.()
    }
    expect([instances[0]?.deref(), outputs[0]?.deref()]).toEqual([undefined, undefined])
  })

  it('checks its options when the class is defined', () => {
    expect(() => versionedLruCache({ max: -1 })).toThrow('The option "max" is -1')
  })

  it('caches private methods', () => {
    const reports = new Reports()
    expect([reports.secret(1), reports.secret(1), reports.secret(2)]).toEqual([1, 1, 2])
  })

  it('wraps a plain function when called with one', async () => {
    const cached = versionedLruCache({ version: async (_id: string) => 1 })((id: string) => id.length)
    expect(cached('four')).toBeInstanceOf(Promise)
    expect(await cached('four')).toBe(4)
    expect(cached.stats()).toMatchObject({ loads: 1, hits: 1 })
  })

  it('is refused on anything that is not a method', () => {
    const decorate = versionedLruCache({ max: 5 }) as unknown as (...args: unknown[]) => unknown
    for (const kind of ['getter', 'field', 'accessor', 'class']) {
      const put = (): unknown => decorate(() => 1, { kind, name: 'size' })
      expect(put).toThrow(`@versionedLruCache was put on the ${kind} size: put it on a method`)
    }
    expect(() => decorate(5)).toThrow('The loader is 5')
    expect(() => decorate(function* rows() {}, { kind: 'method', name: 'rows' })).toThrow('generator function')
  })

  it('is refused without its parentheses', () => {
    const bare = versionedLruCache as unknown as (...args: unknown[]) => unknown
    const message = 'Write the decorator with its options: @versionedLruCache({ version: … }).'
    expect(() => bare(() => 1, { kind: 'method', name: 'x', addInitializer: () => {} })).toThrow(message)
    expect(() => bare({}, 'build', { value: () => 1 })).toThrow(message)
  })
})
