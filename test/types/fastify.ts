// What must compile with Fastify's types, and, behind `@ts-expect-error`, what must not. Checked by `npm run types`, never run.
import fastify, { type FastifyBaseLogger } from 'fastify'
import { versionedLruCache } from '../../src/index.ts'
import { conditional, sessions } from '../../src/integrations/fastify.ts'

type OfId = { Params: { id: string } }

const report = versionedLruCache(async (id: string) => ({ id }), { version: async () => 1 })
const onAny = conditional(() => report.dependency('eu'))
const onId = conditional<OfId>(({ params }) => report.dependency(params.id))

// Alone, in a list, and for all routes; with what else a route has.
const app = fastify()
app.register(sessions)
app.addHook('preHandler', onAny)
app.get('/', { preHandler: onAny }, async () => report('eu'))
app.get<OfId>('/:id', { preHandler: onId }, async ({ params }) => report(params.id))
app.get<OfId>('/:id/any', { preHandler: [async () => undefined, onAny, onId] }, async ({ params }) => report(params.id))
app.get<OfId & { Querystring: { page: string } }>('/:id/:page', { preHandler: onId }, async ({ query }) => query.page)

app.get<OfId & { Reply: { 200: { id: string }; '4xx': string } }>(
  '/:id/typed',
  { preHandler: onId },
  async ({ params }) => report(params.id),
)

// The parameters are those of the route.
// @ts-expect-error: there is no id
app.get<{ Params: { topic: string } }>('/of/:topic', { preHandler: onId }, async () => 1)
// @ts-expect-error: it is a string
conditional<OfId>(({ params }) => report.dependency(params.id.year))

// Every kind of server.
const http2 = fastify({ http2: true })
http2.register(sessions)
http2.get<OfId>('/:id', { preHandler: [onAny, onId] }, async ({ params }) => report(params.id))
const secureHttp2 = fastify({ http2: true, https: {} })
secureHttp2.register(sessions)
secureHttp2.get<OfId>('/:id', { preHandler: onId }, async ({ params }) => report(params.id))
const https = fastify({ https: {} })
https.register(sessions)
https.get<OfId>('/:id', { preHandler: onId }, async ({ params }) => report(params.id))

// A logger of one's own.
declare const loggerInstance: FastifyBaseLogger & { audit(): void }
const logging = fastify({ loggerInstance })
logging.register(sessions)
logging.get<OfId>('/:id', { preHandler: onId }, async ({ params }) => report(params.id))
