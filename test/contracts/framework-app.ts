import { setTimeout as sleep } from 'node:timers/promises'
import type { Dependency, Session } from '../../src/index.ts'
import { gate } from '../support/gate.ts'
import { World } from '../support/world.ts'

/** The library, from the source or as it is built: a runtime other than Node takes the latter. */
type Library = Pick<typeof import('../../src/index.ts'), 'versionedLruCache'> & {
  currentSession(): Pick<Session, 'renew'> | undefined
}

/** What a framework hands to a route, in words that are none of the frameworks'. */
export interface Asked {
  readonly params: { readonly id: string }
  readonly query: { readonly [name: string]: string | undefined }
  /** What the body parser made of a JSON body. */
  readonly body?: unknown
  /** The size of the file of a multipart body. */
  readonly size?: number
}

/** What a route hands to the framework. */
export interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body: object | AsyncIterable<Uint8Array>
}

/** A route, to be mounted in the framework's own way. */
export interface Route {
  readonly method: 'get' | 'post' | 'all'
  readonly path: string
  /** Whether the body is to be parsed as multipart; any other is JSON. */
  readonly multipart?: boolean
  readonly dependsOn?: (params: Asked['params']) => Dependency | Dependency[]
  readonly options?: Options
  readonly answer: (asked: Asked) => Promise<Answer>
}

interface Options {
  readonly vary?: string
  readonly cacheControl?: string
  readonly salt?: string
}

/** The application that every framework serves: the same routes, over one world. */
export interface App {
  readonly routes: Route[]
  /** What an error handler of the framework answers. */
  readonly onError: (error: unknown) => Answer
  /** What something of the framework's that runs before the routes (a hook, a guard) does, behind the sessions. */
  readonly before: (url: string) => Promise<void>
}

