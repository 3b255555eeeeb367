import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { endsWithThis } from '../support/ends-with-this.ts'
import type { Answer, News, Order, ProcessSettings } from './process-messages.ts'

export interface Bundle {
  readonly path: string
  remove(): Promise<void>
}

/** The program in one file: that starts in a quarter of the time, and there are many starts. */
export async function bundleProcess(): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-process-'))
  const path = join(folder, 'process.mjs')
  await build({
    entryPoints: [resolve('test/tier/process.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    banner: {
      js: `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`,
    },
    logLevel: 'error',
  })
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** One process, as the test sees it. */
export class Member {
  readonly settings: ProcessSettings
  /** When the tier has answered it, some milliseconds apart. */
  readonly hits: number[] = []
  /** When it failed so often last that it was left alone. */
  downAt = Number.NEGATIVE_INFINITY
  readonly ready: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #onSlowLoad: (member: Member, id: number) => void
  readonly #ended: Promise<unknown>
  #lastOrder = 0
  #isToEnd = false
  #log = ''

  constructor(bundle: Bundle, settings: ProcessSettings, hears: MemberListener) {
    this.settings = settings
    this.#onSlowLoad = hears.slowLoad
    const env = { ...process.env, SETTINGS: JSON.stringify(settings) }
    this.#child = fork(bundle.path, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log += chunk
      })
    }
    endsWithThis(this.#child)
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      if (!this.#isToEnd) this.#die(`exit code ${code}, signal ${signal}:\n${this.#log}`, hears)
    })
    this.ready = new Promise((ready, reject) => {
      this.#child.on('message', (message: News | Answer) => this.#hear(message, ready))
      this.#ended.then(() => reject(new Error(`A process ended before it was ready:\n${this.#log}`)))
    })
  }

  /** Waits until it is done. */
  order<T>(order: Order): Promise<T> {
    const number = ++this.#lastOrder
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      if (this.#child.connected) this.#child.send({ number, order })
      else reject(new Error(`The process has ended:\n${this.#log}`))
    })
  }

  /** Leaves it no time for anything. What it was asked for stays without an answer. */
  async kill(): Promise<void> {
    this.#isToEnd = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  wakeUp(): void {
    this.#child.kill('SIGCONT')
  }

  #die(how: string, hears: MemberListener): void {
    hears.death(how)
    for (const { reject } of this.#waiting.values()) reject(new Error(how))
  }

  #hear(message: News | Answer, ready: () => void): void {
    if ('ready' in message) ready()
    else if ('hit' in message) this.hits.push(message.hit)
    else if ('down' in message) this.downAt = message.down
    else if ('loading' in message) this.#onSlowLoad(this, message.loading)
    else {
      this.#waiting.get(message.answerTo)?.resolve(message.answer as never)
      this.#waiting.delete(message.answerTo)
    }
  }
}

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

interface MemberListener {
  /** It begins to load the slow report. */
  slowLoad(member: Member, id: number): void
  /** It has ended, and nobody wanted it to. */
  death(how: string): void
}
