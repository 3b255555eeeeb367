import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Session } from '../core/session.ts'
import type { RequestHead, Validator } from './conditional.ts'
import { withVary } from './vary.ts'

const bound = new WeakSet<IncomingMessage>()

/**
 * Runs a function in the session of a request, and with it whoever listens to the request. Its events come from the
 * socket, which belongs to no request, so what waits for the body or for an abort would be outside of the session.
 */
export function runInSessionOf<R>(request: IncomingMessage, fn: () => R): R {
  const session = Session.of(request)
  if (!bound.has(request)) {
    bound.add(request)
    const { emit } = request
    request.emit = (...args: Parameters<typeof emit>): boolean => session.run(() => Reflect.apply(emit, request, args))
  }
  return session.run(fn)
}

/** Lets a stream read in the session of a request, whoever pulls at it: for a framework that does so later, and outside. */
export function readInSessionOf(request: IncomingMessage, stream: Readable): void {
  const session = Session.of(request)
  const { _read } = stream
  stream._read = (size) => session.run(() => Reflect.apply(_read, stream, [size]))
}

export function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method as string, // on a server it is there
    header: (name) => request.headers[name]?.toString(),
  }
}

/**
 * Puts a validator's headers on a response at once, so that whoever writes the answer sees them, and takes the tag back
 * when the head is written if it is not true of what is sent.
 */
export function prepare(response: ServerResponse, validator: Validator): void {
  for (const name of validator.vary) response.setHeader('Vary', withVary(response.getHeader('vary'), name))
  if (validator.cacheControl !== undefined && !response.hasHeader('cache-control')) {
    response.setHeader('Cache-Control', validator.cacheControl)
  }
  if (validator.tag === undefined) response.removeHeader('ETag')
  else response.setHeader('ETag', validator.tag)
  beforeHead(response, (status) => {
    if (!validator.isInCharge) return status
    if (!validator.admits(status) && response.getHeader('etag') === validator.tag) response.removeHeader('ETag')
    return validator.statusFor(status)
  })
}

/**
 * Takes the tag from an answer that is made in place of a handler's that failed: the versions do not stand for it, also
 * when it is called a success, and a client would be told to go on with it.
 */
export function takeTagBack(response: ServerResponse): void {
  if (!response.headersSent) response.removeHeader('ETag')
}

/** Every way to write a response comes by `writeHead`, also `end` and `pipe`. */
function beforeHead(response: ServerResponse, decide: (status: number) => number): void {
  const { writeHead } = response
  response.writeHead = (status: number, ...rest: unknown[]): ServerResponse => {
    response.writeHead = writeHead
    return Reflect.apply(writeHead, response, [decide(status), ...rest])
  }
}
