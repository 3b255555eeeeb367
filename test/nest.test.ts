import { Readable } from 'node:stream'
import {
  All,
  type ArgumentsHost,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type MessageEvent,
  Module,
  Param,
  Post,
  Query,
  Res,
  Sse,
  StreamableFile,
  type Type,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { FileInterceptor as FastifyFileInterceptor } from '@nestjs/platform-fastify/multipart'
import { from, map, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { conditional, SessionsModule } from '../src/integrations/nest.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, type Asked, makeApp, type Route } from './contracts/framework-app.ts'

/** What Nest and Fastify have warned of, which is to be nothing. */
const warnings: string[] = []
const collect = (...words: unknown[]): void => void warnings.push(words.join(' '))
const logger = { log: () => undefined, warn: collect, error: collect, fatal: collect }

const express = () => {
  const adapter = new ExpressAdapter()
  adapter.disable('etag') // Express's own, made of the body
  return adapter
}

const fastify = () => new FastifyAdapter({ logger: { level: 'warn', stream: { write: collect } } })

type Platform = 'Express' | 'Fastify'
const ADAPTERS = { Express: express, Fastify: fastify }

async function serve(module: Type, platform: Platform): Promise<Served> {
  const app = await NestFactory.create<NestExpressApplication>(module, ADAPTERS[platform](), { logger })
  await app.listen(0, '127.0.0.1')
  const stop = async () => {
    app.getHttpServer().closeAllConnections()
    await app.close()
  }
  return { url: await app.getUrl(), stop }
}

interface Reply {
  status(code: number): Reply
  send(body: unknown): unknown
}

async function serveContract(platform: Platform): Promise<Served> {
  const { routes, onError, before } = makeApp(library, () => global.gc?.())

  class Before implements CanActivate {
    async canActivate(context: ExecutionContext): Promise<boolean> {
      await before(context.switchToHttp().getRequest().url)
      return true
    }
  }

  @Catch()
  class AnswerError implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost): void {
      const { status = 500, body } = onError(error)
      host.switchToHttp().getResponse<Reply>().status(status).send(body)
    }
  }

  @Module({
    imports: [SessionsModule, { ...SessionsModule }], // a second time: a request still has one session
    controllers: routes.map((route) => controllerOf(route, platform)),
    providers: [
      { provide: 'APP_GUARD', useClass: Before },
      { provide: 'APP_FILTER', useClass: AnswerError },
    ],
  })
  class AppModule {}

  return serve(AppModule, platform)
}

const METHODS = { get: Get, post: Post, all: All }
const UPLOADS = { Express: FileInterceptor, Fastify: FastifyFileInterceptor }

function controllerOf({ method, path, multipart, dependsOn, options, answer }: Route, platform: Platform): Type {
  const decorators = [
    path.startsWith('/events/') ? Sse(path) : METHODS[method](path),
    ...(multipart ? [UseInterceptors(UPLOADS[platform]('file'))] : []),
    ...(dependsOn ? [UseInterceptors(conditional(({ params }) => dependsOn(params), options))] : []),
  ]
  const Decorated: MethodDecorator = (...target) => {
    for (const decorator of decorators) decorator(...target)
  }

  @Controller()
  class RouteController {
    @Decorated
    async answer(
      @Param() params: Asked['params'],
      @Query() query: Asked['query'],
      @Body() body: unknown,
      @UploadedFile() file: { readonly size: number } | undefined,
      @Res({ passthrough: true }) response: Reply,
    ): Promise<unknown> {
      const answered = await answer({ params, query, body, ...(file && { size: file.size }) })
      if (answered.status !== undefined) response.status(answered.status)
      return bodyOf(answered)
    }
  }
  return RouteController
}

function bodyOf({ type, body }: Answer): unknown {
  if (type === undefined) return body
  const stream = body as AsyncIterable<Uint8Array>
  return type === 'text/event-stream' ? eventsOf(stream) : new StreamableFile(Readable.from(stream), { type })
}

function eventsOf(lines: AsyncIterable<Uint8Array>): Observable<MessageEvent> {
  const text = new TextDecoder()
  return from(lines).pipe(map((line) => ({ data: JSON.parse(text.decode(line).replace('data: ', '')) })))
}

describe.each<Platform>(['Express', 'Fastify'])('on %s', (platform) => {
  describeFramework(`Nest on ${platform}`, () => serveContract(platform))

  it('leaves no warning in any log', () => {
    expect(warnings).toEqual([])
  })
})
