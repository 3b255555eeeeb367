import { describe, expect, it, vi } from 'vitest'
import { ConditionalRoute, type DependsOn, type Validator } from '../../src/http/conditional.ts'
import type { ConditionalOptions } from '../../src/http/options.ts'
import {
  currentSession,
  type Dependency,
  InvalidDependencyError,
  InvalidOptionError,
  Session,
  versionedLruCache,
} from '../../src/index.ts'
import { World } from '../support/world.ts'

const world = new World()
const options = { version: world.check, ttl: Number.POSITIVE_INFINITY }
const report = versionedLruCache(world.load, { ...options, name: 'report' })
const menu = versionedLruCache(world.load, { ...options, name: 'menu' })

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly session?: Session
}

/** What a route says in a request for it, which is a session of its own. */
async function validate(
  dependsOn: DependsOn<string>,
  conditionalOptions: ConditionalOptions = {},
  { method = 'GET', headers = {}, session = new Session() }: Asked = {},
): Promise<Validator | undefined> {
  const route = new ConditionalRoute(dependsOn, conditionalOptions)
  const head = { method, header: (name: string) => headers[name] }
  return session.run(() => route.validate('eu', head, session))
}

async function tagOf(dependsOn: DependsOn<string>, options?: ConditionalOptions, headers = {}): Promise<string> {
  const validator = await validate(dependsOn, options, { headers })
  return validator?.tag as string
}

describe('the tag of an answer', () => {
  const onReport: DependsOn<string> = (id) => report.dependency(id)

  it('is none while nobody can tell of what the answer is made: its load fails, or is of more than can be noted', async () => {
    const failing = versionedLruCache(async () => Promise.reject(new Error('no rows')), { version: () => 1 })
    expect(await tagOf(() => failing.dependency())).toBeUndefined()
    const large = versionedLruCache(async () => [await report('eu'), await menu('eu')], {
      version: () => 1,
      maxStamps: 1,
    })
    expect(await tagOf(() => large.dependency())).toBeUndefined()
  })

  it('is made of versions alone: the same for the same, in whatever session', async () => {
    expect(await tagOf(onReport)).toBe(await tagOf(onReport))
    expect(await tagOf(onReport)).toBe(await tagOf(async (id) => [report.dependency(id)]))
  })

  it.each([
    ['the version', () => world.write('eu'), onReport, {}, {}],
    ['the function', () => {}, (id: string) => menu.dependency(id), {}, {}],
    ['the arguments', () => {}, () => report.dependency('us'), {}, {}],
    ['the number of calls', () => {}, (id: string) => [report.dependency(id), menu.dependency(id)], {}, {}],
    ['the salt', () => {}, onReport, { salt: 'build 2' }, {}],
    ['a header it varies by', () => {}, onReport, { vary: 'Accept' }, { accept: 'text/html' }],
    ['strength', () => {}, onReport, { strong: true }, {}],
  ] as const)('is another one by %s', async (_what, change, dependsOn, options, headers) => {
    const before = await tagOf(onReport)
    change()
    expect(await tagOf(dependsOn as DependsOn<string>, options, headers)).not.toBe(before)
  })

  it('tells a missing header from an empty one, and a number as salt from its text', async () => {
    expect(await tagOf(onReport, { vary: ['accept'] }, { accept: '' })).not.toBe(
      await tagOf(onReport, { vary: 'accept' }),
    )
    expect(await tagOf(onReport, { salt: 1 })).not.toBe(await tagOf(onReport, { salt: '1' }))
  })

  it('follows the shortest TTL of the calls', async () => {
    const brief = versionedLruCache(world.load, { version: world.check, ttl: 1000, name: 'brief' })
    const both: DependsOn<string> = (id) => [report.dependency(id), brief.dependency(id)]
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000)
    const before = [await tagOf(both), await tagOf(onReport)]
    now.mockReturnValue(1_700_000_001_000)
    const after = [await tagOf(both), await tagOf(onReport)]
    now.mockRestore()
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).toBe(before[1])
  })

  it('is not bound in time where the TTL is a function of the output', async () => {
    const odd = versionedLruCache(world.load, { version: world.check, ttl: () => 1000 })
    expect(await tagOf((id) => odd.dependency(id))).toMatch(/^W\/"[\w-]{27}"$/)
  })
})

