import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import multer from 'multer'
import * as library from '../src/index.ts'
import { conditional, sessions } from '../src/integrations/express.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, makeApp, type Route } from './contracts/framework-app.ts'

async function serve(): Promise<Served> {
  const { routes, onError, before } = makeApp(library, () => global.gc?.())
  const app = express()
  app.set('etag', false) // Express's own, made of the body
  app.use(sessions())
  app.use(sessions()) // a second time: a request still has one session
  app.use(express.json())
  app.use(async (request, _response, next) => {
    await before(request.url)
    next()
  })
  for (const route of routes) app[route.method](route.path, handlersOf(route))
  const answerError: ErrorRequestHandler = (error, _request, response, _next) => send(response, onError(error))
  app.use(answerError)

  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

function handlersOf({ multipart, dependsOn, options, answer }: Route): RequestHandler<{ id: string }>[] {
  const handlers: RequestHandler<{ id: string }>[] = []
  if (multipart) handlers.push(multer().single('file'))
  if (dependsOn) handlers.push(conditional((request: Request<{ id: string }>) => dependsOn(request.params), options))
  handlers.push(async (request, response) => {
    const { params, body, file } = request
    send(
      response,
      await answer({ params, body, query: request.query as Record<string, string>, ...(file && { size: file.size }) }),
    )
  })
  return handlers
}

function send(response: Response, { status = 200, type, body }: Answer): void {
  response.status(status)
  if (type === undefined) response.json(body)
  else Readable.from(body as AsyncIterable<Uint8Array>).pipe(response.type(type))
}

describeFramework('Express', serve)
