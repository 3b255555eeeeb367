import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { contextStorage, tryGetContext } from 'hono/context-storage'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import * as integration from '../src/integrations/hono.ts'
import { describeFramework } from './contracts/framework.ts'
import { makeHonoApp } from './runtimes/hono-app.ts'
import { ask } from './support/http-client.ts'
import { type Listening, listen } from './support/serve.ts'
import { World } from './support/world.ts'

const { currentSession, InvalidOptionError, Session, versionedLruCache } = library
const { conditional, sessions } = integration

const serve = ({ fetch }: Hono): Promise<Listening> => listen(createAdaptorServer({ fetch }) as Server)

describeFramework('Hono', () => serve(makeHonoApp({ library, integration, collectGarbage: () => global.gc?.() })))

const world = new World()
const report = versionedLruCache(async (id: string) => world.load(id), { version: world.check, name: 'report' })
const broken = versionedLruCache(async (id: string) => id, { version: () => Promise.reject(new Error('down')) })
const onReport = conditional(() => report.dependency('eu'))

afterEach(() => {
  report.clear()
  world.take()
})

const twice = async (c: Context) => {
  const first = await report('eu')
  return c.json((await report('eu')) === first)
}

describe('a session in Hono, besides', () => {
  /** Whether it runs in the session of its context, which is that of the request. */
  const isAtHome = (c: Context) => c.json(currentSession() !== undefined && currentSession() === Session.of(c))

  it('is none on a route that is not behind sessions(): each call is one of its own', async () => {
    await new Hono().get('/', twice).use(sessions()).request('/')
    expect(world.take()).toEqual(['check eu', 'load eu', 'check eu'])
  })

  it('is there on a conditional route all the same', async () => {
    await new Hono().get('/', onReport, twice).request('/')
    expect(world.take()).toEqual(['check eu', 'load eu'])
  })

  it('is found by the context, and by the raw request', async () => {
    const app = new Hono().use(sessions()).get('/', (c) => c.json(Session.of(c.req.raw) === Session.of(c)))
    app.get('/home', isAtHome)
    expect(await (await app.request('/')).json()).toBe(true)
    expect(await (await app.request('/home')).json()).toBe(true)
  })

  it('is that which the context has been given before', async () => {
    const app = new Hono().use((c, next) => {
      Session.of(c)
      return next()
    })
    expect(await (await app.use(sessions()).get('/', isAtHome).request('/')).json()).toBe(true)
  })

  it('stays when a middleware puts another request in the place of the raw one', async () => {
    const seen = new Set<unknown>()
    const look: MiddlewareHandler = (c, next) => {
      seen.add(currentSession()).add(Session.of(c))
      return next()
    }
    const app = new Hono().use(sessions(), look, bodyLimit({ maxSize: 100 }), sessions(), look)
    app.post('/', async (c) => c.text(await c.req.text()))
    const body = new Blob(['sent in pieces']).stream()
    const request = new Request('http://localhost/', { method: 'POST', body, duplex: 'half' })
    expect(await (await app.fetch(request)).text()).toBe('sent in pieces')
    expect(seen.size).toBe(1)
  })

  it('does not show among the variables of the context', async () => {
    const app = new Hono<{ Variables: { user: string } }>().use(sessions())
    app.get('/', (c) => {
      c.set('user', 'ada')
      return c.json([Object.keys(c.var), c.var])
    })
    expect(await (await app.request('/')).json()).toEqual([['user'], { user: 'ada' }])
  })

  it('is the same in an app that is a part of another, also with sessions() and an error handler of its own', async () => {
    const part = new Hono().use(sessions()).get('/', onReport, twice)
    part.get('/broken', async (c) => {
      await twice(c)
      throw new Error('broken')
    })
    part.onError((_error, c) => twice(c))
    const app = new Hono().use(sessions()).route('/part', part)
    expect(await (await app.request('/part')).json()).toBe(true)
    expect(world.take()).toEqual(['check eu', 'load eu'])
    expect(await (await app.request('/part/broken')).json()).toBe(true)
    expect(world.take()).toEqual(['check eu'])
  })

  describe('of an app that another one hands its requests to', () => {
    const inner = new Hono().use(sessions()).get('*', (c) => {
      inside.push(currentSession())
      return isAtHome(c)
    })
    const bare = new Hono().get('*', (c) => {
      inside.push(currentSession())
      return c.json(true)
    })
    let inside: unknown[] = []

    async function isTheSame(mount: (app: Hono) => unknown): Promise<boolean> {
      inside = []
      let outside: unknown
      const app = new Hono().use(sessions(), (_c, next) => {
        outside = currentSession()
        return next()
      })
      mount(app)
      expect(await (await app.request('/inner')).json()).toBe(true)
      return inside[0] === outside
    }

    it('is the same when it gets the request as it is', async () => {
      expect(await isTheSame((app) => app.all('/inner', (c) => inner.fetch(c.req.raw)))).toBe(true)
      expect(await isTheSame((app) => app.mount('/', inner.fetch, { replaceRequest: false }))).toBe(true)
    })

    it('is the same when it has no sessions() of its own', async () => {
      expect(await isTheSame((app) => app.mount('/inner', bare.fetch))).toBe(true)
    })

    it('is its own when it has, and gets another request', async () => {
      expect(await isTheSame((app) => app.mount('/inner', inner.fetch))).toBe(false)
    })
  })

  it('goes with the context storage of Hono', async () => {
    const stored = versionedLruCache(async (id: string) => world.load(id), {
      version: world.check,
      session: tryGetContext,
    })
    const app = new Hono().use(contextStorage(), sessions()).get('/', async (c) => {
      const first = await stored('eu')
      world.write('eu')
      return c.json([(await stored('eu')) === first, Session.of(c).versions().length])
    })
    expect(await (await app.request('/')).json()).toEqual([true, 1])
    expect(world.take()).toEqual(['check eu', 'load eu'])
  })

  it("is there in a stream of a handler's own, which is pulled by the server, when it is entered there", async () => {
    const app = new Hono().use(sessions()).get('/', (c) => {
      let left = 3
      const pull = (controller: ReadableStreamDefaultController) =>
        Session.of(c).run(async () => {
          controller.enqueue(new TextEncoder().encode(`${(await report('eu')).version} `))
          world.write('eu')
          if (--left === 0) controller.close()
        })
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
    })
    const { url, stop } = await serve(app)
    expect((await ask(url)).text).toMatch(/^(\d+) \1 \1 $/)
    expect(world.take()).toEqual(['check eu', 'load eu'])
    await stop()
  })
})

