import { type Context, type Env, Hono } from 'hono'
import { stream, streamSSE } from 'hono/streaming'
import type { H } from 'hono/types'
import type { StreamingApi } from 'hono/utils/stream'
import { type Answer, type Asked, makeApp, type Route } from '../contracts/framework-app.ts'

/** Two packages' worth of the library, from the source or as it is built. */
export interface Parts {
  readonly library: Parameters<typeof makeApp>[0]
  readonly integration: Pick<typeof import('../../src/integrations/hono.ts'), 'conditional' | 'sessions'>
  readonly collectGarbage: () => void
}

type OfId = Context<Env, '/:id'>

const METHODS = { get: ['GET'], post: ['POST'], all: ['GET', 'POST'] }

/** The application that every framework serves, in Hono, for every runtime. */
export function makeHonoApp({ library, integration, collectGarbage }: Parts): Hono {
  const { routes, onError, before } = makeApp(library, collectGarbage)
  const app = new Hono()
  app.use(integration.sessions())
  app.use(integration.sessions()) // a second time: a request still has one session
  app.use(async (c, next) => {
    await before(c.req.url)
    await next()
  })
  for (const route of routes) {
    const { path, method, dependsOn, options } = route
    const mount = (...handlers: H<Env, '/:id'>[]) => app.on(METHODS[method], [path], ...handlers)
    const answer = async (c: OfId) => send(c, await route.answer(await askedOf(c, route)))
    if (dependsOn === undefined) mount(answer)
    else
      mount(
        integration.conditional((c: OfId) => dependsOn(c.req.param()), options),
        answer,
      )
  }
  app.onError((error, c) => send(c, onError(error)))
  return app
}

async function askedOf({ req }: OfId, { multipart }: Route): Promise<Asked> {
  const body = req.header('content-type') === 'application/json' ? ((await req.json()) as unknown) : undefined
  const file = multipart && (await req.parseBody())['file']
  return { params: req.param(), query: req.query(), body, ...(file instanceof File && { size: file.size }) }
}

function send(c: Context, { status = 200, type, body }: Answer): Response {
  if (type === undefined) return c.json(body, status as 200)
  const writeAll = async (sink: StreamingApi): Promise<void> => {
    for await (const chunk of body as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      await sink.write(chunk)
      if (sink.aborted) break
    }
  }
  if (type === 'text/event-stream') return streamSSE(c, writeAll)
  c.header('Content-Type', type)
  return stream(c, writeAll)
}
