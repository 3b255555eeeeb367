import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConditionalRoute, type DependsOn } from '../http/conditional.ts'
import { begin, runInSessionOf } from '../http/node.ts'
import type { ConditionalOptions } from '../http/options.ts'

export type { ConditionalOptions, DependsOn }

/**
 * What Express calls a request handler, as far as it is needed here: nothing of Express's own types, so that
 * this also type-checks where they are not installed.
 */
export type Middleware<Request> = (request: Request, response: Response, next: (error?: unknown) => void) => void

/** What is used of a request of Express. (What is in it, is for the route to know: annotate it for exact types.) */
export interface Request extends IncomingMessage {
  readonly fresh: boolean
  // biome-ignore lint/suspicious/noExplicitAny: as loose as Express's own, so that every route's request is one
  readonly params: any
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly query: any
}

/** What is used of a response of Express. */
export type Response = ServerResponse

/**
 * Express middleware that gives every request a session of its own: whatever runs for the request, also after
 * `await` and after the body has been read, sees one state. A request has one session, however often it passes.
 *
 * @example
 * app.use(sessions())
 */
export function sessions(): Middleware<IncomingMessage> {
  return function versionedLruCacheSessions(request, _response, next) {
    runInSessionOf(request, next)
  }
}

/**
 * Express middleware for a route whose answer depends on cached calls, and on nothing else but the URL, the `vary`
 * headers and the `salt`. It pins their versions for the request, tags the answer by them, and says 304 Not Modified to
 * a client that has it (RFC 9110, section 13.1.2): before the handler runs, and without a load. Put what says who may
 * have the answer before it.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * app.get('/report/:id', conditional(({ params }) => report.dependency(params.id)), handler)
 */
export function conditional<R extends Request>(dependsOn: DependsOn<R>, options?: ConditionalOptions): Middleware<R> {
  const route = new ConditionalRoute(dependsOn, options)
  return function versionedLruCacheConditional(request, response, next) {
    runInSessionOf(request, async () => {
      try {
        const validator = await begin(route, request, request, () => response)
        if (validator?.isMatched && request.fresh) response.writeHead(304).end()
        else next()
      } catch (error) {
        next(error)
      }
    })
  }
}
