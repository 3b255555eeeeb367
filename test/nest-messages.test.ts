import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type INestMicroservice,
  Module,
  type NestInterceptor,
  type PipeTransform,
  UseInterceptors,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices'
import { WsAdapter } from '@nestjs/platform-ws'
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { concatMap, defer, lastValueFrom, type Observable, of, range, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import WebSocket from 'ws'
import { currentSession, runInSession, versionedLruCache } from '../src/index.ts'
import { conditional, SessionsModule, sessionPerMessage } from '../src/integrations/nest.ts'
import { World } from './support/world.ts'

let world: World
const report = versionedLruCache(async (id: string) => world.load(id), { version: (id) => world.check(id) })
const stops: (() => Promise<unknown>)[] = []

beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  report.clear()
})

async function read(id: string): Promise<number> {
  const { version } = await report(id)
  world.write(id)
  return version
}

const readTwice = async (id: string) => [await read(id), await read(id)]

const reading: PipeTransform = {
  transform: async (id: string) => {
    await report(id)
    return id
  },
}

@Controller()
class MessageController {
  @MessagePattern('handler')
  handler(@Payload(reading) id: string) {
    return readTwice(id)
  }

  @MessagePattern('observable')
  observable(@Payload() id: string) {
    return defer(() => readTwice(id))
  }

  @MessagePattern('several')
  several(@Payload() id: string) {
    return range(0, 2).pipe(concatMap(() => read(id)))
  }

  @MessagePattern('conditional')
  @UseInterceptors(conditional(() => report.dependency('eu')))
  conditional(@Payload() id: string) {
    return readTwice(id)
  }

  @EventPattern('event')
  async event(@Payload() id: string) {
    world.steps.push(`event ${await readTwice(id)}`)
  }
}

const readingBefore: NestInterceptor = {
  async intercept(context, next) {
    await read(context.switchToRpc().getData())
    return next.handle()
  },
}

@Controller()
@UseInterceptors(readingBefore, sessionPerMessage)
class SessionController extends MessageController {}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('handler')
  async handler(@MessageBody(reading) id: string) {
    return { event: 'handler', data: await readTwice(id) }
  }
}

const imports = [SessionsModule, { ...SessionsModule }] // a second time: a message still has one session

@Module({ imports, controllers: [MessageController] })
class MessageModule {}

@Module({ imports, providers: [Gateway] })
class GatewayModule {}

const TCP: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } }
const logger = false

/** A client of a microservice that listens. */
function clientOf(microservice: INestMicroservice): ClientProxy {
  const { port } = microservice.unwrap<Server>().address() as AddressInfo
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } })
  stops.unshift(() => client.close())
  return client
}

describe('a message of a microservice', () => {
  let client: ClientProxy
  beforeEach(async () => {
    const microservice = await NestFactory.createMicroservice<MicroserviceOptions>(MessageModule, { ...TCP, logger })
    stops.push(() => microservice.close())
    await microservice.listen()
    client = clientOf(microservice)
  })

  it.each(['handler', 'observable', 'several', 'conditional'])('has a session of its own: %s', async (pattern) => {
    const ask = async () => (await lastValueFrom(client.send(pattern, 'eu').pipe(toArray()))).flat()
    expect(await ask()).toEqual([1, 1])
    expect(world.take()).toEqual(['check eu', 'load eu'])
    expect(await ask()).toEqual([3, 3])
  })

  it('that is an event has one too', async () => {
    await lastValueFrom(client.emit('event', 'eu'), { defaultValue: undefined })
    await vi.waitFor(() => expect(world.steps).toContain('event 1,1'))
  })
})

it.each([
  ['has a session where it inherits what is global in the application', true, MessageController, [1, 1]],
  ['has none where it does not', false, MessageController, [1, 2]],
  ['has one by an interceptor on the class, from there on', false, SessionController, [2, 2]],
  ['has one and the same by both', true, SessionController, [1, 1]],
])('a message of a hybrid application %s', async (_what, inheritAppConfig, controller, versions) => {
  const app = await NestFactory.create({ module: class {}, imports, controllers: [controller] }, { logger })
  stops.push(() => app.close())
  const microservice = app.connectMicroservice<MicroserviceOptions>(TCP, { inheritAppConfig })
  await app.startAllMicroservices()
  expect(await lastValueFrom(clientOf(microservice).send('observable', 'eu'))).toEqual(versions)
})

it('a message of a gateway has a session of its own', async () => {
  const app = await NestFactory.create(GatewayModule, { logger })
  stops.push(() => app.close())
  app.useWebSocketAdapter(new WsAdapter(app))
  await app.listen(0, '127.0.0.1')
  const socket = new WebSocket((await app.getUrl()).replace('http', 'ws'))
  stops.unshift(async () => socket.terminate())
  await once(socket, 'open')
  for (const data of [
    [1, 1],
    [3, 3],
  ]) {
    socket.send(JSON.stringify({ event: 'handler', data: 'eu' }))
    const [message] = await once(socket, 'message')
    expect(JSON.parse(String(message))).toEqual({ event: 'handler', data })
    expect(world.take()).toEqual(['check eu', 'load eu'])
  }
})

describe('what passes by the interceptor of messages', () => {
  const sessionIn = async (type: string) => {
    const context = { getType: () => type } as unknown as ExecutionContext
    const next: CallHandler = { handle: () => defer(() => of(currentSession())) }
    return runInSession(async () => {
      const seen = await lastValueFrom(sessionPerMessage.intercept(context, next) as Observable<unknown>)
      return [seen !== undefined, seen === currentSession()]
    })
  }

  it.each(['http', 'graphql'])('is in the session of the request: %s', async (type) => {
    expect(await sessionIn(type)).toEqual([true, true])
  })

  it.each(['rpc', 'ws', 'rmq'])('is a message with a session of its own: %s', async (type) => {
    expect(await sessionIn(type)).toEqual([true, false])
  })
})