describe('a conditional route', () => {
  it('asks nothing for a method that it does not apply to', async () => {
    world.take()
    const dependsOn = vi.fn<DependsOn<string>>(() => report.dependency('eu'))
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      expect(await validate(dependsOn, {}, { method })).toBeUndefined()
    }
    expect(dependsOn).not.toHaveBeenCalled()
    expect(world.take()).toEqual([])
  })

  it('asks for all versions at once, and has no tag when one cannot be had', async () => {
    const broken = versionedLruCache((id: string) => id, { version: async () => Promise.reject(new Error('down')) })
    world.take()
    const validator = await validate(
      (id) => [broken.dependency(id), report.dependency(id)],
      {},
      { headers: { 'if-none-match': '*' } },
    )
    expect(validator).toMatchObject({ tag: undefined, isMatched: false })
    expect(validator?.admits(200)).toBe(false)
    expect(world.take()).toEqual(['check eu'])
    expect(broken.stats().checkErrors).toBe(1)
  })

  it('goes by what the session has pinned already', async () => {
    const session = new Session()
    const before = (await validate((id) => report.dependency(id), {}, { session }))?.tag
    world.write('eu')
    expect((await validate((id) => report.dependency(id), {}, { session }))?.tag).toBe(before)
  })

  it.each([undefined, null, 'route', 0])('makes an error of %s, which its function throws', async (thrown) => {
    const dependsOn = () => {
      throw thrown
    }
    await expect(validate(dependsOn)).rejects.toThrow(`threw ${JSON.stringify(thrown) ?? 'undefined'}`)
    await expect(validate(() => Promise.reject(thrown))).rejects.toThrow(InvalidDependencyError)
  })

  it.each(['if-match', 'if-unmodified-since'])(
    'leaves a request with %s to the handler: it comes first',
    async (name) => {
      const tag = await tagOf((id) => report.dependency(id))
      const headers = { 'if-none-match': tag, [name]: '"other"' }
      expect(await validate((id) => report.dependency(id), {}, { headers })).toMatchObject({ tag, isMatched: false })
    },
  )

  it('lets an error of its own function through', async () => {
    const dependsOn = () => {
      throw new TypeError('no such parameter')
    }
    await expect(validate(dependsOn)).rejects.toThrow('no such parameter')
  })

  it.each([
    ['nothing', []],
    ['undefined', undefined],
    ['null', null],
    ['the function load', report],
    ['a string', ['report']],
    ['a Promise', [Promise.resolve(1)]],
    ['undefined', [report.dependency('eu'), undefined]],
  ])('refuses to depend on %s', async (what, given) => {
    const error = await validate(() => given as unknown as Dependency).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidDependencyError)
    expect((error as Error).message).toContain(what)
    expect((error as Error).message).toContain('report.dependency(id)')
  })

  it.each([
    [{ salt: true }, '"salt" is true: give a string or a number'],
    [{ strong: 1 }, '"strong" is 1: give true or false'],
    [{ vary: '*' }, '"vary" is "*" (a string): give the name of a request header other than "*"'],
    [{ vary: ['Accept', 'no header'] }, '"vary" is an array'],
    [{ vary: '' }, '"vary" is "" (a string)'],
    [{ cacheControl: true }, '"cacheControl" is true: give the value of the header'],
    [{ cacheControl: 'a\r\nb' }, '"cacheControl"'],
    [{ cacheControl: '' }, '"cacheControl"'],
    [{ etag: 'x' }, 'There is no option "etag". The options are "salt", "strong", "vary", "cacheControl".'],
    [[], 'The options are an array'],
    [null, 'The options are null'],
    ['no-cache', 'The options are "no-cache" (a string)'],
  ])('refuses the options %j', (given, message) => {
    const make = () => new ConditionalRoute(() => report.dependency('eu'), given as ConditionalOptions)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })

  it.each([[report.dependency('eu')], [undefined], ['report']])(
    'refuses to depend on what is no function: %o',
    (given) => {
      const make = () => new ConditionalRoute(given as unknown as DependsOn<string>, {})
      expect(make).toThrow(InvalidOptionError)
      expect(make).toThrow('give a function of the request')
    },
  )

  it('takes an option that is undefined as absent', async () => {
    const given = { salt: undefined, strong: undefined, vary: undefined, cacheControl: undefined }
    expect(await validate((id) => report.dependency(id), given)).toMatchObject({ vary: [], cacheControl: 'no-cache' })
    expect(await validate((id) => report.dependency(id), { cacheControl: false })).toMatchObject({
      cacheControl: undefined,
    })
  })
})

