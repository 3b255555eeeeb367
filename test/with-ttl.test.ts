import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { versionedLruCacheWithTtl } from '../src/index.ts'
import { MODES, shaped } from './support/world.ts'

describe.each(MODES)('the Python signature: a $loader loader with a $version version function', (mode) => {
  function blogPosts(options: { cacheMaxSize?: number; noHistoryEventsDefaultVersion?: string } = {}) {
    const requests = new AsyncLocalStorage<Map<unknown, unknown>>()
    const world = { version: 'event 1' as string | null | undefined, steps: [] as string[] }
    const cached = versionedLruCacheWithTtl({
      proxyToSessionContextObject: () => requests.getStore(),
      generateVersionFunc: shaped(mode.version, (author: string) => {
        world.steps.push(`check ${author}`)
        return world.version
      }),
      moduleName: 'blog',
      ...options,
    })(
      shaped(mode.loader, (author: string) => {
        world.steps.push(`load ${author}`)
        return { author }
      }),
    )
    const request = (author: string) => requests.run(new Map(), () => [cached(author), cached(author)])
    return { world, cached, request: async (author: string) => (await Promise.all(request(author)))[0] }
  }

  it('checks once per request, and loads when the version moved', async () => {
    const { world, request } = blogPosts()
    const first = await request('ann')
    expect(await request('ann')).toBe(first)
    world.version = 'event 2'
    expect(await request('ann')).not.toBe(first)
    expect(world.steps).toEqual(['check ann', 'load ann', 'check ann', 'check ann', 'load ann'])
  })

  it('keeps one output unless told otherwise', async () => {
    const { world, request } = blogPosts()
    await request('ann')
    await request('bob')
    await request('ann')
    expect(world.steps.filter((step) => step.startsWith('load'))).toHaveLength(3)
    const roomy = blogPosts({ cacheMaxSize: 2 })
    await roomy.request('ann')
    await roomy.request('bob')
    await roomy.request('ann')
    expect(roomy.world.steps.filter((step) => step.startsWith('load'))).toHaveLength(2)
  })

  it.each([null, undefined])('takes %s for the default version, but not the empty string', async (none) => {
    const { world, request } = blogPosts()
    world.version = none
    const first = await request('ann')
    world.version = '-1'
    expect(await request('ann')).toBe(first)
    world.version = ''
    expect(await request('ann')).not.toBe(first)
  })
})

describe('the Python signature', () => {
  const wrap = versionedLruCacheWithTtl as unknown as (options: unknown) => unknown
  const good = { proxyToSessionContextObject: {}, generateVersionFunc: () => '1' }

  it.each<[object, string]>([
    [
      { proxyToSessionContextObject: undefined },
      'The parameter "proxyToSessionContextObject" is undefined: give the object',
    ],
    [
      { generateVersionFunc: undefined },
      'The parameter "generateVersionFunc" is undefined: give a function of the call.',
    ],
    [
      { generateVersionFunc: 'x' },
      'The parameter "generateVersionFunc" is "x" (a string): give a function of the call.',
    ],
    [{ cacheMaxSize: 0 }, 'The parameter "cacheMaxSize" is 0: give a whole number of entries, at least 1.'],
    [
      { timeToLiveSeconds: '1' },
      'The parameter "timeToLiveSeconds" is "1" (a string): give a positive number of seconds.',
    ],
    [{ timeToLiveSeconds: -1 }, 'The parameter "timeToLiveSeconds" is -1'],
    [{ moduleName: 5 }, 'The parameter "moduleName" is 5: give a string.'],
    [{ noHistoryEventsDefaultVersion: 1 }, 'The parameter "noHistoryEventsDefaultVersion" is 1: give a string.'],
    [{ timeToLive: 1 }, 'There is no parameter "timeToLive": give proxyToSessionContextObject, generateVersionFunc'],
  ])('refuses %o', (change, message) => {
    expect(() => wrap({ ...good, ...change })).toThrow(message)
    expect(() => wrap({ ...good, ...change })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
  })

  it('refuses to be called without parameters', () => {
    expect(() => wrap(undefined)).toThrow('The parameters are undefined: give an object.')
  })

  it('counts its TTL in seconds', async () => {
    let loads = 0
    const cached = versionedLruCacheWithTtl({
      proxyToSessionContextObject: () => new Map(),
      generateVersionFunc: () => '1',
      timeToLiveSeconds: 0.02,
    })(() => ++loads)
    expect([cached(), cached()]).toEqual([1, 1])
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(cached()).toBe(2)
  })
})
