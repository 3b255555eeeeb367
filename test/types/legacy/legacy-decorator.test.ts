import { describe, expect, it } from 'vitest'
import { versionedLruCache } from '../../../src/index.ts'
import { decoratorContract } from '../../contracts/decorator.ts'

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
}

class MoreReports extends Reports {
  override async build(id: string): Promise<{ id: string; by: unknown }> {
    const base = await super.build(id)
    return { ...base, id: `more ${base.id}` }
  }
}

decoratorContract('a decorator of experimentalDecorators', Reports, MoreReports)

describe('a decorator of experimentalDecorators, besides', () => {
  it('is refused on anything that is not a method', () => {
    const decorate = versionedLruCache({ max: 5 }) as unknown as (...args: unknown[]) => unknown
    const message = '@versionedLruCache was put on size, which is not a method'
    expect(() => decorate({}, 'size', { get: () => 1 })).toThrow(message)
    expect(() => decorate({}, 'size')).toThrow(message)
  })
})
