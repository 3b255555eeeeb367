import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import Router, { type RouterMiddleware } from '@koa/router'
import Koa, { type Context, type Middleware } from 'koa'
import multer, { type Multer } from 'multer'
import { afterEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { conditional, sessions } from '../src/integrations/koa.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, makeApp, type Route } from './contracts/framework-app.ts'
import { ask, open, type Received } from './support/http-client.ts'
import { type Listening, listen } from './support/serve.ts'
import { World } from './support/world.ts'

async function serve(): Promise<Served> {
  const { routes, onError, before } = makeApp(library, () => global.gc?.())
  const app = new Koa()
  app.silent = true // of clients that give up
  app.use(sessions())
  app.use(sessions()) // a second time: a request still has one session
  app.use(async (context, next) => {
    try {
      await next()
    } catch (error) {
      send(context, onError(error))
    }
  })
  app.use(async (context, next) => {
    await before(context.url)
    await next()
  })
  const router = new Router()
  for (const route of routes) router[route.method](route.path, ...middlewareOf(route))
  app.use(router.routes())
  return listen(app.callback())
}

function middlewareOf({ multipart, dependsOn, options, answer }: Route): RouterMiddleware[] {
  const middleware: RouterMiddleware[] = [multipart ? parseUpload : parseJson]
  if (dependsOn) middleware.push(conditional((context) => dependsOn(context['params'] as { id: string }), options))
  middleware.push(async (context) => {
    const params = context.params as { id: string }
    const query = context.query as Record<string, string>
    send(context, await answer({ params, query, ...(context['parsed'] as object) }))
  })
  return middleware
}

/** As body parsers do it: by the events of the request. */
const parseJson: RouterMiddleware = async (context, next) => {
  if (context.is('json')) context['parsed'] = { body: JSON.parse(await textOf(context.req)) }
  await next()
}

const parseUpload: RouterMiddleware = async (context, next) => {
  const request = context.req as Parameters<ReturnType<Multer['single']>>[0]
  await promisify(multer().single('file'))(request, context.res as never)
  context['parsed'] = { size: request.file?.size }
  await next()
}

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => resolve(text)).on('error', reject)
  })
}

function send(context: Context, { status = 200, type, body }: Answer): void {
  context.status = status
  if (type === undefined) {
    context.body = body
  } else {
    context.type = type
    context.body = Readable.from(body as AsyncIterable<Uint8Array>)
  }
}

describeFramework('Koa', serve)