describe('the validator of an answer', () => {
  const ask = async (ifNoneMatch: string, cacheControl?: string): Promise<Validator> => {
    const headers = {
      'if-none-match': ifNoneMatch,
      ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
    }
    return (await validate((id) => report.dependency(id), {}, { headers })) as Validator
  }

  it('is matched by its tag, unless the user wants it anew', async () => {
    const tag = await tagOf((id) => report.dependency(id))
    expect((await ask(tag)).isMatched).toBe(true)
    expect((await ask('"other"')).isMatched).toBe(false)
    expect((await ask(tag, 'max-age=0')).isMatched).toBe(true)
    expect((await ask(tag, 'no-cachet')).isMatched).toBe(true)
    for (const reload of ['no-cache', 'No-Cache', 'max-age=0, no-cache', 'no-cache , no-store']) {
      expect((await ask(tag, reload)).isMatched).toBe(false)
      expect((await ask('*', reload)).asksForAny).toBe(false)
    }
  })

  it('leaves it to the handler whether there is anything', async () => {
    const validator = await ask(' * ')
    expect([validator.isMatched, validator.asksForAny]).toEqual([false, true])
    expect([200, 204, 304, 404, 500].map((status) => validator.statusFor(status))).toEqual([304, 304, 304, 404, 500])
    validator.giveUp()
    expect([validator.statusFor(200), validator.admits(200)]).toEqual([200, false])
  })

  it.each([
    [200, true],
    [206, true],
    [304, true],
    [199, false],
    [300, false],
    [404, false],
    [500, false],
  ])('admits the tag to an answer of status %i: %s', async (status, admitted) => {
    expect((await ask('')).admits(status)).toBe(admitted)
  })

  it('is in charge until the next one of the same request', async () => {
    const session = new Session()
    const first = await validate((id) => report.dependency(id), {}, { session })
    expect(first?.isInCharge).toBe(true)
    const second = await validate((id) => report.dependency(id), {}, { session })
    expect([first?.isInCharge, second?.isInCharge]).toEqual([false, true])
  })

  it('is neither matched nor sent when something stale was served, and stops that once it is sent', async () => {
    const stale = versionedLruCache(async (id: string) => world.load(id), {
      version: world.check,
      staleWhileRevalidate: 60_000,
    })
    await stale('eu')
    world.write('eu')
    const session = new Session()
    await session.run(() => stale('eu'))
    const tag = await tagOf((id) => report.dependency(id))
    const validator = await validate((id) => report.dependency(id), {}, { session, headers: { 'if-none-match': tag } })
    expect([validator?.tag, validator?.isMatched, validator?.admits(200)]).toEqual([tag, false, false])

    const other = new Session()
    const sent = await validate((id) => report.dependency(id), {}, { session: other })
    expect(sent?.admits(200)).toBe(true)
    world.write('eu')
    expect(await other.run(() => stale('eu'))).toMatchObject({ version: world.versionOf('eu') })
    expect(currentSession()).toBeUndefined()
  })
})
