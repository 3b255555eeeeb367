import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentSession, Session, versionedLruCache } from '../src/index.ts'
import { sessions } from '../src/integrations/express.ts'
import { World } from './support/world.ts'

const world = new World()
const report = versionedLruCache(async (id: string) => world.load(id), { version: async (id) => world.check(id) })

const app = express()
app.use(express.json())
app.use(sessions())
app.use(sessions()) // a second time: the request still has one session
app.all('/report/:id', async (request, response) => {
  const first = await report(request.params.id)
  await new Promise((resolve) => setTimeout(resolve, 2))
  if (request.query.write !== undefined) world.write(request.params.id)
  const same = (await report(request.params.id)) === first && Session.of(request) === currentSession()
  response.json({ ...first, same })
})
app.get('/broken', async () => {
  await report('eu')
  throw new Error('broken')
})
app.use((_error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
  response.status(500).json({ versions: currentSession()?.versions().length })
})

let address = ''
let server: Server
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve())
  })
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  return (await fetch(address + path, init)).json()
}

describe('sessions() for Express', () => {
  it('gives each request a session of its own', async () => {
    world.take()
    expect(await ask('/report/eu?write')).toEqual({ id: 'eu', version: 1, load: 1, same: true })
    expect(world.take()).toEqual(['check eu', 'load eu'])
    expect(await ask('/report/eu')).toMatchObject({ version: 2, same: true })
    expect(world.take()).toEqual(['check eu', 'load eu'])
    expect(await ask('/report/eu')).toMatchObject({ version: 2, same: true })
    expect(world.take()).toEqual(['check eu'])
  })

  it('works after a body has been parsed', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(50_000) })
    const headers = { 'content-type': 'application/json' }
    expect(await ask('/report/body', { method: 'POST', headers, body })).toMatchObject({ id: 'body', same: true })
  })

  it('keeps 200 overlapping requests apart', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(`/report/${index % 20}`)))
    for (const [index, answer] of answers.entries()) expect(answer).toMatchObject({ id: `${index % 20}`, same: true })
  })

  it('is there in error handlers', async () => {
    expect(await ask('/broken')).toEqual({ versions: 1 })
  })
})
