import type { Context, Env, Input, MiddlewareHandler } from 'hono'
import type { BlankInput } from 'hono/types'
import { keepInHolder, readHolder } from '../core/holder.ts'
import { Session } from '../core/session.ts'
import { ConditionalRoute, type DependsOn, type RequestHead, type Validator } from '../http/conditional.ts'
import type { ConditionalOptions } from '../http/options.ts'
import { withVary } from '../http/vary.ts'

export type { ConditionalOptions, DependsOn }

/** The path of a route of which the types know nothing: by it each `c.req.param(name)` is a string. */
export type AnyPath = `/:${string}`

/**
 * Hono middleware that gives every request a session of its own: whatever runs for the request, also after `await`
 * and in `stream()` and `streamSSE()`, sees one state. A request has one session, however often it passes.
 *
 * @example
 * app.use(sessions())
 */
export function sessions(): MiddlewareHandler {
  return function versionedLruCacheSessions(c, next) {
    return sessionOf(c).run(next)
  }
}

/**
 * Hono middleware for a route whose answer depends on cached calls, and on nothing else but the URL, the `vary`
 * headers and the `salt`. It pins their versions for the request, tags the answer by them, and says 304 Not Modified to
 * a client that has it (RFC 9110, section 13.1.2): before the handler runs, and without a load. Put what says who may
 * have the answer before it.
 *
 * Hono's types do not let it know the path of its route: annotate the context, or name the types, for exact ones.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * app.get('/report/:id', conditional((c) => report.dependency(c.req.param('id'))), handler)
 * @example
 * const ofReport = conditional((c: Context<Env, '/report/:id'>) => report.dependency(c.req.param('id')))
 */
// biome-ignore lint/suspicious/noExplicitAny: as loose as Hono's own, so that it goes with every application
export function conditional<E extends Env = any, P extends string = AnyPath, I extends Input = BlankInput>(
  dependsOn: DependsOn<Context<E, P, I>>,
  options?: ConditionalOptions,
): MiddlewareHandler<E, P, I> {
  const route = new ConditionalRoute(dependsOn, options)
  return function versionedLruCacheConditional(c, next) {
    const session = sessionOf(c)
    return session.run(async () => {
      const validator = await route.validate(c, headOf(c), session)
      if (validator?.isMatched) c.res = c.body(null, 304)
      else await next()
      if (validator !== undefined) finish(c, validator)
    })
  }
}

/**
 * The context stays when a middleware puts another Request in the place of the raw one, as `bodyLimit` does; the raw
 * request stays where it is handed to another app. So both keep the session.
 */
function sessionOf(c: Context): Session {
  const kept = readHolder(c)
  if (kept instanceof Session) return kept
  const session = Session.of(c.req.raw)
  keepInHolder(c, session)
  return session
}

function headOf({ req }: Context): RequestHead {
  return { method: req.method, header: (name) => req.header(name) }
}

/** Puts a validator's headers on the answer, whose head has not been written yet, also when its body is a stream. */
function finish(c: Context, validator: Validator): void {
  for (const name of validator.vary) setHeader(c, 'Vary', withVary(c.res.headers.get('vary'), name))
  if (validator.cacheControl !== undefined && !c.res.headers.has('cache-control')) {
    setHeader(c, 'Cache-Control', validator.cacheControl)
  }
  // What an error handler answers is made of no version, also when it calls it a success.
  if (!validator.isInCharge || c.error !== undefined) return
  if (!c.res.headers.has('etag') && validator.admits(c.res.status)) setHeader(c, 'ETag', validator.tag as string)
  if (validator.statusFor(c.res.status) !== c.res.status) dropContent(c)
}

/** On the response as it is, since a copy would be sent in chunks; but one that came from `fetch` cannot be changed. */
function setHeader(c: Context, name: string, value: string): void {
  try {
    c.res.headers.set(name, value)
  } catch {
    replace(c, new Response(c.res.body, c.res))
    c.res.headers.set(name, value)
  }
}

/** What is said of a content that is not sent: RFC 9110, section 15.4.5. */
const OF_CONTENT = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'transfer-encoding',
]

/** Makes a 304 of a success. */
function dropContent(c: Context): void {
  const headers = new Headers(c.res.headers)
  for (const name of OF_CONTENT) headers.delete(name)
  c.res.body?.cancel().catch(() => undefined) // how a stream ends that nobody reads is no concern of the answer's
  replace(c, new Response(null, { status: 304, headers }))
}

/** Hono would add the headers of the response that is there already. */
function replace(c: Context, response: Response): void {
  c.res = undefined
  c.res = response
}
