import { Readable } from 'node:stream'
import {
  All,
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  type INestApplication,
  Inject,
  Injectable,
  type MessageEvent,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  type NestModule,
  Next,
  NotFoundException,
  Param,
  type PipeTransform,
  Post,
  Query,
  Render,
  Res,
  ServiceUnavailableException,
  Sse,
  StreamableFile,
  type Type,
  UploadedFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, FileInterceptor } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { FileInterceptor as FastifyFileInterceptor } from '@nestjs/platform-fastify/multipart'
import type { Request as ExpressRequest } from 'express'
import type { FastifyRequest } from 'fastify'
import { defer, delay, from, lastValueFrom, map, mergeMap, type Observable, of, tap } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import { ConditionalInterceptor, conditional, SessionsModule } from '../src/integrations/nest.ts'
import { describeFramework, type Served } from './contracts/framework.ts'
import { type Answer, type Asked, makeApp, type Route } from './contracts/framework-app.ts'
import { ask, type Received } from './support/http-client.ts'
import { type Row, World } from './support/world.ts'

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

async function serve(
  module: Type,
  platform: Platform,
  configure: (app: INestApplication) => void = () => undefined,
): Promise<Served> {
  const app = await NestFactory.create<INestApplication>(module, ADAPTERS[platform](), { logger })
  configure(app)
  await app.listen(0, '127.0.0.1')
  const stop = async () => {
    app.getHttpServer().closeAllConnections()
    await app.close()
  }
  return { url: await app.getUrl(), stop }
}

/** What the responses of both platforms have. */
interface Reply {
  status(code: number): Reply
  header(name: string, value: string): Reply
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

