import { describe, expect, it } from 'vitest'
import { versionedLruCache } from '../src/index.ts'

/** JavaScript has no types to stop it. */
const wrap = versionedLruCache as unknown as (...args: unknown[]) => unknown

describe('options are checked once, when the function is wrapped', () => {
  it.each<[string, unknown, string]>([
    [
      'version',
      1,
      'The option "version" is 1: give a function of the call, a version source, or a list of version sources.',
    ],
    [
      'version',
      null,
      'The option "version" is null: give a function of the call, a version source, or a list of version sources.',
    ],
    [
      'session',
      'id',
      'The option "session" is "id" (a string): give an object that lives as long as the request or job',
    ],
    ['session', null, 'The option "session" is null'],
    ['max', 0, 'The option "max" is 0: give a whole number of entries, at least 1.'],
    ['max', 5n, 'The option "max" is 5n'],
    ['max', new (class {})(), 'The option "max" is a nameless class'],
    ['max', -0, 'The option "max" is -0'],
    ['max', 'x'.repeat(100), `The option "max" is "${'x'.repeat(40)}…" (a string)`],
    ['max', 1.5, 'The option "max" is 1.5'],
    ['max', -1, 'The option "max" is -1'],
    ['max', Number.NaN, 'The option "max" is NaN'],
    ['max', '100', 'The option "max" is "100" (a string)'],
    ['max', Number.POSITIVE_INFINITY, 'The option "max" is Infinity'],
    ['maxSize', 0, 'The option "maxSize" is 0: give a positive number.'],
    ['maxSize', Number.POSITIVE_INFINITY, 'The option "maxSize" is Infinity'],
    ['sizeCalculation', 3, 'The option "sizeCalculation" is 3: give a function of the output.'],
    ['ttl', 0, 'The option "ttl" is 0: give a positive number of milliseconds, Infinity for none, or a function'],
    ['ttl', -5, 'The option "ttl" is -5'],
    ['ttl', Number.NaN, 'The option "ttl" is NaN'],
    ['ttl', '1h', 'The option "ttl" is "1h" (a string)'],
    ['ttlJitter', 1.1, 'The option "ttlJitter" is 1.1: give a share of the TTL, 0 to 1.'],
    ['ttlJitter', -0.1, 'The option "ttlJitter" is -0.1'],
    ['key', 'id', 'The option "key" is "id" (a string): give a function of the call.'],
    ['versionTimeout', 0, 'The option "versionTimeout" is 0: give a number of milliseconds from 1 to 2147483647'],
    ['versionTimeout', 2 ** 31, 'The option "versionTimeout" is 2147483648'],
    ['name', '', 'The option "name" is "" (a string): give a string that is not empty.'],
    ['name', Symbol('n'), 'The option "name" is Symbol(n)'],
    ['clock', Date, 'never'],
    ['clock', 5, 'The option "clock" is 5: give a function that returns milliseconds.'],
    ['maxx', 5, 'There is no option "maxx". The options are "version", "session", "max"'],
    ['maxAge', 5, 'There is no option "maxAge". It is called "ttl" here.'],
    ['eviction', 'sieve', 'never'],
    ['eviction', 'lru', 'never'],
    ['eviction', 'LRU', 'The option "eviction" is "LRU" (a string)'],
    ['eviction', true, 'The option "eviction" is true'],
    ['eviction', null, 'The option "eviction" is null'],
    ['eviction', ['lru'], 'The option "eviction" is an array'],
    ['eviction', 'fifo', 'The option "eviction" is "fifo" (a string): give "lru" or "sieve".'],
    ['staleWhileRevalidate', -1, 'The option "staleWhileRevalidate" is -1: give a bounded number of milliseconds'],
    ['staleWhileRevalidate', Number.POSITIVE_INFINITY, 'The option "staleWhileRevalidate" is Infinity'],
    ['staleIfError', true, 'The option "staleIfError" is true: give a bounded number of milliseconds, 0 for never.'],
    ['freeze', 'deep', 'The option "freeze" is "deep" (a string): give true or false.'],
    ['equals', true, 'never'],
    ['equals', () => true, 'never'],
    ['equals', false, 'The option "equals" is false: give true, or a function of two outputs.'],
    ['equals', null, 'The option "equals" is null'],
    ['equals', 'deep', 'The option "equals" is "deep" (a string)'],
    ['maxStamps', 1, 'never'],
    ['maxStamps', 0, 'The option "maxStamps" is 0: give a whole number of stamps, at least 1.'],
    ['maxStamps', 1.5, 'The option "maxStamps" is 1.5'],
    ['maxStamps', '1000', 'The option "maxStamps" is "1000" (a string)'],
    ['maxStamps', Number.POSITIVE_INFINITY, 'The option "maxStamps" is Infinity'],
    ['__proto__x', 5, 'There is no option "__proto__x".'],
    ['toString', 5, 'There is no option "toString". The options are'],
    ['constructor', 5, 'There is no option "constructor". The options are'],
  ])('%s: %s', (name, value, message) => {
    for (const give of [() => wrap(() => 1, { [name]: value }), () => wrap({ [name]: value })]) {
      if (message === 'never') {
        expect(give).not.toThrow()
      } else {
        expect(give).toThrow(message)
        expect(give).toThrow(expect.objectContaining({ name: 'InvalidOptionError', code: 'ERR_INVALID_OPTION' }))
      }
    }
  })

  it('undefined counts as absent', () => {
    expect(() =>
      wrap(() => 1, { version: undefined, max: undefined, session: undefined, eviction: undefined }),
    ).not.toThrow()
  })

  it('maxSize and sizeCalculation need each other', () => {
    for (const options of [{ maxSize: 5 }, { sizeCalculation: () => 1 }]) {
      expect(() => wrap(() => 1, options)).toThrow('"maxSize" and "sizeCalculation" need each other')
    }
  })

  it.each<[unknown, string]>([
    [null, 'The options are null: give an object such as { version: () => … }.'],
    ['x', 'The options are "x" (a string)'],
    [() => 1, 'The options are a function'],
    [function check() {}, 'The options are the function check'],
    [[], 'The options are an array'],
  ])('options that are %s', (options, message) => {
    expect(() => wrap(() => 1, options)).toThrow(message)
  })
})

