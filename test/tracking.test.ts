import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dependsOn, detached, runInSession, versionedLruCache, versionSource } from '../src/index.ts'
import { settle, thenable } from './support/gate.ts'
import { eventsFromNow } from './support/nested.ts'

/** What a loader has at hand. */
interface Given {
  /** A cached function, whose version moves with the data. */
  readonly read: () => Promise<number>
  /** The data themselves, in memory that threads share. */
  readonly data: Int32Array<SharedArrayBuffer>
}

/** How a loader comes to what it reads. */
interface Way {
  readonly load: () => unknown
  /** What others do before the load, and while it waits; outside of it. */
  readonly before?: () => unknown
  readonly meanwhile?: () => unknown
}

/** The rows of the table in docs/nested-functions.md, by their first cell. */
const WAYS: Readonly<Record<string, (given: Given) => Way>> = {
  '`await`, one after the other': ({ read }) => ({
    load: async () => {
      await nextTurn()
      return read()
    },
  }),
  '`Promise.all`': ({ read }) => ({
    load: async () => (await Promise.all([sleep(1), read()]))[1],
  }),
  '`Promise.race`, when what has lost is still on its way': ({ read }) => {
    const slow = versionedLruCache(() => sleep(20))
    return { load: () => Promise.race([slow(), read()]) }
  },
  '`setTimeout`, `setImmediate`, waited for': ({ read }) => ({
    load: () => new Promise((resolve) => setTimeout(() => setImmediate(() => resolve(read())), 1)),
  }),
  '`queueMicrotask`, `process.nextTick`, waited for': ({ read }) => ({
    load: () => new Promise((resolve) => queueMicrotask(() => process.nextTick(() => resolve(read())))),
  }),
  'a timer that is not waited for, and puts it into the output later': ({ read }) => ({
    load: async () => {
      const output = { user: 0 }
      setImmediate(async () => {
        output.user = await read()
      })
      return output
    },
  }),
  'a query that runs when it is awaited': ({ read }) => ({
    load: async () => await thenable<number>((resolve, reject) => void read().then(resolve, reject)),
  }),
  'an async generator, `for await` in the loader': ({ read }) => ({
    load: async () => {
      async function* rows(): AsyncGenerator<number> {
        await nextTurn()
        yield await read()
      }
      let last = 0
      for await (const row of rows()) last = row
      return last
    },
  }),
  'a stream that is read in the loader': ({ read }) => ({
    load: async () => {
      const rows = Readable.from(
        (async function* () {
          yield 0
          yield await read()
        })(),
      )
      return (await rows.toArray())[1]
    },
  }),
  'a session that begins in the loader': ({ read }) => ({ load: () => runInSession(() => read()) }),
  'a listener of an emitter, registered before, when the loader emits': ({ read }) => {
    const emitter = new EventEmitter()
    emitter.on('ask', (resolve) => resolve(read()))
    return { load: () => new Promise((resolve) => emitter.emit('ask', resolve)) }
  },
  'a listener of an emitter, registered in the loader, when others emit': ({ read }) => {
    const emitter = new EventEmitter()
    return {
      load: () => new Promise((resolve) => emitter.once('go', () => resolve(read()))),
      meanwhile: () => emitter.emit('go'),
    }
  },
  'the same, by `AsyncResource.bind` in the loader': ({ read }) => {
    const emitter = new EventEmitter()
    const load = () =>
      new Promise((resolve) =>
        emitter.once(
          'go',
          AsyncResource.bind(() => resolve(read())),
        ),
      )
    return { load, meanwhile: () => emitter.emit('go') }
  },
  '`await once(emitter)`, read after it': ({ read }) => {
    const emitter = new EventEmitter()
    return {
      load: async () => {
        await once(emitter, 'go')
        return read()
      },
      meanwhile: () => emitter.emit('go'),
    }
  },
  'a function that was bound before the load, by `AsyncResource.bind`': ({ read }) => ({
    load: AsyncResource.bind(() => read()),
  }),
  'a batch, as of `dataloader`, that this load has opened': ({ read }) => ({ load: batchOf(read) }),
  'a batch that another load has opened': ({ read }) => {
    const batch = batchOf(read)
    const other = versionedLruCache(() => batch())
    return { before: () => void other(), load: batch }
  },
  'a callback of a connection pool, when others free the connection': ({ read }) => {
    const pool = new Pool()
    return {
      before: () => pool.acquire(() => undefined),
      load: () => new Promise((resolve) => pool.acquire(() => resolve(read()))),
      meanwhile: () => pool.release(),
    }
  },
  'the same, as a promise that is awaited': ({ read }) => {
    const pool = new Pool()
    return {
      before: () => pool.acquire(() => undefined),
      load: async () => {
        await new Promise<void>((resolve) => pool.acquire(resolve))
        return read()
      },
      meanwhile: () => pool.release(),
    }
  },
  'read in the loader when a worker thread has answered': ({ read, data }) => {
    const ask = workerOn(data)
    return {
      load: async () => {
        await ask()
        return read()
      },
    }
  },
  'data that a worker thread reads': ({ data }) => ({ load: workerOn(data) }),
  'data that no cached function and no version source tells of': ({ data }) => ({ load: async () => data[0] }),
  '`detached`': ({ read }) => ({ load: () => detached(() => read()) }),
  'a promise that was there before the load': ({ read }) => {
    let early: Promise<number> | undefined
    return {
      before: () => {
        early = read()
      },
      load: async () => early,
    }
  },
  'a promise in the output': ({ read }) => ({ load: async () => ({ user: read() }) }),
  'a function in the output, which reads each time': ({ read }) => ({ load: async () => ({ user: () => read() }) }),
  'a function in the output, which reads once and keeps that': ({ read }) => ({
    load: async () => {
      let kept: Promise<number> | undefined
      const user = (): Promise<number> => {
        kept ??= read()
        return kept
      }
      return { user }
    },
  }),
}

