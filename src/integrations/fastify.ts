import type { IncomingMessage } from 'node:http'
import type {
  FastifyPluginCallback,
  FastifyRequest,
  HookHandlerDoneFunction,
  RawServerBase,
  RouteGenericInterface,
} from 'fastify'
import { ConditionalRoute, type DependsOn } from '../http/conditional.ts'
import { rawResponseOf } from '../http/fastify.ts'
import { begin, runInSessionOf } from '../http/node.ts'
import type { ConditionalOptions } from '../http/options.ts'

export type { ConditionalOptions, DependsOn }

/** A hook of Fastify's, of the kind that calls `done`, on a server of HTTP/1 or HTTP/2. */
export type PreHandler<Route extends RouteGenericInterface> = <Server extends RawServerBase>(
  request: FastifyRequest<Route, Server>,
  reply: Reply,
  done: HookHandlerDoneFunction,
) => void

/**
 * What is used of a reply of Fastify: its own type is made in another way in Fastify 4 than in 5, and in each differs by
 * what the route is said to send.
 */
export interface Reply {
  readonly raw: object
  code(statusCode: number): unknown
  send(...nothing: never[]): unknown
}

/**
 * Fastify plugin that gives every request a session of its own: whatever runs for the request, in hooks, parsers,
 * handlers and error handlers, also after `await` and in a streamed answer, sees one state. It holds for the instance it
 * is registered on and all inside of it. A request has one session, however often the plugin is registered;
 * `Session.of(request.raw)` finds it.
 *
 * @example
 * app.register(sessions)
 */
export const sessions: FastifyPluginCallback = Object.assign(
  function versionedLruCacheSessions(...[app, , registered]: Parameters<FastifyPluginCallback>): void {
    const enter = (request: { raw: object }, _reply: unknown, done: HookHandlerDoneFunction): void =>
      runInSessionOf(request.raw as IncomingMessage, done)
    // And again when the body is there: a parser or a hook may have gone on where a client that requests share has called.
    app.addHook('onRequest', enter).addHook('preHandler', enter)
    registered()
  },
  {
    // What the package fastify-plugin sets: that the hook is not for an instance of its own, and what it is for.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'versioned-lru-cache',
    [Symbol.for('plugin-meta')]: { name: 'versioned-lru-cache', fastify: '>=4' },
  },
)

/**
 * A `preHandler` of Fastify for a route whose answer depends on cached calls, and on nothing else but the URL, the `vary`
 * headers and the `salt`. It pins their versions for the request, tags the answer by them, and says 304 Not Modified to a
 * client that has it (RFC 9110, section 13.1.2): before the handler runs, and without a load. Put what says who may have
 * the answer before it.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * const preHandler = conditional<{ Params: { id: string } }>(({ params }) => report.dependency(params.id))
 * app.get('/report/:id', { preHandler }, handler)
 */
export function conditional<Route extends RouteGenericInterface = RouteGenericInterface>(
  dependsOn: DependsOn<FastifyRequest<Route>>,
  options?: ConditionalOptions,
): PreHandler<Route> {
  const route = new ConditionalRoute(dependsOn, options)
  function versionedLruCacheConditional(
    request: FastifyRequest<Route>,
    reply: Reply,
    done: HookHandlerDoneFunction,
  ): void {
    // `done` is called in the session, since what comes after it runs where it was called. And it is called where errors
    // are caught, since what a handler does at once, such as to send what cannot be sent, is thrown by it.
    runInSessionOf(request.raw, async () => {
      try {
        const validator = await begin(route, request, request.raw, () => rawResponseOf(reply))
        if (validator?.isMatched) sendNotModified(reply)
        else done()
      } catch (error) {
        done(error as Error)
      }
    })
  }
  return versionedLruCacheConditional as PreHandler<Route> // HTTP/2 has all of HTTP/1 that is used here
}

function sendNotModified(reply: Reply): void {
  reply.code(304)
  reply.send()
}