export function makeApp({ versionedLruCache, currentSession }: Library, collectGarbage: () => void): App {
  const world = new World()
  const sessions: WeakRef<object>[] = []
  const numbers = new WeakMap<object, number>()
  let slow = gate()
  let tick = gate()
  let isBroken = false

  const version = async (id: string) => world.check(id)
  const report = versionedLruCache(async (id: string) => world.load(id), { name: 'report', version })
  const whole = versionedLruCache(
    async (id: string) => ({ parts: await Promise.all([report(id), report('other part')]) }),
    { name: 'whole' },
  )
  const plain = versionedLruCache(async (id: string) => ({ id }), { name: 'plain' })
  const slowReport = versionedLruCache(
    async (id: string) => {
      const row = world.load(id)
      await slow.promise
      return row
    },
    { version },
  )
  const brittle = versionedLruCache(async (id: string) => world.load(id), {
    version: async (id) => {
      if (isBroken) throw new Error('The database is down')
      return world.check(id)
    },
    staleIfError: 60_000,
  })
  const lenient = versionedLruCache(async (id: string) => world.load(id), { version, staleWhileRevalidate: 60_000 })

  /** A number for the session in which this runs: 0 for none. */
  function session(): number {
    const current = currentSession()
    if (current === undefined) return 0
    if (!numbers.has(current)) {
      sessions.push(new WeakRef(current))
      numbers.set(current, sessions.length)
    }
    return numbers.get(current) as number
  }

  /** Reads twice, with a write in between that no session may notice. */
  async function visit(id: string): Promise<object> {
    const begunIn = session()
    const row = await report(id)
    await sleep(2)
    world.write(id)
    const again = await report(id)
    return { version: row.version, same: again === row, session: session() === begunIn ? begunIn : 0 }
  }

  /** More than a connection takes at once, so that writing has to wait for the reader. */
  async function* stream(id: string): AsyncGenerator<Uint8Array> {
    const line = (text: object) => new TextEncoder().encode(`${JSON.stringify(text).padEnd(200_000)}\n`)
    for (let part = 0; part < 20; part++) {
      if (part > 0) await sleep(1)
      yield line({ session: session(), version: (await report(id)).version })
    }
  }

  async function* events(id: string, renew: boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (renew) currentSession()?.renew()
      const { version } = await report(id)
      yield new TextEncoder().encode(`data: ${JSON.stringify({ session: session(), version })}\n\n`)
      await tick.promise
      tick = gate()
    }
  }

  const commands: { readonly [name: string]: (id: string) => unknown } = {
    steps: () => world.take(),
    write: (id) => world.write(id),
    clear: () => [report, whole, slowReport, brittle, lenient].forEach((cached) => void cached.clear()),
    open: () => {
      slow.open()
      slow = gate()
    },
    tick: () => tick.open(),
    break: () => {
      isBroken = true
    },
    mend: () => {
      isBroken = false
    },
    checkErrors: () => brittle.stats().checkErrors,
    runningLoads: () => slowReport.stats().runningLoads,
    liveSessions: async () => {
      for (let round = 0; round < 2; round++) {
        await sleep(10)
        collectGarbage()
      }
      return sessions.filter((reference) => reference.deref() !== undefined).length
    },
  }

  const page = async ({ params: { id } }: Asked): Promise<Answer> => {
    world.steps.push(`handle ${id}`)
    return { body: await report(id) }
  }
  const onReport = { dependsOn: ({ id }: Asked['params']) => [report.dependency(id)] }

  const routes: Route[] = [
    { method: 'get', path: '/report/:id', answer: async ({ params }) => ({ body: await visit(params.id) }) },
    {
      method: 'post',
      path: '/json/:id',
      answer: async ({ params, body }) => ({
        body: { length: (body as { text: string }).text.length, ...(await visit(params.id)) },
      }),
    },
    {
      method: 'post',
      path: '/upload/:id',
      multipart: true,
      answer: async ({ params, size }) => ({ body: { size, ...(await visit(params.id)) } }),
    },
    {
      method: 'get',
      path: '/broken/:id',
      answer: async ({ params }) => {
        await report(params.id)
        throw new Error(`broken in ${session()}`)
      },
    },
    {
      method: 'get',
      path: '/who/:id',
      answer: async ({ query }) => {
        const begunIn = session()
        await sleep(Number(query['wait']))
        return { body: { session: session() === begunIn ? begunIn : 0 } }
      },
    },
    {
      method: 'get',
      path: '/hooked/:id',
      answer: async ({ params }) => ({ body: { version: (await report(params.id)).version } }),
    },
    { method: 'get', path: '/slow/:id', answer: async ({ params }) => ({ body: await slowReport(params.id) }) },
    {
      method: 'get',
      path: '/stream/:id',
      answer: async ({ params }) => ({ type: 'text/plain', body: stream(params.id) }),
    },
    {
      method: 'get',
      path: '/events/:id',
      answer: async ({ params, query }) => ({
        type: 'text/event-stream',
        body: events(params.id, query['renew'] !== undefined),
      }),
    },
    { method: 'all', path: '/page/:id', ...onReport, answer: page },
    {
      method: 'get',
      path: '/page-of-two/:id',
      dependsOn: ({ id }) => [report.dependency(id), report.dependency('other')],
      options: { vary: 'Accept-Language', cacheControl: 'private, no-cache', salt: 'build 7' },
      answer: page,
    },
    {
      method: 'get',
      path: '/whole/:id',
      dependsOn: ({ id }) => whole.dependency(id),
      answer: async ({ params: { id } }) => {
        world.steps.push(`handle ${id}`)
        return { body: await whole(id) }
      },
    },
    {
      method: 'get',
      path: '/plain/:id',
      dependsOn: ({ id }) => plain.dependency(id),
      answer: async ({ params }) => ({ body: await plain(params.id) }),
    },
    {
      method: 'get',
      path: '/streamed-page/:id',
      ...onReport,
      answer: async ({ params }) => ({ type: 'text/plain', body: stream(params.id) }),
    },
    {
      method: 'get',
      path: '/missing/:id',
      ...onReport,
      answer: async ({ params }) => ({ status: 404, body: { missing: params.id } }),
    },
    {
      method: 'get',
      path: '/broken-page/:id',
      ...onReport,
      answer: async () => {
        throw new Error('broken')
      },
    },
    {
      method: 'get',
      path: '/brittle/:id',
      dependsOn: ({ id }) => brittle.dependency(id),
      answer: async ({ params }) => ({ body: await brittle(params.id) }),
    },
    {
      method: 'get',
      path: '/lenient/:id',
      dependsOn: ({ id }) => lenient.dependency(id),
      answer: async ({ params }) => ({ body: await lenient(params.id) }),
    },
    { method: 'get', path: '/nothing/:id', dependsOn: () => [], answer: page },
    {
      method: 'post',
      path: '/do/:id',
      answer: async ({ params, query }) => ({
        body: { result: (await commands[query['command'] as string]?.(params.id)) ?? null },
      }),
    },
  ]

  return {
    routes,
    onError: (error) => {
      const { message, code = null } = error as Error & { code?: string }
      return { status: 500, body: { message, code, session: session() } }
    },
    before: async (url) => {
      if (!url.includes('/hooked/')) return
      await report('hooked')
      world.write('hooked')
    },
  }
}
