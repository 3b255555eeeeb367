import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { CallHandler, DynamicModule, ExecutionContext, MiddlewareConsumer, NestInterceptor } from '@nestjs/common'
import { Observable, of, tap } from 'rxjs'
import { Session } from '../core/session.ts'
import { ConditionalRoute, type DependsOn } from '../http/conditional.ts'
import { rawRequestOf, rawResponseOf } from '../http/fastify.ts'
import { begin, runInSessionOf } from '../http/node.ts'
import type { ConditionalOptions } from '../http/options.ts'

export type { ConditionalOptions, DependsOn }

/** What the requests of both platforms have: annotate the parameter as `express.Request` or `FastifyRequest` for more. */
export interface Request {
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: as loose as Express's own, so that every route's request is one
  readonly params: any
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly query: any
}

/** What is used of the responses of both platforms. */
interface Response {
  readonly statusCode: number
  status(code: number): unknown
  send(body?: unknown): unknown
}

/**
 * An interceptor that gives every message of a gateway or a microservice a session of its own. {@link SessionsModule}
 * has it: put it where Nest does not apply what is global, as on the gateways of Nest 11. A message has one session,
 * however many of these it passes; HTTP requests and GraphQL queries pass.
 *
 * @example
 * @WebSocketGateway()
 * @UseInterceptors(sessionPerMessage)
 * class ReportGateway { … }
 */
export const sessionPerMessage: NestInterceptor = {
  intercept(context, next) {
    if (['http', 'graphql'].includes(context.getType())) return next.handle()
    const session = Session.of(context)
    return handled(next, (fn) => session.run(fn))
  },
}

/**
 * A module of Nest that gives every HTTP request a session of its own: guards, interceptors, pipes, the handler and
 * exception filters all see one state. It gives one to every message of a WebSocket gateway or a microservice too, by
 * {@link sessionPerMessage}. Import it in the root module.
 *
 * It is global, so that its middleware runs before that of other modules. Imported twice it does no harm.
 *
 * @example
 * @Module({ imports: [SessionsModule], controllers: [ReportController] })
 * class AppModule {}
 */
export const SessionsModule: DynamicModule = {
  global: true,
  module: class SessionsModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(versionedLruCacheSessions).forRoutes('{*path}')
    }
  },
  providers: [{ provide: 'APP_INTERCEPTOR', useValue: sessionPerMessage }],
}

/** On Fastify, too, middleware gets Node's own request. */
function versionedLruCacheSessions(request: IncomingMessage, _response: unknown, next: () => void): void {
  runInSessionOf(request, next)
}

/**
 * An interceptor for a route whose answer depends on cached calls, and on nothing else but the URL, the `vary` headers
 * and the `salt`. It pins their versions for the request, tags the answer by them, and says 304 Not Modified to a
 * client that has it (RFC 9110, section 13.1.2): before the handler runs, and without a load. Guards run before it, so
 * they say who may have the answer.
 *
 * Extend it where what is cached is injected; otherwise {@link conditional} is shorter.
 *
 * @example
 * @Injectable()
 * class ReportTag extends ConditionalInterceptor {
 *   constructor(reports: Reports) {
 *     super((request) => cachedMethod(reports, 'build').dependency(request.params.id))
 *   }
 * }
 */
export class ConditionalInterceptor<R extends Request = Request> implements NestInterceptor {
  readonly #route: ConditionalRoute<R>

  /** @throws {InvalidOptionError} for an option that is unknown or cannot be used. */
  constructor(dependsOn: DependsOn<R>, options?: ConditionalOptions) {
    this.#route = new ConditionalRoute(dependsOn, options)
  }

  /**
   * For Nest to call. What is no HTTP request passes.
   *
   * @throws {InvalidDependencyError} when the route names no call; rejects with it.
   */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle()
    const request = context.switchToHttp().getRequest<R>()
    const response = context.switchToHttp().getResponse<Response>()
    const raw = rawRequestOf(request)
    return runInSessionOf(raw, async () => {
      const validator = await begin(this.#route, request, raw, () => rawResponseOf(response))
      if (!validator?.isMatched) {
        const outcome = handled(next, (fn) => runInSessionOf(raw, fn))
        return outcome.pipe(tap({ error: () => validator?.giveUp() }))
      }
      sayNotModified(response, context)
      return of(undefined)
    })
  }
}

/**
 * The {@link ConditionalInterceptor} of one route, for `@UseInterceptors`.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * @Get('report/:id')
 * @UseInterceptors(conditional((request) => report.dependency(request.params.id)))
 * show(@Param('id') id: string) { … }
 */
export function conditional<R extends Request>(
  dependsOn: DependsOn<R>,
  options?: ConditionalOptions,
): ConditionalInterceptor<R> {
  return new ConditionalInterceptor(dependsOn, options)
}

/** What the handler gives, by way of the interceptors in between. It may give an observable that begins its work later. */
function handled(next: CallHandler, run: <T>(fn: () => T) => T): Observable<unknown> {
  return new Observable((subscriber) => run(() => next.handle().subscribe(subscriber)))
}

/**
 * Nest sends the answer, after the interceptors around this one have had their turn. If the handler were to send it,
 * Nest does not.
 */
function sayNotModified(response: Response, context: ExecutionContext): void {
  response.status(304)
  if (isSentByHandler(context)) response.send()
  else sendNoContent(response)
}

/** There is nothing to make a view of, and what other interceptors make of nothing is no content of this answer. */
function sendNoContent(response: Response): void {
  const methods = response as unknown as Record<string, unknown>
  const send = response.send
  for (const name of ['send', 'render', 'view']) {
    const method = methods[name]
    if (typeof method !== 'function') continue
    methods[name] = (...args: unknown[]): unknown =>
      response.statusCode === 304 ? send.call(response) : method.apply(response, args)
  }
}

/**
 * Whether the handler takes the response (`@Res()`) or `@Next()` to answer by itself, in which case Nest sends nothing.
 * Only the metadata that Nest's decorators leave on the controller say so.
 */
function isSentByHandler(context: ExecutionContext): boolean {
  const controller = context.getClass()
  const name = nameOf(context.getHandler(), controller.prototype)
  const parameters: object = Reflect.getMetadata('__routeArguments__', controller, name) ?? {}
  const takesOver = Object.keys(parameters).some((key) => /^[12]:/.test(key)) // RouteParamtypes.RESPONSE and .NEXT
  return takesOver && Reflect.getMetadata('__responsePassthrough__', controller, name) !== true
}

/** By what it is found: a decorator may have put a function of another name in the place of the method. */
function nameOf(handler: { readonly name: string }, prototype: object | null): string {
  if (prototype === null) return handler.name
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype))
  return methods.find(([, { value }]) => value === handler)?.[0] ?? nameOf(handler, Object.getPrototypeOf(prototype))
}
