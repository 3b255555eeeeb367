import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** Replies with what it was sent. */
let echo: Server
let proxy: TcpProxy
const clients: Client[] = []

beforeAll(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
})
afterAll(() => echo.close())
beforeEach(async () => {
  proxy = await startProxy((echo.address() as { port: number }).port)
})
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await proxy.stop()
})

class Client {
  readonly socket: Socket
  got = ''
  isClosed = false
  error: NodeJS.ErrnoException | undefined

  constructor() {
    this.socket = connect(proxy.port, '127.0.0.1')
    this.socket.on('data', (chunk) => {
      this.got += chunk
    })
    this.socket.on('error', (error) => {
      this.error = error
    })
    this.socket.on('close', () => {
      this.isClosed = true
    })
    clients.push(this)
  }

  /** Sends a text, and waits until all of that has come back. */
  async echoes(text: string): Promise<void> {
    const wanted = this.got + text
    this.socket.write(text)
    await vi.waitFor(() => expect(this.got).toBe(wanted))
  }

  async closed(): Promise<void> {
    await vi.waitFor(() => expect(this.isClosed).toBe(true))
  }
}

describe('a proxy that a test drives', () => {
  it('lets through what it is told nothing about, and counts it', async () => {
    const client = new Client()
    await client.echoes('one')
    await client.echoes('two')
    expect(proxy.replied).toBe(6)
  })

  it('lets replies come later', async () => {
    const client = new Client()
    await client.echoes('one')
    proxy.delay(60)
    const sentAt = performance.now()
    await client.echoes('two')
    expect(performance.now() - sentAt).toBeGreaterThan(55)
  })

  it('holds replies back and then gives all of them, in their order', async () => {
    const client = new Client()
    await client.echoes('one ')
    proxy.hold()
    for (const text of ['two ', 'three ', 'four']) {
      client.socket.write(text)
      await pause(5)
    }
    expect(client.got).toBe('one ')
    proxy.pass()
    await vi.waitFor(() => expect(client.got).toBe('one two three four'))
  })

  it('cuts a connection in the middle of a reply, and each one that comes after it', async () => {
    const old = new Client()
    await old.echoes('one')
    proxy.truncate(4)
    for (const client of [old, new Client()]) {
      client.got = ''
      client.socket.write('abcdefgh')
      await client.closed()
      expect(client.got).toBe('abcd')
    }
    expect(proxy.cuts).toBe(2)
    proxy.pass()
    await new Client().echoes('abcdefgh')
  })

  it('swallows what is said, and does not go on in the middle of it', async () => {
    const [busy, idle] = [new Client(), new Client()]
    await Promise.all([busy.echoes('one'), idle.echoes('one')])
    proxy.swallow()
    busy.socket.write('two')
    await vi.waitFor(() => expect(proxy.swallowed).toBe(3))
    expect([busy.got, busy.isClosed]).toEqual(['one', false])
    proxy.pass()
    await busy.closed()
    await idle.echoes('two')
  })

  it('resets all connections', async () => {
    const both = [new Client(), new Client()]
    await Promise.all(both.map((client) => client.echoes('one')))
    expect(proxy.reset()).toBe(2)
    for (const client of both) {
      await client.closed()
      expect(client.error?.code).toBe('ECONNRESET')
    }
    await new Client().echoes('two')
  })
})
