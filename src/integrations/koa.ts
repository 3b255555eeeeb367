import { Readable } from 'node:stream'
import type { Context, Next } from 'koa'
import { ConditionalRoute, type DependsOn, type Validator } from '../http/conditional.ts'
import { begin, readInSessionOf, runInSessionOf } from '../http/node.ts'
import type { ConditionalOptions } from '../http/options.ts'

export type { ConditionalOptions, DependsOn }

/** A middleware of Koa. */
export type Middleware<C> = (context: C, next: Next) => Promise<void>

/**
 * Koa middleware that gives every request a session of its own: whatever runs for the request, also after `await`,
 * after the body has been read and while a streamed body is read, sees one state. A request has one session, however
 * often it passes; `Session.of(ctx.req)` finds it.
 *
 * @example
 * app.use(sessions())
 */
export function sessions(): Middleware<Context> {
  return function versionedLruCacheSessions(context, next) {
    return runInSession(context, next)
  }
}

/**
 * Koa middleware for a route whose answer depends on cached calls, and on nothing else but the URL, the `vary` headers
 * and the `salt`. It pins their versions for the request, tags the answer by them, and says 304 Not Modified to a client
 * that has it (RFC 9110, section 13.1.2): before the handler runs, and without a load. Put what says who may have the
 * answer before it.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * router.get('/report/:id', conditional((ctx) => report.dependency(ctx.params.id)), handler)
 */
export function conditional<C extends Context = Context>(
  dependsOn: DependsOn<C>,
  options?: ConditionalOptions,
): Middleware<C> {
  const route = new ConditionalRoute(dependsOn, options)
  return function versionedLruCacheConditional(context, next) {
    return runInSession(context, async () => {
      const validator = await begin(route, context, context.req, () => context.res)
      if (validator?.isMatched && isFresh(context)) context.status = 304
      else await next().catch((error) => giveUp(validator, error))
    })
  }
}

function giveUp(validator: Validator | undefined, error: unknown): never {
  validator?.giveUp()
  throw error
}

/** Koa reads a body that is a stream when all middleware has returned, outside of the session. */
async function runInSession(context: Context, fn: () => Promise<void>): Promise<void> {
  await runInSessionOf(context.req, fn)
  if (context.body instanceof Readable) readInSessionOf(context.req, context.body)
}

/**
 * What Koa says of an answer that is going to be a success. Until there is a body the status is 404, for which nothing is
 * fresh; to set `context.status` would make it stay, also when there is never a body.
 */
function isFresh(context: Context): boolean {
  const { statusCode } = context.res
  context.res.statusCode = 200
  const { fresh } = context
  context.res.statusCode = statusCode
  return fresh
}
