import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
// @ts-expect-error: it has no types of its own
import express4 from 'express-4'
import multer from 'multer'
import { afterEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { conditional, sessions } from '../src/integrations/express.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, makeApp, type Route } from './contracts/framework-app.ts'
import { ask, type Received } from './support/http-client.ts'
import { type Listening, listen } from './support/serve.ts'
import { World } from './support/world.ts'

async function serve(make: typeof express): Promise<Served> {
  const { routes, onError, before } = makeApp(library, () => global.gc?.())
  const app = make()
  app.set('etag', false) // Express's own, made of the body
  app.use(sessions())
  app.use(sessions()) // a second time: a request still has one session
  app.use(make.json())
  app.use(async (request, _response, next) => {
    await before(request.url)
    next()
  })
  for (const route of routes) app[route.method](route.path, handlersOf(route))
  const answerError: ErrorRequestHandler = (error, _request, response, _next) => send(response, onError(error))
  app.use(answerError)

  return listen(app)
}

function handlersOf({ multipart, dependsOn, options, answer }: Route): RequestHandler<{ id: string }>[] {
  const handlers: RequestHandler<{ id: string }>[] = []
  if (multipart) handlers.push(multer().single('file'))
  if (dependsOn) handlers.push(conditional((request: Request<{ id: string }>) => dependsOn(request.params), options))
  handlers.push((request, response, next) => {
    const { params, body, file } = request
    const query = request.query as Record<string, string>
    const answered = answer({ params, body, query, ...(file && { size: file.size }) })
    answered.then((what) => send(response, what), next) // Express 4 does not see what a promise is rejected with
  })
  return handlers
}

function send(response: Response, { status = 200, type, body }: Answer): void {
  response.status(status)
  if (type === undefined) response.json(body)
  else Readable.from(body as AsyncIterable<Uint8Array>).pipe(response.type(type))
}

describeFramework('Express', () => serve(express))
describeFramework('Express 4', () => serve(express4 as unknown as typeof express))

describe('Express, besides', () => {
  const world = new World()
  const report = library.versionedLruCache(async (id: string) => world.load(id), {
    version: world.check,
    name: 'report',
  })
  const broken = library.versionedLruCache(async (id: string) => id, {
    version: () => Promise.reject(new Error('down')),
  })
  const onReport = conditional(() => report.dependency('eu'))

  let listening: Listening | undefined
  afterEach(async () => {
    await listening?.stop()
    world.take()
  })

  async function get(app: Express, headers: Record<string, string> = {}): Promise<Received> {
    await listening?.stop()
    listening = await listen(app)
    return ask(listening.url, { headers })
  }

  const twice: RequestHandler = async (_request, response) => {
    const first = await report('eu')
    response.json((await report('eu')) === first)
  }

  it('has no session on a route that is not behind sessions(): each call is one of its own', async () => {
    await get(express().get('/', twice).use(sessions()))
    expect(world.take()).toEqual(['check eu', 'load eu', 'check eu'])
  })

  it('has one on a conditional route all the same', async () => {
    await get(express().get('/', onReport, twice))
    expect(world.take()).toEqual(['check eu'])
  })

  it('runs what listens to the events of a request in its session, also when it is not waited for', async () => {
    const app = express().use(sessions())
    app.post('/', (request, response) => {
      request.on('end', () => response.json(library.currentSession() === library.Session.of(request))).resume()
    })
    listening = await listen(app)
    expect((await ask(listening.url, { method: 'POST', body: ['a', 'b'] })).text).toBe('true')
  })

  it('goes by the last of several conditional routes on the way of a request', async () => {
    const onMore = conditional(() => [report.dependency('eu'), report.dependency('us')])
    const of = async (...handlers: RequestHandler[]) => {
      const app = express().disable('etag')
      return (await get(app.get('/', ...handlers, twice))).headers.etag
    }
    const [first, second] = [await of(onReport), await of(onMore)]
    expect(first).not.toBe(second)
    expect(await of(onReport, onMore)).toBe(second)
    expect(await of(onMore, onReport)).toBe(first)
    expect(await of(onReport, onReport)).toBe(first)
    expect(
      await of(
        onReport,
        conditional(() => broken.dependency('eu')),
      ),
    ).toBeUndefined()
  })

  it('leaves the headers that a handler sets as they are', async () => {
    const app = express().get(
      '/',
      conditional(() => report.dependency('eu'), { vary: ['Accept', 'Origin'] }),
      (_request, response) => {
        response.set({ ETag: '"own"', 'Cache-Control': 'public, max-age=5' }).vary('Origin').json(1)
      },
    )
    expect((await get(app)).headers).toMatchObject({
      etag: '"own"',
      'cache-control': 'public, max-age=5',
      vary: 'accept, origin',
    })
  })

  it('leaves the headers that were set before as they are', async () => {
    const app = express().use((_request, response, next) => {
      response.set({ 'Cache-Control': 'private', Vary: 'Origin' })
      next()
    })
    app.get(
      '/',
      conditional(() => report.dependency('eu'), { vary: ['Accept', 'Origin'] }),
      twice,
    )
    expect((await get(app)).headers).toMatchObject({ 'cache-control': 'private', vary: 'Origin, accept' })
  })

  it('adds to a Vary that a handler has set, in whatever way', async () => {
    const onAccept = conditional(() => report.dependency('eu'), { vary: 'Accept' })
    const varyOf = async (handler: RequestHandler) => (await get(express().get('/', onAccept, handler))).headers.vary
    expect(await varyOf((_request, response) => void response.set('Vary', 'Origin').json(1))).toBe('Origin, accept')
    expect(await varyOf((_request, response) => void response.writeHead(200, { Vary: 'Origin' }).end())).toBe(
      'Origin, accept',
    )
  })

  it('takes the Cache-Control of the last of several routes, unless the handler has one', async () => {
    const onPrivate = conditional(() => report.dependency('eu'), { cacheControl: 'private, no-cache' })
    const { headers } = await get(express().use(onReport).get('/', onPrivate, twice))
    expect(headers['cache-control']).toBe('private, no-cache')
    const byHand = express().get('/', onPrivate, (_request, response) => {
      response.writeHead(200, { 'Cache-Control': 'private, max-age=5' }).end()
    })
    expect((await get(byHand)).headers['cache-control']).toBe('private, max-age=5')
  })

  it('makes a 304 of a stream that nobody asked for, also where Node refuses to write a body then', async () => {
    const app = express().get('/', onReport, (_request, response) => {
      const write = (text: string) => new Promise<void>((resolve) => response.write(text, () => resolve()))
      write('one')
        .then(() => write('two'))
        .then(() => response.end('three'))
    })
    app.get('/gone', onReport, (_request, response) => {
      response.status(410).write('all ')
      response.end('gone')
    })
    app.get('/piped', onReport, (_request, response) => void Readable.from(['one', 'two']).pipe(response))
    listening = await listen(createServer({ rejectNonStandardBodyWrites: true }, app))
    const gone = await ask(`${listening.url}/gone`, { headers: { 'if-none-match': '*' } })
    expect(gone).toMatchObject({ status: 410, text: 'all gone' })
    for (const path of ['/', '/piped']) {
      expect((await ask(listening.url + path, { headers: {} })).text).toMatch(/^onetwo/)
      expect(await ask(listening.url + path, { headers: { 'if-none-match': '*' } })).toMatchObject({
        status: 304,
        text: '',
      })
    }
  })

  it('asks the handler on a forced reload, however that is written', async () => {
    const { etag = '' } = (await get(express().get('/', onReport, twice))).headers
    for (const ifNoneMatch of [etag, '*']) {
      world.take()
      const headers = { 'if-none-match': ifNoneMatch, 'cache-control': 'No-Cache' }
      await get(
        express().get('/', onReport, (_request, response) => void response.status(404).end()),
        headers,
      )
      expect(await ask(`${listening?.url}`, { headers })).toMatchObject({ status: 404 })
    }
  })

  it('leaves an answer alone that somebody else has given while it asked', async () => {
    const slow = library.versionedLruCache((id: string) => id, {
      version: () => new Promise<number>((resolve) => setTimeout(resolve, 20, 1)),
    })
    const errors: unknown[] = []
    const app = express().use((_request, response, next) => {
      next()
      response.status(503).send('too late')
    })
    app.get(
      '/',
      conditional(() => slow.dependency('eu')),
      () => {},
    )
    app.use(((error, _request, _response, _next) => errors.push(error)) satisfies ErrorRequestHandler)
    expect(await get(app)).toMatchObject({ status: 503, text: 'too late' })
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(errors).toEqual([])
  })

  it('finds its session again by sessions(), where something has called back from another one', async () => {
    let callBack = (_next: () => void): void => {}
    const pool = new EventEmitter() // opened by the first request, as clients of a shared socket are
    const lookUp: RequestHandler = (_request, _response, next) => callBack(next)
    const isOwn: RequestHandler = (request, response) => {
      response.json(library.currentSession() === library.Session.of(request))
    }
    const app = express()
      .use(sessions())
      .use((_request, _response, next) => {
        const elsewhere = AsyncResource.bind((done: () => void) => done())
        if (pool.listenerCount('answer') === 0) pool.on('answer', elsewhere)
        callBack = (done) => setImmediate(() => pool.emit('answer', done))
        next()
      })
    app.get('/lost', lookUp, isOwn)
    app.get('/', lookUp, sessions(), isOwn)
    expect((await get(app)).text).toBe('true')
    expect((await ask(`${listening?.url}/`)).text).toBe('true')
    expect((await ask(`${listening?.url}/lost`)).text).toBe('false')
  })

  it('adds nothing to Vary: *, and no Cache-Control where none is wanted', async () => {
    const app = express().get('/', (_request, response, next) => {
      response.set('Vary', '*')
      next()
    })
    app.get(
      '/',
      conditional(() => report.dependency('eu'), { vary: 'Accept', cacheControl: false }),
      twice,
    )
    const { headers } = await get(app)
    expect([headers.vary, headers['cache-control']]).toEqual(['*', undefined])
  })

  it('takes the tag back from a head that is written by hand', async () => {
    const app = express().get('/', onReport, (_request, response) => {
      response.writeHead(410, 'Long gone', { 'X-Why': 'gone' }).end('gone')
    })
    const { status, text, headers } = await get(app)
    expect([status, text, headers['x-why'], headers.etag]).toEqual([410, 'gone', 'gone', undefined])
  })

  it("makes Express's own tag where it has none to give", async () => {
    const app = express().get(
      '/',
      conditional(() => broken.dependency('eu')),
      (_request, response) => {
        response.json(1)
      },
    )
    expect((await get(app)).headers.etag).toBe('W/"1-NWoZK3kTsExUV00Ywo1G5jlUKKs"') // SHA-1 of "1"
  })

  it('hands what its own function throws to the error handler', async () => {
    const app = express().get(
      '/',
      conditional(() => {
        throw new Error('no such parameter')
      }),
      twice,
    )
    app.use(((error: Error, _request, response, _next) => {
      response.status(500).send(error.message)
    }) satisfies ErrorRequestHandler)
    expect(await get(app)).toMatchObject({ status: 500, text: 'no such parameter' })
  })

  it('refuses wrong options when the route is made', () => {
    expect(() => conditional(() => report.dependency('eu'), { cacheControl: 5 as unknown as string })).toThrow(
      library.InvalidOptionError,
    )
    expect(() => conditional(report.dependency('eu') as unknown as () => library.Dependency)).toThrow(
      'give a function of the request',
    )
  })
})
