import { describe, expect, it } from 'vitest'
import { cachedMethod, runInSession, Session, versionedLruCache } from '../../src/index.ts'

/** What a class with cached methods looks like from outside, whichever kind of decorator made them. */
interface Reports {
  state: { version: number }
  steps: string[]
  build(id: string): Promise<{ id: string; by: unknown }>
  label(id: string, context?: symbol): Promise<string>
  count(id: string): number
}

export interface ReportsClass {
  new (): Reports
  readonly prototype: Reports
  total(n: number): string
}

/** What both kinds of decorators promise. `MoreReports` overrides `build` and calls that of `Reports`. */
export function decoratorContract(kind: string, Reports: ReportsClass, MoreReports: ReportsClass): void {
  describe(kind, () => {
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
  })
}