describe('a conditional request in Hono, besides', () => {
  it('goes by the last of several conditional routes on its way', async () => {
    const onMore = conditional(() => [report.dependency('eu'), report.dependency('us')])
    const onBroken = conditional(() => broken.dependency('eu'))
    const of = async (...handlers: MiddlewareHandler[]) => {
      const app = new Hono().use(...handlers).get('/', twice)
      return (await app.request('/')).headers.get('etag')
    }
    const [first, second] = [await of(onReport), await of(onMore)]
    expect(first).toMatch(/^W\//)
    expect(first).not.toBe(second)
    expect(await of(onReport, onMore)).toBe(second)
    expect(await of(onMore, onReport)).toBe(first)
    expect(await of(onReport, onReport)).toBe(first)
    expect(await of(onReport, onBroken)).toBeNull()
  })

  const varied = conditional(() => report.dependency('eu'), { vary: ['Accept', 'Origin'] })
  const OWN = { ETag: '"own"', 'Cache-Control': 'public, max-age=5', Vary: 'Origin' }

  it('leaves the headers that a handler sets as they are', async () => {
    const app = new Hono().get('/context', varied, (c) => c.json(1, 200, OWN))
    app.get('/response', varied, () => new Response('1', { headers: OWN }))
    for (const path of ['/context', '/response']) {
      const { headers } = await app.request(path)
      expect(Object.fromEntries(headers)).toMatchObject({
        etag: '"own"',
        'cache-control': 'public, max-age=5',
        vary: 'Origin, accept',
      })
    }
  })

  it.each<[string, MiddlewareHandler]>([
    [
      'of the context',
      (c, next) => {
        c.header('Cache-Control', 'private')
        c.header('Vary', 'Origin')
        c.header('Set-Cookie', 'a=1')
        return next()
      },
    ],
    [
      'of the response, before',
      (c, next) => {
        c.res.headers.set('Cache-Control', 'private')
        c.res.headers.set('Vary', 'Origin')
        c.res.headers.set('Set-Cookie', 'a=1')
        return next()
      },
    ],
  ])('keeps the headers %s that were set before, on 200 and on 304', async (_of, middleware) => {
    const app = new Hono().use(middleware).get('/', varied, twice)
    const first = await app.request('/')
    const again = await app.request('/', { headers: { 'if-none-match': `${first.headers.get('etag')}` } })
    expect([first.status, again.status, await again.text()]).toEqual([200, 304, ''])
    for (const { headers } of [first, again]) {
      expect(Object.fromEntries(headers)).toMatchObject({
        etag: first.headers.get('etag'),
        'cache-control': 'private',
        vary: 'Origin, accept',
        'set-cookie': 'a=1',
      })
    }
  })

  it('adds nothing to Vary: *, and no Cache-Control where none is wanted', async () => {
    const app = new Hono().get(
      '/',
      conditional(() => report.dependency('eu'), { vary: 'Accept', cacheControl: false }),
      (c) => c.json(1, 200, { Vary: '*' }),
    )
    const { headers } = await app.request('/')
    expect([headers.get('vary'), headers.get('cache-control')]).toEqual(['*', null])
  })

  it('tags what came from elsewhere, whose headers cannot be changed', async () => {
    const fetched = await fetch('data:text/plain,from%20elsewhere')
    expect(() => fetched.headers.set('a', 'b')).toThrow('immutable')
    const response = await new Hono().get('/', varied, () => fetched).request('/')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: expect.stringMatching(/^W\//),
      'cache-control': 'no-cache',
      vary: 'accept, origin',
      'content-type': 'text/plain',
    })
    expect(await response.text()).toBe('from elsewhere')
  })

  it('leaves an answer in one piece, and says how long it is', async () => {
    const { url, stop } = await serve(new Hono().use(sessions()).get('/', onReport, twice))
    const { headers } = await ask(url)
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual(['4', undefined])
    await stop()
  })

  it('that asks whether there is anything drops the answer: its head, and a stream that nobody reads', async () => {
    let cancelled = false
    const cancel = () => {
      cancelled = true
      throw new Error('nobody is told')
    }
    const app = new Hono().get('/', onReport, (c) => {
      c.header('Set-Cookie', 'a=1')
      c.header('Content-Encoding', 'identity')
      return c.body(new ReadableStream({ cancel }), 200, { 'Content-Type': 'text/plain', 'Content-Length': '7' })
    })
    const response = await app.request('/', { headers: { 'if-none-match': '*' } })
    expect([response.status, response.body, cancelled]).toEqual([304, null, true])
    expect(Object.keys(Object.fromEntries(response.headers)).sort()).toEqual(['cache-control', 'etag', 'set-cookie'])
    const empty = new Hono().get('/', onReport, (c) => c.body(null))
    expect((await empty.request('/', { headers: { 'if-none-match': '*' } })).status).toBe(304)
  })

  it.each(['', '*'])('gets no tag for what an error handler answers, whatever it calls it: %s', async (ifNoneMatch) => {
    const fails: MiddlewareHandler = () => Promise.reject(new Error('broken'))
    const app = new Hono().get('/', onReport, fails).onError((_error, c) => c.text('sorry', 200))
    const part = new Hono().get('/', onReport, fails).onError((_error, c) => c.text('sorry', 200))
    app.route('/part', part)
    for (const path of ['/', '/part']) {
      const response = await app.request(path, { headers: { 'if-none-match': ifNoneMatch } })
      expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([200, null, 'sorry'])
    }
  })

  it('gets no tag for an HTTPException, nor for a page that is not found', async () => {
    const app = new Hono().use('*', onReport).get('/gone', () => {
      throw new HTTPException(410, { message: 'Long gone' })
    })
    const gone = await app.request('/gone')
    expect([gone.status, gone.headers.get('etag'), await gone.text()]).toEqual([410, null, 'Long gone'])
    const missing = await app.request('/missing')
    expect([missing.status, missing.headers.get('etag')]).toEqual([404, null])
  })

  it('hands on what is thrown and is no error', async () => {
    const app = new Hono().get('/', onReport, () => Promise.reject('no error'))
    await expect(app.request('/')).rejects.toBe('no error')
  })

  it('hands what its own function throws to the error handler', async () => {
    const app = new Hono().get(
      '/:id',
      conditional((c) => {
        throw new Error(`no report ${c.req.param('id')}`)
      }),
      twice,
    )
    app.onError(({ message }, c) => c.text(message, 500))
    const response = await app.request('/eu')
    expect([response.status, await response.text()]).toEqual([500, 'no report eu'])
    expect(world.take()).toEqual([])
  })

  it("goes behind Hono's own etag(), which makes a tag of the body where there is none", async () => {
    const app = new Hono().use(etag()).get('/', onReport, twice)
    app.get(
      '/broken',
      conditional(() => broken.dependency('eu')),
      twice,
    )
    const tag = `${(await app.request('/')).headers.get('etag')}`
    expect(tag).toMatch(/^W\//)
    expect((await app.request('/', { headers: { 'if-none-match': tag } })).status).toBe(304)
    expect((await app.request('/broken')).headers.get('etag')).toMatch(/^"[0-9a-f]{40}"$/)
  })

  it('refuses wrong options when the route is made', () => {
    expect(() => conditional(() => report.dependency('eu'), { cacheControl: 5 as unknown as string })).toThrow(
      InvalidOptionError,
    )
    expect(() => conditional(report.dependency('eu') as unknown as () => library.Dependency)).toThrow(
      'give a function of the request',
    )
  })
})
