import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A program that runs in a process of its own, as a user would start it. */
export interface RunningExample {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly output: () => string
  /** Waits until it prints something that matches; fails when it ends before. */
  readonly prints: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Its exit code, once it has ended; null when a signal killed it. */
  readonly ended: Promise<number | null>
}

export function runExample(path: string, env: NodeJS.ProcessEnv = {}): RunningExample {
  return runProgram(process.execPath, ['--import', 'tsx', path], env)
}

export function runProgram(command: string, args: string[], env: NodeJS.ProcessEnv): RunningExample {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      child.emit('printed')
    })
  }
  const killIt = () => child.kill('SIGKILL') // should the test run be cut short
  process.once('exit', killIt)
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', killIt)
    return code as number | null
  })
  return { child, output: () => text, prints: (pattern) => waitFor(child, () => text, pattern), ended }
}

function waitFor(child: ChildProcess, output: () => string, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(output())
      if (match !== null) resolve(match)
    }
    child.on('printed', look)
    child.once('close', () => reject(new Error(`It ended before it printed ${pattern}:\n${output()}`)))
    look()
  })
}

export interface RunningApp extends RunningExample {
  readonly url: string
}

/** Starts the Express example on a free port, and waits for its address. */
export async function startApp(databaseUrl: string | undefined): Promise<RunningApp> {
  const example = runExample('examples/express-postgres/main.ts', appEnv(databaseUrl))
  const [url] = await example.prints(/http:\/\/127\.0\.0\.1:\d+(?=\/\n)/)
  return { ...example, url }
}

export function appEnv(databaseUrl: string | undefined): NodeJS.ProcessEnv {
  return { PORT: '0', HOST: '', DATABASE_URL: databaseUrl ?? '' }
}

export async function stopApp({ child, ended }: RunningExample): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  return await ended
}