describe('what is wrapped must be a function whose output can be given again', () => {
  it.each<[unknown, string]>([
    [null, 'The loader is null: give the function whose outputs are to be kept.'],
    ['report', 'The loader is "report" (a string)'],
    [class Report {}, 'The loader is the class Report: give a function that makes the instance.'],
    [function* rows() {}, 'The loader rows is a generator function'],
    [async function* rows() {}, 'The loader rows is a generator function'],
  ])('%s', (loader, message) => {
    expect(() => wrap(loader, {})).toThrow(message)
    expect(() => wrap(loader, {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  })

  it('a function whose name begins with "class" is no class', () => {
    function classify(): number {
      return 1
    }
    expect(versionedLruCache(classify)()).toBe(1)
  })
})

describe('the key option', () => {
  it('tells calls apart, for the version as well', () => {
    const steps: string[] = []
    const cached = versionedLruCache((user: { id: number; session: symbol }) => steps.push(`load ${user.id}`), {
      version: (user) => void steps.push(`check ${user.id}`),
      key: (user) => user.id,
    })
    cached({ id: 1, session: Symbol('a') })
    cached({ id: 1, session: Symbol('b') })
    cached({ id: 2, session: Symbol('a') })
    expect(steps).toEqual(['check 1', 'load 1', 'check 1', 'check 2', 'load 2'])
    expect(cached.invalidate({ id: 1, session: Symbol('c') })).toBe(true)
  })

  it('must return a primitive or a list of primitives', () => {
    const cached = versionedLruCache((id: string) => id, { key: (id) => ({ id }) as never, name: 'report' })
    expect(() => cached('eu')).toThrow('The "key" function of report returned an object: return a string')
    expect(cached.stats()).toMatchObject({ loads: 0, entries: 0 })
  })
})
