import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { endsWithThis } from './ends-with-this.ts'
import { freePort } from './free-port.ts'
import { type Installed, installed } from './installed.ts'

export function installedRedis(): Promise<Installed> {
  return installed('redis-server', ['redis-server', 'valkey-server'], 'redis-server')
}

/** A real server, which saves nothing unless told to. */
export interface RunningRedis {
  readonly port: number
  /** Sends a command over a connection of its own. */
  command(name: string, ...args: string[]): Promise<unknown>
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Starts it at the same address: with the data that was saved last, else with none. */
  start(): Promise<void>
  /** Leaves its connections open and answers nothing, until `resume`. */
  hang(): void
  resume(): void
  /** Keeps the data as it is now, until `restore` ends the server and starts it with that. */
  backUp(): Promise<void>
  restore(): Promise<void>
  /** Ends it, and all that it kept is gone. */
  stop(): Promise<void>
}

/**
 * @param path of the program.
 * @param options of its own, as on its command line.
 */
export async function startRedis(path: string, ...options: string[]): Promise<RunningRedis> {
  const home = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-redis-'))
  const [saved, backup] = [join(home, 'dump.rdb'), join(home, 'backup.rdb')]
  const port = await freePort()
  const flags = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    home,
    ...options,
  ]
  let server: ChildProcess
  const start = async () => {
    server = spawn(path, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
    endsWithThis(server)
    await ready(server)
  }
  const kill = async () => {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  const command = async (name: string, ...args: string[]) => {
    const client = new Redis({ port, lazyConnect: true })
    client.on('error', () => {}) // what is asked of it says what is wrong
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
  await start()
  return {
    port,
    command,
    kill,
    start,
    hang: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async backUp() {
      await command('SAVE')
      await copyFile(saved, backup)
      await rm(saved)
    },
    async restore() {
      await kill()
      await copyFile(backup, saved)
      await start()
    },
    async stop() {
      if (server.exitCode === null && server.signalCode === null) await kill()
      await rm(home, { recursive: true, force: true })
    },
  }
}

function ready(server: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`Redis did not start:\n${log}`)))
    server.stdout?.on('data', (chunk) => {
      log += chunk
      if (log.includes('Ready to accept connections')) resolve()
    })
  })
}