/** All who ask in one turn share one read, which runs where the first of them has asked. */
function batchOf(read: () => Promise<number>): () => Promise<number> {
  let open: Promise<number> | undefined
  return () => {
    open ??= new Promise((resolve) =>
      process.nextTick(() => {
        open = undefined
        resolve(read())
      }),
    )
    return open
  }
}

/** One connection, by turns. */
class Pool {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  acquire(callback: () => void): void {
    if (this.#isTaken) {
      this.#waiting.push(callback)
      return
    }
    this.#isTaken = true
    callback()
  }

  release(): void {
    this.#isTaken = false
    const next = this.#waiting.shift()
    if (next !== undefined) next()
  }
}

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
parentPort.on('message', () => parentPort.postMessage(Atomics.load(workerData, 0)))`

function workerOn(data: Int32Array): () => Promise<number> {
  const worker = new Worker(WORKER, { eval: true, workerData: data })
  onTestFinished(async () => void (await worker.terminate()))
  return async () => {
    worker.postMessage('read')
    const [answer] = await once(worker, 'message')
    return answer
  }
}

/** What becomes of an output that was made in this way, when the data are written. */
async function tell(way: (given: Given) => Way, isDeclared: boolean): Promise<string> {
  const events = eventsFromNow()
  const data = new Int32Array(new SharedArrayBuffer(4))
  const users = versionSource({ name: 'users', read: async () => data[0] })
  const read = versionedLruCache(async () => data[0] as number, { version: users.of(), name: 'user' })
  const { load, before, meanwhile } = way({ read, data })
  const page = versionedLruCache(
    async () => {
      if (isDeclared) await dependsOn(users)
      return load()
    },
    { name: 'page' },
  )
  const visit = async (): Promise<unknown> => {
    before?.()
    const given = page()
    await settle()
    meanwhile?.()
    return userOf(await given)
  }
  expect(await visit()).toBe(0)
  const { entries } = page.stats()
  data[0] = 1
  const isStale = (await visit()) !== 1
  const { loads } = page.stats()
  return [
    ...(events.some(({ type }) => type === 'lateRead') ? ['reported'] : []),
    isStale ? '**stale**' : entries === 0 ? 'not kept' : loads === 2 ? 'tracked' : 'read anew',
  ].join(', ')
}

/** The user may be in the output itself, or come later. */
async function userOf(output: unknown): Promise<unknown> {
  if (typeof output !== 'object') return output
  await settle()
  await settle()
  const { user } = output as { user: unknown }
  return typeof user === 'function' ? user() : user
}

const [, documented] = tableOf('docs/nested-functions.md', 'with `dependsOn` before it')

/** The head and the rows of the table with this column, without the line between them. */
function tableOf(page: string, column: string): [head: string[], rows: Map<string, string[]>] {
  const lines = readFileSync(page, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith('|') && line.includes(column))
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  const [head = [], , ...rows] = lines.slice(start, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return [head, new Map(rows.map(([name = '', ...cells]) => [name, cells]))]
}

describe('what a loader reads by way of others, as docs/nested-functions.md says', () => {
  it('is all that the page names, in its order', () => {
    expect([...documented.keys()]).toEqual(Object.keys(WAYS))
  })

  it.each(Object.entries(WAYS))('%s', async (row, way) => {
    const alone = await tell(way, false)
    const declared = alone === 'tracked' ? '–' : await tell(way, true)
    expect([alone, declared]).toEqual(documented.get(row))
  })
})
