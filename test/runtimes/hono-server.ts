// Serves on Bun or Deno, with the package as it is built, and prints where.
import * as library from 'versioned-lru-cache'
import * as integration from 'versioned-lru-cache/hono'
import { makeHonoApp } from './hono-app.ts'

type Fetch = (request: Request) => Response | Promise<Response>

declare const Bun: {
  serve(options: { port: number; hostname: string; fetch: Fetch }): { port: number }
  gc(force: boolean): void
}
declare const Deno: {
  serve(options: { port: number; hostname: string; onListen(): void }, fetch: Fetch): { addr: { port: number } }
}

const address = { port: 0, hostname: '127.0.0.1' }
const isBun = 'Bun' in globalThis
const collectGarbage = isBun ? () => Bun.gc(true) : (globalThis.gc as () => void)

const { fetch } = makeHonoApp({ library, integration, collectGarbage })
const { port } = isBun ? Bun.serve({ ...address, fetch }) : Deno.serve({ ...address, onListen() {} }, fetch).addr
console.log(`http://127.0.0.1:${port}`)
