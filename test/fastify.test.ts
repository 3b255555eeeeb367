import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import multipart from '@fastify/multipart'
import fastify, { type FastifyInstance, type FastifyReply, type RouteHandlerMethod } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { conditional, sessions } from '../src/integrations/fastify.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, makeApp, type Route } from './contracts/framework-app.ts'
import { ask, open } from './support/http-client.ts'
import { World } from './support/world.ts'

type OfId = { Params: { id: string }; Querystring: Record<string, string> }

async function serve(): Promise<Served> {
  const { routes, onError, before } = makeApp(library, () => global.gc?.())
  const app = fastify({ forceCloseConnections: true })
  app.register(sessions)
  app.register(sessions) // a second time: a request still has one session
  app.register(multipart)
  app.addHook('preValidation', (request) => before(request.url))
  app.setErrorHandler((error, _request, reply) => send(reply, onError(error)))
  for (const route of routes) mount(app, route)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { url, stop: () => app.close() }
}

function mount(app: FastifyInstance, { method, path: url, multipart, dependsOn, options, answer }: Route): void {
  const preHandler = dependsOn ? [conditional<OfId>(({ params }) => dependsOn(params), options)] : []
  app.route<OfId>({
    method: method === 'all' ? ['GET', 'POST'] : method.toUpperCase(),
    url,
    preHandler,
    handler: async (request, reply) => {
      const size = multipart ? (await (await request.file())?.toBuffer())?.length : undefined
      const { params, query, body } = request
      return send(reply, await answer({ params, query, body, ...(size !== undefined && { size }) }))
    },
  })
}

function send(reply: FastifyReply, { status = 200, type, body }: Answer): FastifyReply {
  reply.code(status)
  if (type === undefined) return reply.send(body)
  return reply.type(type).send(Readable.from(body as AsyncIterable<Uint8Array>))
}

describeFramework('Fastify', serve)