  describe(`Nest on ${platform}, besides`, () => {
    let world: World
    beforeEach(() => {
      world = new World()
    })
    const load = async (id: string) => world.load(id)
    const report = library.versionedLruCache(load, { version: (id) => world.check(id), name: 'report' })
    const onReport = conditional(() => report.dependency('eu'))

    let served: Served | undefined
    afterEach(async () => {
      await served?.stop()
      served = undefined
      report.clear()
    })

    /** Serves what is given, and answers by one request. */
    async function get(metadata: ModuleMetadata, headers: Record<string, string> = {}, path = '/'): Promise<Received> {
      await served?.stop()
      class AppModule {}
      Module(metadata)(AppModule)
      served = await serve(AppModule, platform)
      return ask(served.url + path, { headers })
    }

    /** The same request again. */
    const again = (headers: Record<string, string> = {}, path = '/') => ask(served?.url + path, { headers })

    async function twice(): Promise<boolean> {
      const first = await report('eu')
      world.write('eu')
      return (await report('eu')) === first
    }

    @Controller()
    class Twice {
      @Get()
      twice() {
        return twice()
      }
    }

    it('has no session without the module: each call is one of its own', async () => {
      expect((await get({ controllers: [Twice] })).text).toBe('false')
      expect(world.take()).toEqual(['check eu', 'load eu', 'check eu', 'load eu'])
    })

    it('has one for the handler of a conditional route all the same, also for the observable that it gives', async () => {
      @Controller()
      class Lazy {
        @Get()
        @UseInterceptors(onReport)
        lazy() {
          return defer(twice)
        }
      }
      const { text, headers } = await get({ controllers: [Lazy] })
      expect([text, headers.etag]).toEqual(['true', expect.any(String)])
      expect(world.take()).toEqual(['check eu', 'load eu'])
    })

    it('has one session for guards, interceptors, pipes, the handler and the middleware of other modules', async () => {
      const visited: string[] = []
      const visit = async (where: string) => {
        visited.push(where)
        await report('eu')
        world.write('eu')
      }
      class Enhancer implements CanActivate, NestInterceptor, PipeTransform {
        async canActivate() {
          await visit('guard')
          return true
        }
        async intercept(_context: ExecutionContext, next: CallHandler) {
          await visit('interceptor')
          return next.handle().pipe(mergeMap(async (value) => visit('after').then(() => value)))
        }
        async transform(value: unknown) {
          await visit('pipe')
          return value
        }
      }
      const enhancer = new Enhancer()
      @Controller()
      @UseGuards(enhancer)
      @UseInterceptors(enhancer)
      class Visited {
        @Get(':id')
        visit(@Param('id', enhancer) id: string) {
          return visit(`handler ${id}`)
        }
      }
      @Module({ controllers: [Visited], imports: [SessionsModule] })
      class Feature implements NestModule {
        configure(consumer: MiddlewareConsumer) {
          const middleware = (_request: unknown, _response: unknown, next: () => void) => void visit('other').then(next)
          consumer.apply(middleware).forRoutes('{*path}')
        }
      }
      await get({ imports: [Feature, SessionsModule] }, {}, '/x')
      expect(visited).toEqual(['other', 'guard', 'interceptor', 'pipe', 'handler x', 'after'])
      expect(world.take()).toEqual(['check eu', 'load eu'])
    })

    it('has a session on every route, whatever its prefix and its version', async () => {
      @Controller({ path: 'in', version: ['1', VERSION_NEUTRAL] })
      class In extends Twice {}
      @Controller('out')
      class Out extends Twice {}
      @Module({ imports: [SessionsModule], controllers: [In, Out] })
      class AppModule {}
      served = await serve(AppModule, platform, (app) => {
        app.setGlobalPrefix('api', { exclude: ['out'] }).enableVersioning({ type: VersioningType.URI })
      })
      for (const path of ['/api/in', '/api/v1/in', '/out']) expect((await again({}, path)).text, path).toBe('true')
    })

    it('caches a method of what is injected, and answers by its version', async () => {
      @Injectable()
      class Reports {
        @library.versionedLruCache({ version: (id) => world.check(id) })
        async build(id: string) {
          return world.load(id)
        }
      }
      @Injectable()
      class ReportTag extends ConditionalInterceptor {
        constructor(@Inject(Reports) reports: Reports) {
          super(({ params }) => library.cachedMethod(reports, 'build').dependency(params.id), { salt: 'build 7' })
        }
      }
      @Controller()
      class ReportController {
        readonly reports: Reports
        constructor(@Inject(Reports) reports: Reports) {
          this.reports = reports
        }
        @Get('report/:id')
        @UseInterceptors(ReportTag)
        async show(@Param('id') id: string, @Query('write') write: string | undefined) {
          const first = await this.reports.build(id)
          if (write !== undefined) world.write(id)
          return { same: (await this.reports.build(id)) === first, version: first.version }
        }
      }
      const app = { imports: [SessionsModule], controllers: [ReportController], providers: [Reports] }
      const first = await get(app, {}, '/report/eu')
      expect(JSON.parse(first.text)).toEqual({ same: true, version: 1 })
      expect(world.take()).toEqual(['check eu', 'load eu'])
      const headers = { 'if-none-match': `${first.headers.etag}` }
      expect((await again(headers, '/report/eu')).status).toBe(304)
      expect((await again(headers, '/report/us')).status).toBe(200)
      expect(world.take()).toEqual(['check eu', 'check us', 'load us'])
      expect(JSON.parse((await again({}, '/report/eu?write')).text)).toEqual({ same: true, version: 1 })
      expect(JSON.parse((await again(headers, '/report/eu')).text)).toEqual({ same: true, version: 2 })
      expect(world.take()).toEqual(['check eu', 'check eu', 'load eu'])
    })

    it('asks its guards first', async () => {
      let isAllowed = true
      const guard: CanActivate = { canActivate: () => isAllowed }
      @Controller()
      @UseInterceptors(onReport)
      class Guarded {
        @Get()
        @UseGuards(guard)
        show() {
          return report('eu')
        }
      }
      const { etag = '' } = (await get({ controllers: [Guarded] })).headers
      world.take()
      isAllowed = false
      expect(await again({ 'if-none-match': etag })).toMatchObject({ status: 403 })
      expect(world.take()).toEqual([])
      isAllowed = true
      expect(await again({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '' })
      expect(world.take()).toEqual(['check eu'])
    })

    it('lets the interceptors around it go on after a 304, and sends nothing of what they make of it', async () => {
      const events: unknown[] = []
      const around: NestInterceptor = {
        intercept: (context, next) =>
          next.handle().pipe(
            delay(5),
            tap({ next: (value) => events.push(value), complete: () => events.push('completed') }),
            map((data) => {
              const response = context.switchToHttp().getResponse()
              response.header('X-Version', '7')
              return { data }
            }),
          ),
      }
      @Controller()
      @UseInterceptors(around, onReport)
      class Wrapped {
        @Get()
        show() {
          world.steps.push('handle')
          return 'content'
        }
      }
      const first = await get({ imports: [SessionsModule], controllers: [Wrapped] })
      expect(JSON.parse(first.text)).toEqual({ data: 'content' })
      world.take()
      events.length = 0
      const second = await again({ 'if-none-match': `${first.headers.etag}` })
      expect([second.status, second.text]).toEqual([304, ''])
      expect(second.headers).toMatchObject({ etag: first.headers.etag, 'x-version': '7', 'cache-control': 'no-cache' })
      expect(Object.keys(second.headers)).not.toContain('content-type')
      expect(Object.keys(second.headers)).not.toContain('content-length')
      expect(events).toEqual([undefined, 'completed'])
      expect(world.take()).toEqual(['check eu'])
    })

    it('answers an error of an interceptor around it as any other', async () => {
      let isBroken = false
      const around: NestInterceptor = {
        async intercept(_context, next) {
          const answer = await lastValueFrom(next.handle())
          if (isBroken) throw new ServiceUnavailableException('around')
          return of(answer)
        },
      }
      @Controller()
      @UseInterceptors(around, onReport)
      class Broken {
        @Get()
        show() {
          return report('eu')
        }
      }
      const { etag = '' } = (await get({ controllers: [Broken] })).headers
      isBroken = true
      const { status, text, headers } = await again({ 'if-none-match': etag })
      expect([status, headers.etag]).toEqual([503, undefined])
      expect(JSON.parse(text)).toMatchObject({ message: 'around' })
    })

    it('answers by itself for a handler that would, whatever its decorators made of its name', async () => {
      const Renamed: MethodDecorator = (target, name, descriptor) => {
        const method = descriptor.value as (...args: unknown[]) => unknown
        const value = (...args: unknown[]) => method.apply(target, args)
        for (const key of Reflect.getMetadataKeys(method)) {
          Reflect.defineMetadata(key, Reflect.getMetadata(key, method), value)
        }
        Object.defineProperty(target, name, { ...descriptor, value })
        return { ...descriptor, value } as typeof descriptor
      }
      class Base {
        @Get('response')
        @UseInterceptors(onReport)
        response(@Res() response: Reply) {
          response.status(200).send({ sent: true })
        }
        @Renamed
        @Get('renamed')
        @UseInterceptors(onReport)
        renamed(@Res() response: Reply) {
          response.status(200).send({ sent: true })
        }
        @Get('next')
        @UseInterceptors(onReport)
        next(@Next() next: () => void) {
          next()
        }
        @Get('passthrough')
        @UseInterceptors(onReport)
        passthrough(@Res({ passthrough: true }) response: Reply) {
          response.status(203)
          return { sent: false }
        }
      }
      @Controller()
      class Sending extends Base {}
      for (const [path, status] of [
        ['/response', 200],
        ['/renamed', 200],
        ['/passthrough', 203],
      ] as const) {
        const first = await get({ controllers: [Sending] }, {}, path)
        expect([first.status, first.headers.etag], path).toEqual([status, expect.any(String)])
        const { etag = '' } = first.headers
        expect(await again({ 'if-none-match': etag }, path), path).toMatchObject({
          status: 304,
          text: '',
          headers: { etag },
        })
      }
      Base.prototype.response = () => undefined // replaced after Nest has seen it
      const { etag = '' } = (await again({}, '/response')).headers
      expect(await again({ 'if-none-match': etag }, '/response')).toMatchObject({ status: 304 })
      expect(await again({ 'if-none-match': etag }, '/next')).toMatchObject({ status: 304 })
    })

    it('renders no view for a 304', async () => {
      @Controller()
      class Pages {
        @Get()
        @Render('page')
        @UseInterceptors(onReport)
        show() {
          return report('eu')
        }
      }
      const render = (_page: string, data: object) => `version ${(data as Row).version}`
      @Module({ controllers: [Pages] })
      class AppModule {}
      served = await serve(AppModule, platform, (app) => setView(app, render))
      const first = await again()
      expect([first.status, first.text]).toEqual([200, 'version 1'])
      const { etag = '' } = first.headers
      expect(await again({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '', headers: { etag } })
    })

    it('goes by the last of several conditional routes on the way of a request', async () => {
      const onMore = conditional(() => [report.dependency('eu'), report.dependency('us')])
      const etagOf = async (...interceptors: NestInterceptor[]) => {
        @Controller()
        class Tagged {
          @Get()
          @UseInterceptors(...interceptors)
          show() {
            return 'content'
          }
        }
        return (await get({ imports: [SessionsModule], controllers: [Tagged] })).headers.etag
      }
      const [first, second] = [await etagOf(onReport), await etagOf(onMore)]
      expect(first).not.toBe(second)
      expect(await etagOf(onReport, onMore)).toBe(second)
      expect(await etagOf(onMore, onReport)).toBe(first)
    })

    it('adds to the headers that were set before, and leaves those that a handler sets', async () => {
      const onTwo = conditional(() => report.dependency('eu'), { vary: ['Accept', 'Origin'] })
      @Controller()
      @UseInterceptors(onTwo)
      class Headed {
        @Get('before')
        @Header('Vary', 'Origin')
        @Header('Cache-Control', 'private')
        before() {
          return 'content'
        }
        @Get('handler')
        handler(@Res({ passthrough: true }) response: Reply) {
          response.header('ETag', '"own"').header('Cache-Control', 'public, max-age=5')
          return 'content'
        }
      }
      const { headers } = await get({ controllers: [Headed] }, {}, '/before')
      expect(headers).toMatchObject({ vary: 'Origin, accept', 'cache-control': 'private', etag: expect.any(String) })
      const known = await again({ 'if-none-match': `${headers.etag}` }, '/before')
      expect(known).toMatchObject({ status: 304, headers: { vary: 'Origin, accept', 'cache-control': 'private' } })
      expect((await again({}, '/handler')).headers).toMatchObject({
        etag: '"own"',
        'cache-control': 'public, max-age=5',
        vary: 'accept, origin',
      })
    })

    it('hands what its own function throws to the exception filters', async () => {
      @Controller()
      class Throwing {
        @Get()
        @UseInterceptors(
          conditional(() => {
            throw new NotFoundException('no such report')
          }),
        )
        show() {}
      }
      expect(await get({ controllers: [Throwing] })).toMatchObject({ status: 404 })
    })

    it('has no tag for what a filter answers in place of a handler that failed, also when it calls it a success', async () => {
      @Catch()
      class Apology implements ExceptionFilter {
        catch(_error: unknown, host: ArgumentsHost) {
          host.switchToHttp().getResponse<Reply>().status(200).send('later')
        }
      }
      @Controller()
      class Broken {
        @Get()
        @UseFilters(Apology)
        @UseInterceptors(conditional(() => report.dependency('eu')))
        fail(): never {
          throw new Error('broken')
        }
      }
      const { status, text, headers } = await get({ controllers: [Broken] })
      expect([status, text, headers.etag]).toEqual([200, 'later', undefined])
    })

    it('streams what a generator yields in the session', async () => {
      @Controller()
      class Streaming {
        @Get()
        @UseInterceptors(onReport)
        async *stream() {
          for (let part = 0; part < 3; part++) {
            const { version } = await report('eu')
            world.write('eu')
            yield `${version} `
          }
        }
      }
      const version = world.versionOf('eu')
      const { text } = await get({ imports: [SessionsModule], controllers: [Streaming] })
      expect(text).toBe(`${version} ${version} ${version} `)
    })
  })

  it('leaves no warning in any log', () => {
    expect(warnings).toEqual([])
  })
})

/** A view engine without a package. */
function setView(app: INestApplication, render: (page: string, data: object) => string): void {
  const instance = app.getHttpAdapter().getInstance()
  if (app.getHttpAdapter().getType() === 'fastify') {
    instance.decorateReply('view', function (this: Reply, page: string, data: object) {
      return this.send(render(page, data))
    })
  } else {
    instance.set('view engine', 'txt').set('views', 'test/support')
    instance.set('view', function (this: object, page: string) {
      Object.assign(this, {
        path: page,
        render: (data: object, done: (error: null, text: string) => void) => done(null, render(page, data)),
      })
    })
  }
}

describe('a conditional interceptor of Nest', () => {
  it("takes a function of either platform's request", () => {
    const dependency = (id: string) => library.versionedLruCache(Number, { version: () => 1 }).dependency(id)
    conditional((request: ExpressRequest<{ id: string }>) => dependency(request.params.id satisfies string))
    conditional(({ params }: FastifyRequest<{ Params: { id: string } }>) => dependency(params.id satisfies string))
    conditional(({ params, query, headers }) => [dependency(params.id), dependency(`${query.page} ${headers.range}`)])
  })

  it('refuses wrong options when it is made', () => {
    const dependsOn = () => ({}) as library.Dependency
    expect(() => conditional(dependsOn, { cacheControl: 5 as unknown as string })).toThrow(library.InvalidOptionError)
    expect(() => new ConditionalInterceptor(5 as never)).toThrow('give a function of the request')
  })
})
