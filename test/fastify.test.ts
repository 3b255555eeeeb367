import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import multipart from '@fastify/multipart'
import fastify, { type FastifyInstance, type FastifyReply, type RouteHandlerMethod } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { conditional, sessions } from '../src/integrations/fastify.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, makeApp, type Route } from './contracts/framework-app.ts'
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

  let app: FastifyInstance
  afterEach(async () => {
    await app.close()
    world.take()
  })

  const twice: RouteHandlerMethod = async () => {
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
    app = fastify()
    const seen: (library.Session | undefined)[] = []
    const see = async () => void seen.push(library.currentSession())
    app.register(sessions)
    app.after(() => {
      app.addHook('onRequest', see).addHook('preParsing', see).addHook('preValidation', see).addHook('preHandler', see)
      app.addHook('onSend', see).addHook('onError', see).addHook('onResponse', see)
      app.setNotFoundHandler(async (_request, reply) => {
        await see()
        return reply.code(404).send('nothing')
      })
      app.post('/', async () => {
        throw new Error('broken')
      })
    })
    await app.inject({ method: 'POST', url: '/', payload: { a: 1 } })
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toBeInstanceOf(library.Session)
    seen.length = 0
    await app.inject('/nowhere')
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

  it('works over HTTP/2', async () => {
    app = fastify({ http2: true }) as unknown as FastifyInstance
    app.register(sessions)
    app.get('/', { preHandler }, twice)
    app.get('/gone', { preHandler }, (_request, reply) => reply.code(410).send('gone'))
    const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    const get = async (path: string, ifNoneMatch = '') => {
      const stream = client.request({ ':path': path, 'if-none-match': ifNoneMatch })
      const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve))
      return { status: headers[':status'], etag: headers['etag'] as string, text: await text(stream) }
    }
    try {
      const first = await get('/')
      expect(first).toMatchObject({ status: 200, etag: expect.stringMatching(/^W\//), text: '{"same":true}' })
      expect(await get('/', first.etag)).toEqual({ status: 304, etag: first.etag, text: '' })
      expect(await get('/', '*')).toEqual({ status: 304, etag: first.etag, text: '' })
      expect(await get('/gone')).toEqual({ status: 410, etag: undefined, text: 'gone' })
    } finally {
      client.close()
    }
  })

  it('refuses wrong options when the route is made', () => {
    app = fastify()
    expect(() => conditional(() => report.dependency('eu'), { salt: {} as unknown as string })).toThrow(
      library.InvalidOptionError,
    )
  })
})
