import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { endsWithThis } from './ends-with-this.ts'
import { freePort } from './free-port.ts'

/** What a client asks which server is the master. */
export interface RunningSentinel {
  readonly port: number
  /** What it calls the master. */
  readonly masterName: string
  stop(): Promise<void>
}

/** @param path of the program, which is that of the server. */
export async function startSentinel(path: string, masterPort: number): Promise<RunningSentinel> {
  const home = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-sentinel-'))
  const [port, masterName, config] = [await freePort(), 'main', join(home, 'sentinel.conf')]
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${home}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 1`,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const sentinel = spawn(path, [config, '--sentinel'], { stdio: 'ignore' })
  endsWithThis(sentinel)
  const stop = async () => {
    sentinel.kill('SIGKILL')
    if (sentinel.exitCode === null && sentinel.signalCode === null) await once(sentinel, 'exit')
    await rm(home, { recursive: true, force: true })
  }
  const client = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {}) // until it listens
  try {
    await vi.waitFor(() => client.call('SENTINEL', 'get-master-addr-by-name', masterName), { timeout: 10_000 })
  } catch (error) {
    await stop()
    throw error
  } finally {
    client.disconnect()
  }
  return { port, masterName, stop }
}
