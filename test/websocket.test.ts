import { once } from 'node:events'
import express from 'express'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { runInSession, Session, versionedLruCache } from '../src/index.ts'
import { sessions } from '../src/integrations/express.ts'
import { type Listening, listen } from './support/serve.ts'
import { World } from './support/world.ts'

const world = new World()
const report = versionedLruCache(async (id: string) => world.load(id), { version: async (id) => world.check(id) })
const versionOf = async (id: string) => (await report(id)).version

/** How a socket's messages are answered, by the path it was opened with. */
const ANSWERS: Record<string, (session: Session, id: string) => Promise<number[]>> = {
  '/renewed': (session, id) => {
    session.renew()
    return session.run(() => twice(id))
  },
  '/kept': (session, id) => session.run(() => twice(id)),
  '/each': (_session, id) => runInSession(() => twice(id)),
}

async function twice(id: string): Promise<number[]> {
  const first = await versionOf(id)
  world.write(id)
  return [first, await versionOf(id)]
}

let listening: Listening
const sockets = new WebSocketServer({ noServer: true })
beforeAll(async () => {
  listening = await listen(express().use(sessions()))
  listening.server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const session = Session.of(request)
      connection.on('message', async (id) => {
        connection.send(JSON.stringify(await ANSWERS[request.url as string]?.(session, String(id))))
      })
    })
  })
})
afterAll(async () => {
  for (const connection of sockets.clients) connection.terminate()
  await listening.stop()
})

it.each([
  [
    'renewed for each message, sees what is new in each, and no write within one',
    '/renewed',
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    3,
  ],
  [
    'not renewed, sees the same in all',
    '/kept',
    [
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    1,
  ],
  [
    'left alone, with a session for each message, sees what is new in each',
    '/each',
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    3,
  ],
])('the session of a WebSocket, %s', async (_what, path, answers, checks) => {
  world.take()
  const socket = new WebSocket(listening.url.replace('http', 'ws') + path)
  await once(socket, 'open')
  for (const answer of answers) {
    socket.send(path)
    const [message] = await once(socket, 'message')
    expect(JSON.parse(String(message))).toEqual(answer)
  }
  expect(world.take().filter((step) => step.startsWith('check'))).toHaveLength(checks)
  socket.close()
})
