import { Session } from '../core/session.ts'

/**
 * What Express calls a request handler, as far as it is needed here: nothing of Express's own types, so that
 * this also type-checks where they are not installed.
 */
export type SessionsMiddleware = (request: object, response: unknown, next: () => void) => void

/**
 * Express middleware that gives every request a session of its own: whatever runs for the request, also after
 * `await`, sees one state. Put it after the body parsers, which may lose the async context, or use it there
 * once more: a request has one session, however often it passes.
 *
 * @example
 * app.use(sessions())
 */
export function sessions(): SessionsMiddleware {
  return function versionedLruCacheSessions(request, _response, next) {
    Session.of(request).run(next)
  }
}
