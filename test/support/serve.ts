import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listening {
  readonly url: string
  readonly server: Server
  /** Cuts what is still running. */
  stop(): Promise<void>
}

/** Serves on a port of 127.0.0.1 that is free. */
export async function listen(app: RequestListener | Server, port = 0): Promise<Listening> {
  const server = typeof app === 'function' ? createServer(app) : app
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, stop }
}
