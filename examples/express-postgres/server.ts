import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** How long running requests may take to end once the server is told to, in milliseconds. */
const PATIENCE = 10_000

export interface Listening {
  readonly server: Server
  /** Accepts nothing more, and ends when the running requests have. */
  close(): Promise<void>
}

export async function listen(listener: RequestListener, port: number, host: string): Promise<Listening> {
  const server = createServer(listener)
  const close = closerOf(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port, host)))
    server.listen(port, host, resolve)
  })
  return { server, close }
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') return new Error(`Port ${port} is taken: set PORT to another one, or to 0.`)
  return new Error(`Cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error })
}

export function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`
}

/** Connections on which nothing runs are cut: browsers open some in advance, and would hold the server for long. */
function closerOf(server: Server): () => Promise<void> {
  const running = new Map<Socket, number>()
  let closing = false

  function count(socket: Socket, change: number): void {
    running.set(socket, (running.get(socket) ?? 0) + change)
    if (closing) cutIdle()
  }

  function cutIdle(): void {
    for (const [socket, requests] of running) if (requests === 0) socket.end()
  }

  server.on('connection', (socket: Socket) => {
    count(socket, 0)
    socket.once('close', () => running.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    count(socket, 1)
    response.once('close', () => running.has(socket) && count(socket, -1))
  })
  return async () => {
    closing = true
    const limit = setTimeout(() => server.closeAllConnections(), PATIENCE)
    const closed = new Promise((resolve) => server.close(resolve))
    cutIdle()
    await closed
    clearTimeout(limit)
  }
}