describe('Koa, besides', () => {
  const world = new World()
  const report = library.versionedLruCache(async (id: string) => world.load(id), { version: world.check })
  const onReport = conditional(() => report.dependency('eu'))

  let listening: Listening | undefined
  afterEach(async () => {
    await listening?.stop()
    world.take()
  })

  async function serveOnly(middleware: Middleware[]): Promise<Listening> {
    await listening?.stop()
    const app = new Koa()
    app.silent = true
    for (const one of middleware) app.use(one)
    listening = await listen(app.callback())
    return listening
  }

  async function get(middleware: Middleware[], headers: Record<string, string> = {}): Promise<Received> {
    const { url } = await serveOnly(middleware)
    return ask(url, { headers })
  }

  const twice: Middleware = async (context) => {
    const first = await report('eu')
    context.body = { same: (await report('eu')) === first }
  }

  /** Says for each part in which session it was made. It is more than a connection takes, also when it is compressed. */
  function watchedStream() {
    const sessionsSeen: unknown[] = []
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let part = 0; part < 30; part++) {
        sessionsSeen.push(library.currentSession())
        await sleep(1)
        yield randomBytes(200_000)
      }
    }
    return { sessionsSeen, source }
  }

  /** Reads when the server has filled the connection and waits: from then on it goes by the events of the socket. */
  async function readSlowly(middleware: Middleware[]) {
    const { url } = await serveOnly(middleware)
    const response = await open(url).response
    response.pause()
    await sleep(100)
    for await (const _chunk of response);
    return { response, etag: response.headers.etag }
  }

  it('has no session on a route that is not behind sessions(): each call is one of its own', async () => {
    await get([twice, sessions()])
    expect(world.take()).toEqual(['check eu', 'load eu', 'check eu'])
  })

  it('has one on a conditional route all the same, also for what is streamed', async () => {
    async function* stream() {
      for (let part = 0; part < 3; part++) {
        const { version } = await report('eu')
        world.write('eu')
        yield `${version};`
      }
    }
    world.write('eu')
    const { status, text } = await get([
      onReport,
      (context) => {
        context.body = Readable.from(stream())
      },
    ])
    expect(status).toBe(200) // by Koa, since there is a body
    expect(new Set(text.split(';').slice(0, -1)).size).toBe(1)
    expect(world.take()).toEqual(['check eu', 'load eu'])
  })

  const compress: Middleware = async (context, next) => {
    await next()
    if (!(context.body instanceof Readable)) return
    context.set('Content-Encoding', 'gzip')
    context.body = context.body.pipe(createGzip())
  }

  it.each<[string, Middleware[], tagged: boolean]>([
    ['a compressed one, behind sessions()', [sessions(), compress], false],
    ['a compressed one, before sessions()', [compress, sessions()], false],
    ['a compressed one, behind conditional()', [onReport, compress], true],
    ['a compressed one, before conditional()', [compress, onReport], true],
  ])('reads a stream in the session that waits for a slow client: %s', async (_what, before, tagged) => {
    const { sessionsSeen, source } = watchedStream()
    const { response, etag } = await readSlowly([
      ...before,
      (context) => {
        context.body = Readable.from(source())
      },
    ])
    expect([response.statusCode, etag !== undefined]).toEqual([200, tagged])
    expect(sessionsSeen).toHaveLength(30)
    expect(new Set(sessionsSeen).size).toBe(1)
    expect(sessionsSeen[0]).toBeInstanceOf(library.Session)
    if (!tagged) return
    const again = await ask((listening as Listening).url, { headers: { 'if-none-match': `${etag}` } })
    expect([again.status, again.text, again.headers['content-encoding']]).toEqual([304, '', undefined])
  })

  it('reads a web stream in the session that Readable.fromWeb has made a stream of Node', async () => {
    const { sessionsSeen, source } = watchedStream()
    await readSlowly([
      sessions(),
      (context) => {
        const parts = source()
        const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
          const { done, value } = await parts.next()
          if (done) controller.close()
          else controller.enqueue(value)
        }
        context.body = Readable.fromWeb(new ReadableStream({ pull }) as Parameters<typeof Readable.fromWeb>[0])
      },
    ])
    expect(sessionsSeen).toHaveLength(30)
    expect(new Set(sessionsSeen).size).toBe(1)
    expect(sessionsSeen[0]).toBeInstanceOf(library.Session)
  })

  it('leaves it at 404 when there is no body, and has no tag then', async () => {
    const { status, headers } = await get([onReport, () => undefined])
    expect([status, headers.etag]).toEqual([404, undefined])
  })

  it('shows its tag to what comes behind it, which may set another', async () => {
    let seen = ''
    const { headers } = await get([
      onReport,
      (context) => {
        seen = context.response.etag
        context.body = 'own'
        context.etag = 'own'
      },
    ])
    expect(seen).toMatch(/^W\//)
    expect(headers.etag).toBe('"own"')
  })

  it('takes the tag back when something before it makes an error of it', async () => {
    const { status, headers, text } = await get([
      async (context, next) => {
        await next().catch(() => undefined)
        context.status = 503
        context.body = 'later'
      },
      onReport,
      () => {
        throw new Error('broken')
      },
    ])
    expect([status, text, headers.etag]).toEqual([503, 'later', undefined])
  })

  it('takes the tag back from a success that stands in for a handler that failed', async () => {
    let isBroken = true
    const middleware: Middleware[] = [
      async (context, next) => {
        await next().catch(() => {
          context.body = 'sorry'
        })
      },
      onReport,
      (context) => {
        if (isBroken) throw new Error('broken')
        context.body = 'found'
      },
    ]
    const standIn = await get(middleware)
    expect([standIn.status, standIn.text, standIn.headers.etag]).toEqual([200, 'sorry', undefined])
    isBroken = false
    expect((await get(middleware)).headers.etag).toMatch(/^W\//)
  })

  it('hands on what a handler throws that has already answered', async () => {
    let caught: unknown
    const { text } = await get([
      async (_context, next) => {
        await next().catch((error) => {
          caught = error
        })
      },
      onReport,
      (context) => {
        context.respond = false
        context.res.end('by hand')
        throw new Error('too late')
      },
    ])
    expect([text, caught]).toEqual(['by hand', new Error('too late')])
  })

  it("is not on Koa's own answer to an error", async () => {
    const { status, text, headers } = await get([
      onReport,
      () => {
        throw new Error('broken')
      },
    ])
    expect([status, text, headers.etag]).toEqual([500, 'Internal Server Error', undefined])
  })

  it('is right when the handler answers by Node, without Koa', async () => {
    const by = (status: number) =>
      get([
        onReport,
        (context) => {
          context.respond = false
          context.res.writeHead(status).end('by hand')
        },
      ])
    const [found, gone] = [await by(200), await by(410)]
    expect([found.text, found.headers.etag]).toEqual(['by hand', expect.stringMatching(/^W\//)])
    expect([gone.text, gone.headers.etag]).toEqual(['by hand', undefined])
  })

  it('refuses wrong options when the route is made', () => {
    expect(() => conditional(() => report.dependency('eu'), { strong: 'yes' as unknown as boolean })).toThrow(
      library.InvalidOptionError,
    )
  })
})
