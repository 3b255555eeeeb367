import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { renderMessage } from './document.ts'
import { InputError } from './input.ts'

/** What a client may be told. */
interface Problem {
  readonly status: number
  readonly reason: string
}

export const notFound: RequestHandler = (request, response) => {
  send(request, response, { status: 404, reason: 'There is nothing here.' })
}

/** Answers a path that exists, asked in a way that it does not know. */
export function onlyAllow(methods: string): RequestHandler {
  return (request, response) => {
    response.set('Allow', methods)
    send(request, response, { status: 405, reason: `This answers ${methods} only.` })
  }
}

export const onError: ErrorRequestHandler = (error, request, response, next) => {
  const problem = problemOf(error)
  if (problem.status >= 500) console.error(error)
  if (response.headersSent) next(error)
  else send(request, response, problem)
}

/** Says what is the client's fault, and of all else only that it went wrong: the rest is for the log. */
function problemOf(error: unknown): Problem {
  if (error instanceof InputError) return { status: 400, reason: error.message }
  if (isHttpError(error) && error.type === 'entity.parse.failed') {
    return { status: 400, reason: `The body is not valid JSON: ${error.message}` }
  }
  if (isHttpError(error) && error.status >= 400 && error.status < 500) {
    return { status: error.status, reason: `The request cannot be read: ${error.message}.` }
  }
  return { status: 500, reason: 'Something went wrong here. It is not your fault; please try again.' }
}

/** What Express and its body parsers throw. */
function isHttpError(error: unknown): error is Error & { status: number; type?: string } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

function send(request: Request, response: Response, { status, reason }: Problem): void {
  response.status(status).set('Cache-Control', 'no-store') // whatever the route has said of its success
  if (request.path.startsWith('/api/')) response.json({ error: reason })
  else response.send(renderMessage(reason))
}
