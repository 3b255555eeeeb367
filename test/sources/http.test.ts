import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { InvalidOptionError, InvalidVersionError, runInSession, versionedLruCache } from '../../src/index.ts'
import { type HttpVersionOptions, httpVersion, httpVersions } from '../../src/integrations/http.ts'
import { describeFaults, type VersionedSystem } from '../contracts/source-faults.ts'
import { gate } from '../support/gate.ts'
import { type Listening, listen } from '../support/serve.ts'

/** What the server has, by path; what it does not have is missing. */
interface Resource {
  body?: string
  status?: number
  fields?: Record<string, string>
  /** Answers by itself. */
  answer?: (request: IncomingMessage, response: ServerResponse) => void
}

const resources = new Map<string, Resource>()
const asked: IncomingMessage[] = []
const methods = () => asked.splice(0).map(({ method }) => method)
let web: Listening

/** A server as RFC 9110 wants it: 304 where the entity tag is the one that the client has. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  asked.push(request)
  const { pathname } = new URL(request.url as string, 'http://x')
  const { answer, body = '', status = 200, fields = {} } = resources.get(pathname) ?? { status: 404 }
  if (answer !== undefined) {
    answer(request, response)
    return
  }
  const isKnown = fields['etag'] !== undefined && request.headers['if-none-match'] === fields['etag']
  response.writeHead(isKnown ? 304 : status, fields).end(isKnown ? undefined : body)
}

beforeAll(async () => {
  web = await listen(serve)
})
afterAll(() => web.stop())
beforeEach(() => {
  resources.clear()
  asked.length = 0
})

const at = (path: string) => `${web.url}${path}`
const put = (resource: Resource, path = '/a') => resources.set(path, resource)
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toUTCString()
const tell = (options?: HttpVersionOptions) => httpVersion(at('/a'), options)
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

describe('the version of a resource', () => {
  it('is its entity tag, and is marked where that is weak', async () => {
    const version = tell()
    put({ fields: { etag: '"1"' } })
    expect(await version()).toEqual(['etag', '"1"'])
    put({ fields: { etag: 'W/"1"', 'last-modified': ago(3600) } })
    expect(await version()).toEqual(['weak etag', 'W/"1"'])
  })

  it('is asked for by HEAD, with the last entity tag, past the caches on the way', async () => {
    put({ fields: { etag: '"1"' } })
    const version = tell({ headers: { authorization: 'Bearer x' } })
    expect([await version(), await version()]).toEqual([
      ['etag', '"1"'],
      ['etag', '"1"'],
    ])
    expect(asked.map(({ method, headers }) => [method, headers['if-none-match'], headers['cache-control']])).toEqual([
      ['HEAD', undefined, 'no-cache'],
      ['HEAD', '"1"', 'no-cache'],
    ])
    expect(asked[1]?.headers.authorization).toBe('Bearer x')
  })

  it('is the last entity tag where a 304 does not repeat it', async () => {
    put({ fields: { etag: '"1"' } })
    const version = tell()
    await version()
    put({ answer: (_request, response) => response.writeHead(304).end() })
    expect(await version()).toEqual(['etag', '"1"'])
  })

  it('is Last-Modified where there is no entity tag, once that is a minute old by the Date of the server', async () => {
    const version = tell()
    const modified = ago(3600)
    put({ fields: { 'last-modified': modified } })
    expect([await version(), await version()]).toEqual(Array(2).fill(['last-modified', modified]))
    expect(asked.map(({ headers }) => headers['if-modified-since'])).toEqual([undefined, undefined])
    put({ fields: { 'last-modified': ago(3600), date: ago(3550) } })
    expect(await version()).toEqual(['once', expect.any(String)])
  })

  it.each([
    { 'last-modified': ago(30) },
    { 'last-modified': ago(-3600) },
    { 'last-modified': ago(3600), date: 'soon' },
  ])('is no version twice while Last-Modified is young: %j', async (fields) => {
    put({ fields })
    const version = tell()
    const [first, second] = [await version(), await version()]
    expect([first[0], second[0]]).toEqual(['once', 'once'])
    expect(first).not.toEqual(second)
  })

  it('is no version twice where an answer has no Date', async () => {
    const answer = (_request: IncomingMessage, response: ServerResponse): void => {
      response.sendDate = false
      response.writeHead(200, { 'last-modified': ago(3600) }).end()
    }
    put({ answer })
    expect(await tell()()).toEqual(['once', expect.any(String)])
  })

  it('is an error where there is nothing to tell it by', async () => {
    put({ fields: { 'last-modified': 'yesterday' } })
    await expect(tell()()).rejects.toThrow(InvalidVersionError)
    await expect(tell()()).rejects.toThrow(`${at('/a')} has neither an ETag nor a Last-Modified, so nothing tells`)
  })

  it.each([404, 410])('is none twice while the resource is missing (%i)', async (status) => {
    put({ status, fields: { etag: '"of the page that says so"' } })
    const version = tell()
    expect(await version()).not.toEqual(await version())
  })

  it('has in it where a redirect has led to', async () => {
    const version = tell()
    const to = (path: string) => put({ status: 302, fields: { location: path } })
    for (const path of ['/b', '/c']) put({ fields: { etag: '"1"' } }, path)
    to('/b')
    expect(await version()).toEqual(['etag', '"1"', at('/b')])
    to('/c')
    expect(await version()).toEqual(['etag', '"1"', at('/c')])
  })

  it.each([405, 501])('is asked for by GET where there is no HEAD (%i), and what comes is not read', async (status) => {
    let cut = gate()
    const answer = ({ method }: IncomingMessage, response: ServerResponse): void => {
      if (method === 'HEAD') return void response.writeHead(status).end()
      response.on('close', () => cut.open()).writeHead(200, { etag: '"1"' })
      response.write('the first of many')
    }
    put({ answer })
    const version = tell()
    for (const expected of [['HEAD', 'GET'], ['GET']]) {
      expect(await version()).toEqual(['etag', '"1"'])
      await cut.promise
      cut = gate()
      expect(methods()).toEqual(expected)
    }
  })
})

describe('with "hash"', () => {
  it.each<Record<string, string>>([{}, { etag: 'W/"1"' }, { 'last-modified': ago(0) }])(
    'the content is the version where %j tells too little',
    async (fields) => {
      const version = tell({ hash: true })
      for (const body of ['one', 'two']) {
        put({ body, fields })
        expect(await version()).toEqual(['sha-256', sha256(body)])
      }
      expect(methods()).toEqual(['HEAD', 'GET', 'HEAD', 'GET'])
    },
  )

  it('nothing is read where the validators tell all', async () => {
    const version = tell({ hash: true })
    const modified = ago(3600)
    put({ fields: { etag: '"1"' } })
    expect(await version()).toEqual(['etag', '"1"'])
    put({ fields: { etag: 'W/"1"', 'last-modified': modified } })
    expect(await version()).toEqual(['last-modified', modified])
    expect(methods()).toEqual(['HEAD', 'HEAD'])
  })

  it.each([
    [404, ['once', expect.any(String)]],
    [204, ['sha-256', sha256('')]],
  ])('what has changed between the two requests counts (%i)', async (status, expected) => {
    const answer = ({ method }: IncomingMessage, response: ServerResponse) =>
      response.writeHead(method === 'HEAD' ? 200 : status).end()
    put({ answer })
    expect(await tell({ hash: true })()).toEqual(expected)
  })
})

describe('what fails', () => {
  it.each([206, 304, 401, 503])('is told with its status, and without what is secret: %i', async (status) => {
    put({ status })
    const version = httpVersion(at('/a?token=secret'))
    await expect(version()).rejects.toThrow(InvalidVersionError)
    await expect(version()).rejects.toThrow(`${at('/a')} answered ${status}, which tells no version`)
  })

  it('is followed by a check that works: an error, a connection that is cut', async () => {
    const page = versionedLruCache(() => 'page', { version: tell() })
    put({ status: 500 })
    await expect(page()).rejects.toThrow('answered 500')
    put({ answer: (request) => request.socket.destroy() })
    await expect(page()).rejects.toThrow('fetch failed')
    put({ fields: { etag: '"1"' } })
    expect(await page()).toBe('page')
  })

  it('is a server that hangs: the check ends in time, and so does its request', async () => {
    const cut = gate()
    put({ answer: (request) => request.socket.on('close', () => cut.open()) })
    const version = tell({ timeout: 300 })
    await expect(version()).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
    await cut.promise
    put({ fields: { etag: '"1"' } })
    expect(await version()).toEqual(['etag', '"1"'])
  })

  it('is a body that does not end, while it is hashed', async () => {
    const answer = (_request: IncomingMessage, response: ServerResponse) => response.writeHead(200).write('a')
    put({ answer })
    await expect(tell({ hash: true, timeout: 200 })()).rejects.toMatchObject({ code: 'ERR_VERSION_TIMEOUT' })
  })

  it('has no limit with a timeout of Infinity', async () => {
    put({ fields: { etag: '"1"' } })
    expect(await tell({ timeout: Number.POSITIVE_INFINITY })()).toEqual(['etag', '"1"'])
  })
})

describe('cached functions', () => {
  it('go by the resource that their arguments name; a session asks once for each', async () => {
    const loads: string[] = []
    const versions = httpVersions({ name: 'pages' })
    const load = (name: string) => loads.push(name)
    const [page, menu] = [0, 1].map(() => versionedLruCache(load, { version: versions.of((name) => at(`/${name}`)) }))
    const all = () => runInSession(() => Promise.all(['a', 'b'].flatMap((name) => [page?.(name), menu?.(name)])))
    for (const path of ['/a', '/b']) put({ fields: { etag: '"1"' } }, path)
    await all()
    put({ fields: { etag: '"2"' } }, '/b')
    await all()
    expect(loads).toEqual(['a', 'a', 'b', 'b', 'b', 'b'])
    expect(asked.map(({ url }) => url).sort()).toEqual(['/a', '/a', '/b', '/b'])
    expect(versions.name).toBe('pages')
  })

  it('ask by the fetch that is given', async () => {
    put({ fields: { etag: '"1"' } })
    const urls: string[] = []
    const version = tell({
      fetch: (url, init) => {
        urls.push(url)
        return fetch(url, init)
      },
    })
    await version()
    expect(urls).toEqual([at('/a')])
  })

  it('may go by any number of URLs: of the oldest, the entity tag is forgotten', async () => {
    put({ fields: { etag: '"1"' } })
    const fields: (string | undefined)[] = []
    const answer = { status: 200, url: '', redirected: false, headers: new Headers({ etag: '"1"' }), body: null }
    const version = httpVersions({
      fetch: async (_url, { headers }) => {
        fields.push(headers['if-none-match'])
        return answer
      },
    })
    for (let count = 0; count < 1001; count++) await version(`http://x/${count}`)
    fields.length = 0
    for (const count of [1000, 0]) await version(`http://x/${count}`)
    expect(fields).toEqual(['"1"', undefined])
  })
})

describe('what cannot be used', () => {
  it.each<[unknown, unknown, string]>([
    [7, {}, 'The URL is 7: give a whole URL of http: or https:.'],
    ['/a', {}, 'The URL is "/a" (a string): give a whole URL of http: or https:.'],
    ['file:///a', {}, 'The URL is a URL of file:: give a whole URL of http: or https:.'],
    ['http://me:secret@x/', {}, 'The URL of x has credentials in it: give them in "headers".'],
    [new URL('http://me@x/'), {}, 'The URL of x has credentials in it'],
    ['http://x', null, 'The options are null: give an object such as { headers }.'],
    ['http://x', 1, 'The options are 1: give an object'],
    ['http://x', { method: 'GET' }, 'There is no option "method". The options are "name", "fetch", "headers", "hash",'],
    ['http://x', { fetch: 1 }, 'The option "fetch" is 1: give a function such as the global fetch.'],
    ['http://x', { headers: null }, 'The option "headers" is null: give an object such as { authorization }.'],
    ['http://x', { headers: 'a' }, 'The option "headers" is "a" (a string): give an object'],
    ['http://x', { headers: new Headers() }, 'The option "headers" is a Headers: give an object'],
    ['http://x', { hash: 'yes' }, 'The option "hash" is "yes" (a string): give true or false.'],
    ['http://x', { timeout: -1 }, 'The option "timeout" is -1: give'],
  ])('is refused with what to do: %j %j', (url, options, message) => {
    const make = () => httpVersion(url as string, options as object)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })

  it('is refused by the call where the URL is its key', async () => {
    await expect(httpVersions()('/a')).rejects.toThrow('The URL is "/a" (a string): give a whole URL')
  })
})

/** A resource of its own; `seal` says by what the server tells its states apart. */
function faultsOf(seal: (body: string, modified: string) => Record<string, string>): VersionedSystem {
  const write = async (body: string, modified = ago(0)): Promise<unknown> => put({ body, fields: seal(body, modified) })
  return {
    read: async () => {
      const response = await fetch(at('/a'))
      return [response.status, await response.text()]
    },
    version: tell(),
    faults: {
      deleted: async (look) => {
        await look.during(() => write('x'))
        resources.clear()
        await look()
      },
      emptied: async (look) => {
        await write('x', ago(3600))
        await look()
        await write('')
        await look()
      },
      'two writes in one tick': async (look) => {
        const tick = ago(1)
        await write('x', tick)
        await look.during(() => write('y', tick))
        await look()
      },
      'backup restored': async (look) => {
        const backup = ago(3600)
        await write('x', backup)
        await look.during(() => write('y'))
        await write('x', backup)
        await look()
      },
      restarted: async (look) => {
        await write('x', ago(3600))
        await look()
        await restart(() => write('y'))
        await look()
      },
      'old content again': async (look) => {
        await write('x', ago(3600))
        await look.during(() => write('y', ago(1)))
        await write('x')
        await look()
      },
    },
  }
}

/** The server is gone, then there again at its port; and so that clients know, which hold connections to the old one. */
async function restart(act: () => Promise<unknown>): Promise<void> {
  const { port } = web.server.address() as AddressInfo
  await web.stop()
  await act()
  web = await listen(serve, port)
  while ((await fetch(at('/')).catch(() => undefined)) === undefined);
}

describeFaults('`httpVersion`, `ETag` made of the content', () => faultsOf((body) => ({ etag: `"${sha256(body)}"` })))
describeFaults('`httpVersion`, `Last-Modified`', () => faultsOf((_body, modified) => ({ 'last-modified': modified })))
