import { describe, expect, test } from 'vitest'
import { askAgain, during, getTotals, postFlight, postForm } from './example-client.ts'
import { ask } from './http-client.ts'

const PATHS = ['/', '/api/report', '/?band=short', '/api/report?band=short']
const NOTHING = { requests: 0, notModified: 0, calls: 0, checks: 0, loads: 0, hits: 0 }

/** What holds for a client that keeps what it got. */
export function conditionalPromises(url: () => string): void {
  describe.each(PATHS)('who has %s', (path) => {
    const address = () => url() + path

    test('may keep it for itself, and asks each time', async () => {
      const { status, headers } = await ask(address())
      expect([status, headers['cache-control']]).toEqual([200, 'private, no-cache'])
      expect(headers.etag).toMatch(/^W\/"[\w-]+"$/)
      expect((await ask(address())).headers.etag).toBe(headers.etag)
    })

    test.each(['GET', 'HEAD'])('is told so on %s, by one check: no call, no load', async (method) => {
      const { headers } = await ask(address())
      const [again, done] = await during(url(), () => askAgain(address(), headers.etag, method))
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', headers.etag])
      expect(done).toEqual({ ...NOTHING, requests: 1, notModified: 1, checks: 1 })
    })

    test('gets the new one after a write', async () => {
      const { headers, text } = await ask(address())
      expect((await postFlight(url(), { delay: 1, distance: 300, time: 9 })).status).toBe(201)
      const [again, done] = await during(url(), () => askAgain(address(), headers.etag))
      expect(again.status).toBe(200)
      expect(again.text).not.toBe(text)
      expect(again.headers.etag).not.toBe(headers.etag)
      expect(done).toMatchObject({ requests: 1, notModified: 0, calls: 3, checks: 1, loads: 1 })
    })
  })

  test('two distances have two tags, and the form leads to a page with a new one', async () => {
    const [all, short] = await Promise.all([ask(url()), ask(`${url()}/?band=short`)])
    expect((await askAgain(`${url()}/?band=short`, all.headers.etag)).status).toBe(200)
    const { headers } = await postForm(url(), { delay: '45', distance: '300', time: '08:30' })
    const page = await askAgain(url() + headers.get('location'), `${all.headers.etag}, ${short.headers.etag}`)
    expect(page.status).toBe(200)
    expect([all.headers.etag, short.headers.etag]).not.toContain(page.headers.etag)
  })

  test('a forced reload is a new page of the kept report', async () => {
    const { headers } = await ask(url())
    const forced = { 'If-None-Match': headers.etag ?? '', 'Cache-Control': 'no-cache' }
    const [again, done] = await during(url(), () => ask(url(), { headers: forced }))
    expect([again.status, again.headers.etag]).toEqual([200, headers.etag])
    expect(done).toMatchObject({ requests: 1, notModified: 0, checks: 1, loads: 0 })
  })

  test.each(['/totals', '/api/totals'])('%s is counted anew for everybody, and counts no request', async (path) => {
    const before = await getTotals(url())
    const { status, headers } = await ask(url() + path)
    expect([status, headers['cache-control'], headers.etag]).toEqual([200, 'no-store', undefined])
    expect(await getTotals(url())).toEqual(before)
  })

  test.each([
    ['GET', '/?band=none', 400],
    ['GET', '/api/report?band=none', 400],
    ['GET', '/nothing', 404],
    ['POST', '/api/report', 405],
  ])('%s %s is %i: an error carries no tag, and nobody keeps it', async (method, path, status) => {
    const { headers } = await ask(url())
    const answer = await askAgain(url() + path, headers.etag, method)
    expect([answer.status, answer.headers.etag, answer.headers['cache-control']]).toEqual([
      status,
      undefined,
      'no-store',
    ])
    if (status === 400) expect(answer.text).toMatch(/There is no such (&quot;|\\")band(&quot;|\\"): choose one of all,/)
  })
}
