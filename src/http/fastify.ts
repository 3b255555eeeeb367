import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'

/** What is used of a reply of Fastify. */
interface Reply {
  readonly raw: ServerResponse
  getHeader(name: string): OutgoingHttpHeader | undefined
  removeHeader(name: string): unknown
}

/** Node's own request, which Fastify wraps; of others it is the request itself. */
export function rawRequestOf(request: object): IncomingMessage {
  return (request as { raw?: IncomingMessage }).raw ?? (request as IncomingMessage)
}

/**
 * Node's own response, ready to be given headers. Fastify's reply keeps headers of its own, which replace those of Node's
 * response when the head is written: what has been set of them is moved, so that it is added to.
 */
export function rawResponseOf(response: object): ServerResponse {
  if (!('raw' in response)) return response as ServerResponse
  const reply = response as Reply
  for (const name of ['etag', 'vary', 'cache-control']) {
    const value = reply.getHeader(name)
    if (value === undefined) continue
    reply.removeHeader(name)
    reply.raw.setHeader(name, value)
  }
  return reply.raw
}
