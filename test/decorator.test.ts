import { describe, expect, it } from 'vitest'
import { versionedLruCache } from '../src/index.ts'
import { decoratorContract } from './contracts/decorator.ts'

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

decoratorContract('a standard decorator', Reports, MoreReports)

describe('a standard decorator, besides', () => {
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