describe('Fastify, besides', () => {
  const world = new World()
  const report = library.versionedLruCache(async (id: string) => world.load(id), { version: world.check })
  const preHandler = conditional(() => report.dependency('eu'))

  let app: FastifyInstance | undefined
  afterEach(async () => {
    await app?.close()
    app = undefined
    world.take()
  })

  const twice = async () => {
    const first = await report('eu')
    return { same: (await report('eu')) === first }
  }

  it('has no session on a route that is not inside of where sessions is registered', async () => {
    app = fastify()
    app.register(async (child) => {
      await child.register(sessions)
      child.get('/in', twice)
    })
    app.get('/out', twice)
    await app.inject('/out')
    expect(world.take()).toEqual(['check eu', 'load eu', 'check eu'])
    await app.inject('/in')
    expect(world.take()).toEqual(['check eu'])
  })

  it('has one on a conditional route all the same', async () => {
    app = fastify()
    app.get('/', { preHandler }, twice)
    await app.inject('/')
    expect(world.take()).toEqual(['check eu'])
  })

  it('has the same in all hooks, also behind an error and in a route that is not there', async () => {
    const server = fastify()
    app = server
    const seen: (library.Session | undefined)[] = []
    const see = async () => void seen.push(library.currentSession())
    server.register(sessions)
    server.after(() => {
      server
        .addHook('onRequest', see)
        .addHook('preParsing', see)
        .addHook('preValidation', see)
        .addHook('preHandler', see)
      server.addHook('onSend', see).addHook('onError', see).addHook('onResponse', see)
      server.setNotFoundHandler(async (_request, reply) => {
        await see()
        return reply.code(404).send('nothing')
      })
      server.post('/', async () => {
        throw new Error('broken')
      })
    })
    await server.inject({ method: 'POST', url: '/', payload: { a: 1 } })
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toBeInstanceOf(library.Session)
    seen.length = 0
    await server.inject('/nowhere')
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toBeInstanceOf(library.Session)
  })

  it('shows its tag to hooks that come later, which may set another', async () => {
    app = fastify()
    const seen: unknown[] = []
    app.addHook('onSend', async (_request, reply) => {
      seen.push(reply.getHeader('etag'))
    })
    app.get('/', { preHandler }, twice)
    app.get('/own', { preHandler }, (_request, reply) => reply.header('etag', '"own"').send('own'))
    expect((await app.inject('/')).headers['etag']).toMatch(/^W\//)
    expect((await app.inject('/own')).headers['etag']).toBe('"own"')
    expect(seen).toEqual([expect.stringMatching(/^W\//), '"own"'])
  })

  it('has its own session in the handler, where a hook before has gone on in that of another request', async () => {
    const own = fastify()
    app = own
    own.register(sessions)
    let elsewhere: ((done: () => void) => void) | undefined
    own.after(() => {
      own.addHook('onRequest', (_request, _reply, done) => {
        elsewhere ??= AsyncResource.bind((go: () => void) => go()) // as the callbacks of a shared socket are
        elsewhere(done)
      })
      own.get('/', async (request) => library.currentSession() === library.Session.of(request.raw))
    })
    expect([(await own.inject('/')).body, (await own.inject('/')).body]).toEqual(['true', 'true'])
  })

  it('adds to the headers that a hook has set before', async () => {
    app = fastify()
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ vary: 'Origin', 'cache-control': 'private' })
    })
    app.get('/', { preHandler: conditional(() => report.dependency('eu'), { vary: 'Accept' }) }, twice)
    const { headers } = await app.inject('/')
    expect(headers).toMatchObject({ vary: 'Origin, accept', 'cache-control': 'private' })
  })

  it('asks behind the hooks that come before it: who may not see the answer does not hear of it', async () => {
    app = fastify()
    const allow = async (_request: unknown, reply: FastifyReply) => reply.code(401).send()
    app.get('/', { preHandler: [allow, preHandler] }, twice)
    expect((await app.inject('/')).statusCode).toBe(401)
    expect(world.take()).toEqual([])
  })

  it('adds to the headers that a hook has set before, and its tag is the one that goes out', async () => {
    app = fastify()
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ vary: 'Origin', 'cache-control': 'private', etag: '"early"' })
    })
    const onReport = conditional(() => report.dependency('eu'), { vary: ['Accept-Language', 'Origin'] })
    app.get('/', { preHandler: onReport }, twice)
    const { statusCode, headers } = await app.inject('/')
    const sent = { vary: 'Origin, accept-language', 'cache-control': 'private', etag: expect.stringMatching(/^W\//) }
    expect([statusCode, headers]).toEqual([200, expect.objectContaining(sent)])
    const again = await app.inject({ url: '/', headers: { 'if-none-match': `${headers.etag}` } })
    expect([again.statusCode, again.headers]).toEqual([304, expect.objectContaining({ ...sent, etag: headers.etag })])
  })

  it('adds to Vary what a handler and later hooks add by what they find there, as @fastify/cors does', async () => {
    app = fastify()
    app.addHook('onSend', async (_request, reply) => {
      reply.header('Vary', `${reply.getHeader('Vary')}, Origin`)
    })
    app.get('/', { preHandler: conditional(() => report.dependency('eu'), { vary: 'Accept-Language' }) }, twice)
    expect((await app.inject('/')).headers['vary']).toBe('accept-language, Origin')
  })

  it('runs the hooks of an answer for a 304 too, and they see the tag', async () => {
    app = fastify()
    const seen: unknown[] = []
    app.addHook('onSend', async (_request, reply, payload) => {
      seen.push([reply.statusCode, reply.getHeader('etag'), payload])
    })
    app.get('/', { preHandler }, twice)
    const { etag } = (await app.inject('/')).headers
    await app.inject({ url: '/', headers: { 'if-none-match': `${etag}` } })
    expect(seen).toEqual([
      [200, etag, '{"same":true}'],
      [304, etag, undefined],
    ])
  })

  it('is right when the handler answers by Node, without Fastify', async () => {
    app = fastify()
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'private')
    })
    const by =
      (status: number): RouteHandlerMethod =>
      (_request, reply) =>
        void reply.hijack().raw.writeHead(status).end('by hand')
    app.get('/found', { preHandler }, by(200))
    app.get('/gone', { preHandler }, by(410))
    const [found, gone] = [await app.inject('/found'), await app.inject('/gone')]
    expect([found.statusCode, found.body, found.headers.etag]).toEqual([200, 'by hand', expect.stringMatching(/^W\//)])
    expect([gone.statusCode, gone.body, gone.headers.etag]).toEqual([410, 'by hand', undefined])
    expect(found.headers['cache-control']).toBe('private')
  })

  it('has no tag when the handler finds that there is nothing', async () => {
    app = fastify()
    app.get('/', { preHandler }, (_request, reply) => void reply.callNotFound())
    const { statusCode, headers } = await app.inject('/')
    expect([statusCode, headers.etag]).toEqual([404, undefined])
  })

  it.each([
    ['returns', { not: 'a text' }, undefined],
    ['sends', undefined, { not: 'a text' }],
  ])('hands it to the error handler when a handler %s at once what cannot be sent', async (_what, returned, sent) => {
    app = fastify()
    app.setErrorHandler((error: Error & { code: string }, { raw }, reply) => {
      const inSession = library.currentSession() === library.Session.of(raw)
      return reply.code(500).type('text/plain').send(`${error.code} ${inSession}`)
    })
    app.get('/', { preHandler }, (_request, reply) => {
      reply.type('text/plain')
      if (sent) reply.send(sent)
      return returned as never
    })
    const { statusCode, body, headers } = await app.inject('/')
    expect([statusCode, body, headers.etag]).toEqual([500, 'FST_ERR_REP_INVALID_PAYLOAD_TYPE true', undefined])
  })

  it.each([true, 'keyValues' as const])('is there after an upload that goes into the body: %s', async (how) => {
    app = fastify()
    const seen: boolean[] = []
    app.register(sessions)
    app.register(multipart, { attachFieldsToBody: how })
    app.post('/', async ({ raw }) => {
      seen.push(library.currentSession() === library.Session.of(raw))
      return 'done'
    })
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(100_000)]), 'a.txt')
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    expect(await (await fetch(url, { method: 'POST', body: form })).text()).toBe('done')
    expect(seen).toEqual([true])
  })

  it('works over HTTP/2', async () => {
    const server = fastify({ http2: true })
    server.register(sessions)
    server.get('/', { preHandler }, twice)
    server.get('/gone', { preHandler }, (_request, reply) => reply.code(410).send('gone'))
    server.get('/none', { preHandler }, (_request, reply) => reply.code(500).send(Readable.from([])))
    const client = connect(await server.listen({ port: 0, host: '127.0.0.1' }))
    const get = async (path: string, ifNoneMatch = '') => {
      const stream = client.request({ ':path': path, 'if-none-match': ifNoneMatch })
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & IncomingHttpStatusHeader]
      return { status: headers[':status'], etag: headers.etag, text: await text(stream) }
    }
    try {
      const first = await get('/')
      expect(first).toMatchObject({ status: 200, etag: expect.stringMatching(/^W\//), text: '{"same":true}' })
      expect(await get('/', first.etag)).toEqual({ status: 304, etag: first.etag, text: '' })
      expect(await get('/', '*')).toEqual({ status: 304, etag: first.etag, text: '' })
      expect(await get('/gone')).toEqual({ status: 410, etag: undefined, text: 'gone' })
      expect(await get('/none')).toEqual({ status: 500, etag: undefined, text: '' })
    } finally {
      client.destroy()
      await server.close()
    }
  })

  describe.each([
    ['a stream of Node', (parts: AsyncIterable<Buffer>) => Readable.from(parts)],
    ['a web stream', (parts: AsyncIterable<Buffer>) => webStream(parts)],
    ['a Response', (parts: AsyncIterable<Buffer>) => new Response(webStream(parts))],
  ])('reads %s in the session', (_what, streamOf) => {
    const seen: boolean[] = []

    /** Far more than a connection takes at once, so that the events of the socket are what makes it go on. */
    async function* parts(own: library.Session) {
      for (let part = 0; part < 30; part++) {
        seen.push(library.currentSession() === own)
        yield Buffer.alloc(200_000, 'x')
      }
    }
    const answer = (own: library.Session) => streamOf(parts(own))

    it('over HTTP/1', async () => {
      app = fastify()
      app.register(sessions)
      app.get('/', ({ raw }, reply) => reply.send(answer(library.Session.of(raw))))
      app.get('/other', () => 'other')
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const response = await open(url).response
      response.pause()
      await ask(`${url}/other`) // while nobody reads
      expect((await text(response)).length).toBe(6_000_000)
      expect(seen.splice(0)).toEqual(Array.from({ length: 30 }, () => true))
    })

    it('over HTTP/2', async () => {
      const server = fastify({ http2: true })
      server.register(sessions)
      server.get('/', ({ raw }, reply) => reply.send(answer(library.Session.of(raw))))
      const client = connect(await server.listen({ port: 0, host: '127.0.0.1' }))
      try {
        const stream = client.request({ ':path': '/' })
        await once(stream, 'response')
        expect((await text(stream)).length).toBe(6_000_000)
        expect(seen.splice(0)).toEqual(Array.from({ length: 30 }, () => true))
      } finally {
        client.destroy()
        await server.close()
      }
    })
  })

  it('fails by the words of Fastify where the version is too old, which is the one that package.json names', async () => {
    app = fastify()
    Object.defineProperty(app, 'version', { value: '3.29.5' })
    app.register(sessions)
    const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    await expect(app.ready()).rejects.toMatchObject({
      code: 'FST_ERR_PLUGIN_VERSION_MISMATCH',
      message: expect.stringContaining(`versioned-lru-cache - expected '${peerDependencies.fastify}' fastify version`),
    })
  })

  it('refuses wrong options when the route is made', () => {
    expect(() => conditional(() => report.dependency('eu'), { salt: {} as unknown as string })).toThrow(
      library.InvalidOptionError,
    )
    expect(() => conditional(report.dependency('eu') as unknown as () => library.Dependency)).toThrow(
      'give a function of the request',
    )
  })
})

/** It pulls: a stream that is made of an iterable by Node would do so by itself. */
function webStream(parts: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
