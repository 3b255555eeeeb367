import { randomInt } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, open, type Received, type Sent } from '../support/http-client.ts'

/** A server of the application in `framework-app.ts`. */
export interface Served {
  readonly url: string
  stop(): Promise<void>
}

/** What holds in every web framework, asked of a real server by real requests. */
export function describeFramework(name: string, serve: () => Promise<Served>): void {
  let served: Served
  beforeAll(async () => {
    served = await serve()
  })
  afterAll(() => served?.stop())

  const get = (path: string, headers: Record<string, string> = {}): Promise<Received> =>
    ask(served.url + path, { headers })

  async function json(path: string, sent?: Sent): Promise<unknown> {
    const { text } = await ask(served.url + path, sent)
    return JSON.parse(text)
  }

  async function tell(command: string, id = ''): Promise<unknown> {
    const answer = await json(`/do/${id || '-'}?command=${command}`, { method: 'POST' })
    return (answer as { result: unknown }).result
  }

  const steps = () => tell('steps')

  async function eventually(what: () => Promise<unknown>, value: unknown): Promise<void> {
    await expect.poll(what, { timeout: 5000, interval: 10 }).toEqual(value)
  }

  beforeEach(async () => {
    await tell('clear')
    await steps()
  })

  describe(`a session in ${name}`, () => {
    it('is of one request: it checks once, and does not see a write that comes in between', async () => {
      const first = (await json('/report/one')) as { version: number }
      expect(first).toEqual({ version: 1, same: true, session: expect.any(Number) })
      expect(await steps()).toEqual(['check one', 'load one'])
      expect(await json('/report/one')).toMatchObject({ version: 2, same: true })
      expect(await steps()).toEqual(['check one', 'load one'])
    })

    it('is there after a JSON body, sent in pieces', async () => {
      const body = ['{"text":"', 'x'.repeat(50_000), 'x'.repeat(20_000), '"}']
      const answer = await json('/json/two', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      expect(answer).toEqual({ length: 70_000, version: 1, same: true, session: expect.any(Number) })
      expect(answer).not.toMatchObject({ session: 0 })
    })

    it('is there after an upload, sent in pieces', async () => {
      const head =
        '--limit\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
      const body = [head, 'x'.repeat(50_000), 'x'.repeat(20_000), '\r\n--limit--\r\n']
      const headers = { 'content-type': 'multipart/form-data; boundary=limit' }
      const answer = await json('/upload/three', { method: 'POST', headers, body })
      expect(answer).toEqual({ size: 70_000, version: 1, same: true, session: expect.any(Number) })
      expect(answer).not.toMatchObject({ session: 0 })
    })

    it('is the same in an error handler', async () => {
      const { status, text } = await get('/broken/four')
      const { message, session } = JSON.parse(text) as { message: string; session: number }
      expect([status, message]).toEqual([500, `broken in ${session}`])
      expect(session).toBeGreaterThan(0)
    })

    it('is the same in what runs before the handler', async () => {
      expect(await json('/hooked/hooked')).toEqual({ version: 1 })
      expect(await steps()).toEqual(['check hooked', 'load hooked'])
      expect(await json('/hooked/hooked')).toEqual({ version: 2 })
    })

    it('lasts as long as a streamed answer, also when the client reads slowly', async () => {
      const response = await open(`${served.url}/stream/five`).response
      response.pause()
      await tell('write', 'five') // the handler has returned; the stream has not ended
      const lines = (await textOf(response)).trim().split('\n')
      const seen = lines.map((line) => JSON.parse(line) as { session: number; version: number })
      expect(seen).toHaveLength(20)
      expect(new Set(seen.map(({ session }) => session)).size).toBe(1)
      expect(seen[0]).toEqual({ session: expect.any(Number), version: 1 })
      expect(seen[0]?.session).toBeGreaterThan(0)
      expect(seen.at(-1)?.version).toBe(1)
      expect((await steps()) as string[]).toEqual(['check five', 'load five'])
    })

    it.each([
      ['sees what is new at each event when it is renewed', '?renew', [1, 2, 3]],
      ['sees the same at each event when it is not', '', [1, 1, 1]],
    ])('of server-sent events %s', async (_what, query, versions) => {
      const id = `sse${query.length}`
      const response = await open(`${served.url}/events/${id}${query}`).response
      expect(response.headers['content-type']).toMatch(/^text\/event-stream/)
      const seen: { session: number; version: number }[] = []
      for await (const chunk of response.setEncoding('utf8')) {
        const [, data] = /^data: (.*)$/m.exec(chunk) ?? []
        if (data === undefined) continue // a framework may send an empty line at first
        seen.push(JSON.parse(data))
        if (seen.length === versions.length) break
        await tell('write', id)
        await tell('tick')
      }
      expect(seen.map(({ version }) => version)).toEqual(versions)
      expect(new Set(seen.map(({ session }) => session)).size).toBe(1)
    })

    it('is never that of another request: 1,000 at once', async () => {
      const headers = { connection: 'close' } // what is kept open holds its last request, and with it the session
      const asked = Array.from({ length: 1000 }, () => json(`/who/x?wait=${randomInt(50, 250)}`, { headers }))
      const answers = (await Promise.all(asked)) as { session: number }[]
      const sessions = new Set(answers.map(({ session }) => session))
      expect(sessions.size).toBe(1000)
      expect(sessions).not.toContain(0)
    }, 60_000)

    it('that is given up by its client takes nothing from those who share its load, and is let go of', async () => {
      const givenUp = open(`${served.url}/slow/six`)
      givenUp.outgoing.on('error', () => undefined)
      await eventually(steps, ['check six', 'load six'])
      const shares = json('/slow/six')
      await eventually(steps, ['check six'])
      givenUp.outgoing.destroy()
      await tell('open')
      expect(await shares).toEqual({ id: 'six', version: 1, load: expect.any(Number) })
      expect(await tell('runningLoads')).toBe(0)
      await get('/report/six')
      await eventually(async () => Number(await tell('liveSessions')) < 5, true)
    })
  })

  describe(`a conditional request in ${name}`, () => {
    it('is answered 304 by one check, without the handler, and by a new tag after a write', async () => {
      const first = await get('/page/a')
      expect(first.status).toBe(200)
      expect(first.headers.etag).toMatch(/^W\/"[\w-]+"$/)
      expect(first.headers['cache-control']).toBe('no-cache')
      expect(await steps()).toEqual(['check a', 'load a', 'handle a'])

      const second = await get('/page/a', { 'if-none-match': `${first.headers.etag}` })
      expect([second.status, second.text]).toEqual([304, ''])
      expect(second.headers).toMatchObject({ etag: first.headers.etag, 'cache-control': 'no-cache' })
      expect(await steps()).toEqual(['check a'])

      await tell('write', 'a')
      const third = await get('/page/a', { 'if-none-match': `${first.headers.etag}` })
      expect(third.status).toBe(200)
      expect(third.headers.etag).toMatch(/^W\//)
      expect(third.headers.etag).not.toBe(first.headers.etag)
      expect(JSON.parse(third.text)).toMatchObject({ version: 2 })
      expect(await steps()).toEqual(['check a', 'load a', 'handle a'])
    })

    it('needs no load when the cache is cold', async () => {
      const { headers } = await get('/page/b')
      await tell('clear')
      await steps()
      expect((await get('/page/b', { 'if-none-match': `${headers.etag}` })).status).toBe(304)
      expect(await steps()).toEqual(['check b'])
    })

    it('has a tag of all parts of what it names, which moves when any part of it does', async () => {
      const first = await get('/whole/h')
      expect([first.status, JSON.parse(first.text)]).toMatchObject([200, { parts: [{ version: 1 }, { version: 1 }] }])
      expect(await steps()).toEqual(['check h', 'check other part', 'load h', 'load other part', 'handle h'])

      const second = await get('/whole/h', { 'if-none-match': `${first.headers.etag}` })
      expect([second.status, await steps()]).toEqual([304, ['check h', 'check other part']])

      await tell('write', 'other part')
      const third = await get('/whole/h', { 'if-none-match': `${first.headers.etag}` })
      expect([third.status, JSON.parse(third.text)]).toMatchObject([200, { parts: [{ version: 1 }, { version: 2 }] }])
      expect(await steps()).toEqual(['check h', 'check other part', 'load other part', 'handle h'])

      await tell('clear') // only an output can tell of what it is made: it is loaded, and still not sent
      const fourth = await get('/whole/h', { 'if-none-match': `${third.headers.etag}` })
      expect([fourth.status, fourth.headers.etag]).toEqual([304, third.headers.etag])
      expect(await steps()).toEqual(['check h', 'check other part', 'load h', 'load other part'])
    })

    it('is an error when what it names has no version and no parts', async () => {
      const { status, text } = await get('/plain/i')
      expect([status, JSON.parse(text)]).toMatchObject([500, { code: 'ERR_INVALID_DEPENDENCY' }])
    })

    it('is compared with each tag of a list, weak or strong', async () => {
      const { etag = '' } = (await get('/page/c')).headers
      const status = async (ifNoneMatch: string) => (await get('/page/c', { 'if-none-match': ifNoneMatch })).status
      expect(await status(`"other", ${etag}`)).toBe(304)
      expect(await status(`W/"other" , ${etag.replace('W/', '')},"third"`)).toBe(304)
      expect(await status('"other", W/"third"')).toBe(200)
      expect(await status(etag.replaceAll('"', ''))).toBe(200)
    })

    it('that asks whether there is anything at all has to ask the handler', async () => {
      expect((await get('/page/d', { 'if-none-match': '*' })).status).toBe(304)
      expect(await steps()).toContain('handle d')
      expect((await get('/missing/d', { 'if-none-match': '*' })).status).toBe(404)
    })

    it('is answered anew on a forced reload', async () => {
      const { etag = '' } = (await get('/page/e')).headers
      expect((await get('/page/e', { 'if-none-match': etag, 'cache-control': 'no-cache' })).status).toBe(200)
      expect((await get('/page/e', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status).toBe(304)
    })

    it('by HEAD is like one by GET', async () => {
      const head = await ask(`${served.url}/page/f`, { method: 'HEAD' })
      const { etag = '' } = (await get('/page/f')).headers
      expect([head.status, head.headers.etag]).toEqual([200, etag])
      const again = await ask(`${served.url}/page/f`, { method: 'HEAD', headers: { 'if-none-match': etag } })
      expect([again.status, again.headers.etag]).toEqual([304, etag])
    })

    it('of an unsafe method is none: it is carried out', async () => {
      const { etag = '' } = (await get('/page/g')).headers
      await steps()
      const posted = await ask(`${served.url}/page/g`, { method: 'POST', headers: { 'if-none-match': etag } })
      expect(posted.status).toBeGreaterThanOrEqual(200)
      expect(posted.status).toBeLessThan(300)
      expect(posted.headers.etag).toBeUndefined()
      expect(await steps()).toContain('handle g')
    })

    it('depends on all calls of the route, on the headers that it varies by, and on its options', async () => {
      const ask = (language: string, ifNoneMatch = '') =>
        get('/page-of-two/h', { 'accept-language': language, 'if-none-match': ifNoneMatch })
      const { headers } = await ask('de')
      expect(headers['cache-control']).toBe('private, no-cache')
      expect(headers.vary?.toLowerCase().split(/, */)).toContain('accept-language')
      const etag = `${headers.etag}`
      const known = await ask('de', etag)
      expect(known.status).toBe(304)
      expect(known.headers.vary?.toLowerCase().split(/, */)).toContain('accept-language')
      expect((await ask('en', etag)).status).toBe(200)
      await tell('write', 'other')
      expect((await ask('de', etag)).status).toBe(200)
    })

    it('of a streamed answer is like any other, and the stream goes by the version in its tag', async () => {
      const response = await open(`${served.url}/streamed-page/i`).response
      await tell('write', 'i')
      expect(await textOf(response)).not.toContain('"version":2')
      expect(response.headers.etag).toBeDefined()
      expect((await get('/streamed-page/i', { 'if-none-match': `${response.headers.etag}` })).status).toBe(200)
    })

    it.each([
      ['/missing/j', 404],
      ['/broken-page/j', 500],
    ])('gets no tag for an error, so it is never told to go on with one: %s', async (path, status) => {
      const answer = await get(path)
      expect([answer.status, answer.headers.etag]).toEqual([status, undefined])
    })

    it('whose version cannot be had goes to the handler, without a tag, and the failure is counted', async () => {
      const { etag = '' } = (await get('/brittle/k')).headers
      expect(etag).not.toBe('')
      const failed = Number(await tell('checkErrors'))
      await tell('break')
      try {
        const answer = await get('/brittle/k', { 'if-none-match': etag })
        expect([answer.status, answer.headers.etag]).toEqual([200, undefined]) // the handler serves what was good, and says so by no tag
        expect(JSON.parse(answer.text)).toMatchObject({ id: 'k' })
        expect(await tell('checkErrors')).toBeGreaterThan(failed)
        await tell('clear')
        const withoutAny = await get('/brittle/k', { 'if-none-match': etag })
        expect(withoutAny.status).toBe(500)
        expect(JSON.parse(withoutAny.text)).toMatchObject({ message: 'The database is down' })
      } finally {
        await tell('mend')
      }
      expect((await get('/brittle/k', { 'if-none-match': etag })).status).toBe(304)
    })

    it('gets no tag for an answer with something stale in it', async () => {
      const first = await get('/lenient/l')
      await tell('write', 'l')
      const stale = await get('/lenient/l', { 'if-none-match': `${first.headers.etag}` })
      expect([stale.status, stale.headers.etag]).toEqual([200, undefined])
      expect(JSON.parse(stale.text)).toMatchObject({ version: 1 })
      await eventually(async () => JSON.parse((await get('/lenient/l')).text).version, 2)
      expect((await get('/lenient/l')).headers.etag).not.toBe(first.headers.etag)
    })

    it('of a route that depends on nothing is refused', async () => {
      const { status, text } = await get('/nothing/m')
      expect(status).toBe(500)
      expect(JSON.parse(text)).toMatchObject({ code: 'ERR_INVALID_DEPENDENCY' })
      expect(await steps()).toEqual([])
    })
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}
