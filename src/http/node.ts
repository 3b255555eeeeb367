import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { Session } from '../core/session.ts'
import type { ConditionalRoute, RequestHead, Validator } from './conditional.ts'
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

function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method as string, // on a server it is there
    header: (name) => request.headers[name]?.toString(),
  }
}

/**
 * Asks what a route's answer depends on, in the session of the request, and has the answer say so: at once, so that whoever
 * writes the answer sees it, and once more when the head is written, so that it is true of what is sent. Undefined when there
 * is nothing to say, or somebody else has answered meanwhile.
 *
 * @throws what the route throws.
 */
export async function begin<R>(
  route: ConditionalRoute<R>,
  request: R,
  raw: IncomingMessage,
  responseOf: () => ServerResponse,
): Promise<Validator | undefined> {
  const validator = await route.validate(request, headOf(raw), raw)
  if (validator === undefined) return undefined
  const response = responseOf()
  if (response.headersSent) return undefined
  if (validator.tag === undefined) response.removeHeader('ETag')
  else response.setHeader('ETag', validator.tag)
  addVary(response, validator)
  if (validator.asksForAny) dropBodyOf304(response)
  beforeHead(response, (status, given) => (validator.isInCharge ? finish(response, validator, status, given) : status))
  return validator
}

type Headers = Record<string, number | string | string[]>

/** What stands in the head in the end. A handler's own headers stay; `given` are those that come with the head itself. */
function finish(response: ServerResponse, validator: Validator, status: number, given: Headers): number {
  addVary(response, validator) // once more: a handler may have set another
  const vary = nameIn(given, 'vary')
  if (vary !== undefined) given[vary] = validator.vary.reduce(withVary, given[vary] as string)
  const isSilent = nameIn(given, 'cache-control') === undefined && !response.hasHeader('cache-control')
  if (validator.cacheControl !== undefined && isSilent) response.setHeader('Cache-Control', validator.cacheControl)
  if (!validator.admits(status) && response.getHeader('etag') === validator.tag) response.removeHeader('ETag')
  return validator.statusFor(status)
}

function addVary(response: ServerResponse, validator: Validator): void {
  for (const name of validator.vary) response.setHeader('Vary', withVary(response.getHeader('vary'), name))
}

/** Every way to write a response comes by `writeHead`, also `end` and `pipe`. */
function beforeHead(response: ServerResponse, decide: (status: number, given: Headers) => number): void {
  const { writeHead } = response
  response.writeHead = (status: number, ...rest: unknown[]): ServerResponse => {
    response.writeHead = writeHead
    const last = rest.at(-1)
    const given = isPlain(last) ? { ...last } : undefined
    const final = decide(status, given ?? {})
    return Reflect.apply(writeHead, response, [final, ...(given === undefined ? rest : [...rest.slice(0, -1), given])])
  }
}

function isPlain(headers: unknown): headers is Headers {
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers)
}

function nameIn(headers: Headers, name: string): string | undefined {
  return Object.keys(headers).find((given) => given.toLowerCase() === name)
}

/**
 * Whoever writes the answer does not know that it will be a 304, and Node may refuse to write a body then, at the very call
 * by which the head is written: so that is written first.
 */
function dropBodyOf304(response: ServerResponse): void {
  const { write, end } = response
  const isDropped = (): boolean => {
    if (!response.headersSent) response.writeHead(response.statusCode)
    return response.statusCode === 304
  }
  const doneOf = (args: unknown[]) => args.filter((arg): arg is () => void => typeof arg === 'function')
  response.write = (...args: unknown[]): boolean => {
    if (!isDropped()) return Reflect.apply(write, response, args)
    for (const done of doneOf(args)) process.nextTick(done)
    return true
  }
  response.end = (...args: unknown[]): ServerResponse => Reflect.apply(end, response, isDropped() ? doneOf(args) : args)
}
