import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../examples/express-postgres/database.ts'
import { prepareNetwork, readNetworkFiles } from '../../examples/express-postgres/network-schema.ts'
import { prepareFlights } from '../../examples/express-postgres/schema.ts'
import { serveHeld } from './example-apps.ts'
import {
  beginRequest,
  during,
  FLIGHT,
  getReport,
  numbersOf,
  postBody,
  postFlight,
  postForm,
  refuses,
} from './example-client.ts'
import { conditionalPromises } from './example-conditional.ts'
import { networkPromises } from './example-network.ts'
import { type RunningApp, startApp, stopApp } from './example-process.ts'
import { WRONG_BODIES, WRONG_FORMS } from './example-wrong-input.ts'

/** What holds on any database. The last test ends the example. */
export function promises(databaseUrl: () => string | undefined): void {
  let app: RunningApp
  /** That of the app, or another one where the app has its own in its process. */
  let database: Database
  beforeAll(async () => {
    app = await startApp(databaseUrl())
    database = await openDatabase(databaseUrl())
    if (databaseUrl() === undefined) await prepareFlights(database, [FLIGHT, FLIGHT])
    await prepareNetwork(database, await readNetworkFiles())
  })
  afterAll(async () => {
    await Promise.all([app && stopApp(app), database?.close()])
  })

  test('it shows how far the loading is before it prints its address', () => {
    expect(app.output()).toMatch(/Loading 200,000 flights: 0%\n(.*\d0%\n){9}.*100%\nhttp:/)
  })

  test('a request asks three times, checks once, and loads only after a write', async () => {
    const first = await getReport(app.url)
    expect(first.request).toMatchObject({ calls: 3, checks: 1 })
    expect(first.request.loads).toBeLessThanOrEqual(1)
    expect((await getReport(app.url)).request).toEqual({ calls: 3, checks: 1, loads: 0 })

    const answer = await postFlight(app.url)
    expect([answer.status, await answer.json()]).toEqual([201, FLIGHT])

    const third = await getReport(app.url)
    expect(third.request).toEqual({ calls: 3, checks: 1, loads: 1 })
    expect(third.report.flights).toBe(first.report.flights + 1)
    expect(third.report.hours[13]?.distances.medium.flights).toBe(
      (first.report.hours[13]?.distances.medium.flights ?? 0) + 1,
    )
  })

  test('the report adds up, and its percentiles are in order', async () => {
    const { report } = await getReport(app.url)
    const sum = (counts: { flights: number }[]) => counts.reduce((total, { flights }) => total + flights, 0)
    expect(report.flights).toBeGreaterThanOrEqual(200_000)
    expect(sum([...report.hours])).toBe(report.flights)
    expect(sum(Object.values(report.distances))).toBe(report.flights)
    for (const { hour, flights, delay, distances } of report.hours) {
      expect(sum(Object.values(distances)), `hour ${hour}`).toBe(flights)
      if (delay !== null) expect([delay.p10, delay.p50, delay.p90]).toEqual(Object.values(delay).sort((a, b) => a - b))
    }
  })

  test('200 requests at once after a write load once, and all have the new flight', async () => {
    const before = await getReport(app.url)
    expect((await postFlight(app.url)).status).toBe(201)
    const all = () => Promise.all(Array.from({ length: 200 }, () => getReport(app.url)))
    const [answers, done] = await during(app.url, all)
    expect(done).toMatchObject({ requests: 200, notModified: 0, calls: 600, loads: 1 })
    expect(done.checks).toBeLessThanOrEqual(200)
    expect(new Set(answers.map(({ report }) => report.flights))).toEqual(new Set([before.report.flights + 1]))
    expect(answers.reduce((loads, { request }) => loads + request.loads, 0)).toBe(1)
  })

  test('a request that began before a write keeps its report, while a later one has the new one', async () => {
    await using held = await serveHeld(database)
    const early = held.askAndWait()
    const { flights } = await held.firstReport
    await held.record()
    expect(await held.askNow()).toBe(flights + 1)
    held.letGo()
    expect(await early).toEqual([flights, flights])
  })

  test.each(WRONG_BODIES)('refuses %s', async (_what, body, reason, type = 'application/json') => {
    const before = await getReport(app.url)
    const answer = await postBody(app.url, body, type)
    expect([answer.status, await answer.json()]).toEqual([400, { error: expect.stringMatching(reason) }])
    const after = await getReport(app.url)
    expect([after.report.flights, after.request.loads]).toEqual([before.report.flights, 0])
  })

  test.each(WRONG_FORMS)('refuses a form with %j', async (fields, reason) => {
    const before = await getReport(app.url)
    const answer = await postForm(app.url, fields)
    const page = await answer.text()
    expect(answer.status).toBe(400)
    expect(page).toMatch(reason)
    expect(page).not.toContain('<b>')
    expect((await getReport(app.url)).report.flights).toBe(before.report.flights)
  })

  test('the page has the chart, its cost, the totals and a form, all without JavaScript', async () => {
    await getReport(app.url)
    const page = await (await fetch(app.url)).text()
    expect(page).toContain('<svg')
    expect(page).toMatch(/<form method="post" action="\/flights">/)
    expect(page).not.toContain('<script')
    expect(page).toContain('<iframe src="/totals"')
    expect(numbersOf(page)).toMatchObject({
      'calls of the report': 3,
      'check of the version': 1,
      'loads of the report': 0,
    })

    const { status, headers } = await postForm(app.url, { delay: '45', distance: '800', time: '08:30' })
    expect([status, headers.get('location')]).toEqual([303, '/'])
    const next = numbersOf(await (await fetch(app.url)).text())
    expect(next['load of the report']).toBe(1)
    expect(next['flights']).toBe((numbersOf(page)['flights'] ?? 0) + 1)
  })

  test.each(['short', 'medium', 'long'])('the page can be asked for %s distances', async (band) => {
    const { report } = await getReport(app.url)
    const page = await (await fetch(`${app.url}/?band=${band}`)).text()
    expect(numbersOf(page)['flights']).toBe(report.distances[band as 'short'].flights)
  })

  test('what is not there is 404, a wrong method 405, and HEAD is GET without the body', async () => {
    const status = async (path: string, method: string) => (await fetch(`${app.url}${path}`, { method })).status
    expect(await status('/nothing', 'GET')).toBe(404)
    expect(await status('/api/flights', 'GET')).toBe(405)
    expect(await status('/api/report', 'POST')).toBe(405)
    expect(await status('/?band=<script>', 'GET')).toBe(400)
    const head = await fetch(app.url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  })

  conditionalPromises(() => app.url)

  describe('the page made of parts', () => networkPromises(() => database))

  test('on SIGTERM it finishes the running request, and exits with 0', async () => {
    await fetch(app.url) // leaves a connection that is kept alive, which must not hold it up
    const running = await beginRequest(app.url)
    app.child.kill('SIGTERM')
    await refuses(app.url)
    expect(await running.finish()).toBe(201)
    const finished = performance.now()
    expect(await app.ended).toBe(0)
    expect(performance.now() - finished).toBeLessThan(3000)
  })
}
