import { AsyncLocalStorage } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runInSession, versionedLruCache } from '../src/index.ts'
import { outcomeOf, settle } from './support/gate.ts'
import { gated, shaped } from './support/world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

describe('a version function', () => {
  it('gets the arguments of the call', async () => {
    const seen: unknown[] = []
    const cached = versionedLruCache((...args: [string, number]) => args, {
      version: (...args) => void seen.push(args),
    })
    cached('eu', 2)
    expect(seen).toEqual([['eu', 2]])
  })

  it.each(['sync', 'async'] as const)('must return something that can be compared (%s)', async (shape) => {
    const wrong: [unknown, string][] = [
      [new Date(0), 'a Date'],
      [{ version: 1 }, 'an object'],
      [Buffer.from('x'), 'a Buffer'],
      [Number.NaN, 'NaN'],
      [Symbol('v'), 'Symbol(v)'],
      [() => 1, 'a function'],
      [[1, { x: 1 }], 'a list with an object in it'],
      [[1, Number.NaN], 'a list with NaN in it'],
    ]
    for (const [value, described] of wrong) {
      const cached = versionedLruCache(() => 1, { version: shaped(shape, () => value as number), name: 'report' })
      const error = (await outcomeOf((async () => cached())())) as { error: { code: string; message: string } }
      expect(error).toMatchObject({ error: { code: 'ERR_INVALID_VERSION' } })
      expect(error.error.message).toContain(`The version function of report returned ${described}: return a string`)
      expect(cached.stats()).toMatchObject({ entries: 0, loads: 0, runningChecks: 0 })
    }
  })

  it('may return a list, which is copied', () => {
    const version = [1, 'a']
    const cached = versionedLruCache(() => ({}), { version: () => version })
    const first = cached()
    expect(cached()).toBe(first)
    version[0] = 2
    expect(cached()).not.toBe(first)
  })

  it('may be a long string', () => {
    const cached = versionedLruCache(() => ({}), { version: () => 'x'.repeat(10_000_000) })
    expect(cached()).toBe(cached())
  })

  it('that never answers is cut off with an error that says what to do', async () => {
    const cached = versionedLruCache((_id: string) => 1, {
      version: () => new Promise<number>(() => {}),
      versionTimeout: 10,
      name: 'report',
    })
    const { error } = (await outcomeOf(cached('eu') as Promise<number>)) as { error: Error }
    expect(error.message).toBe(
      'The version function of report did not answer for ("eu") within 10 ms: make it cheaper, give its client ' +
        'a timeout of its own, or raise "versionTimeout".',
    )
    expect(error).toMatchObject({ name: 'VersionTimeoutError', code: 'ERR_VERSION_TIMEOUT' })
  })

  it('may be without a time limit', async () => {
    const versions = gated<[], number>()
    const cached = versionedLruCache(() => 'x', { version: versions.fn, versionTimeout: Number.POSITIVE_INFINITY })
    const call = cached()
    versions.runs[0]?.open(1)
    expect(await call).toBe('x')
  })

  it('does not keep the process alive while it is waited for', () => {
    const script = `
      import { versionedLruCache } from './src/index.ts'
      versionedLruCache(() => 1, { version: () => new Promise(() => {}), versionTimeout: 20_000 })().catch(() => {})`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'pipe', timeout: 15_000 }) // throws when it has to be killed
  })

  it('runs in the async context of the session that asked first, also when it had to wait', async () => {
    const tenants = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const versions = gated<[], number>()
    const cached = versionedLruCache(() => seen.push(`load for ${tenants.getStore()}`), {
      version: () => {
        seen.push(`check for ${tenants.getStore()}`)
        return versions.fn()
      },
    })
    const as = (tenant: string) => tenants.run(tenant, () => runInSession(() => cached()))
    const calls = [as('a'), as('b'), as('c')]
    tenants.run('nobody', () => versions.runs[0]?.open(1))
    await settle()
    tenants.run('nobody', () => versions.runs[1]?.open(2))
    await Promise.all(calls)
    expect(seen).toEqual(['check for a', 'check for b', 'load for a', 'load for b'])
  })
})
