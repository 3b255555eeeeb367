import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Database, openDatabase } from '../examples/express-postgres/database.ts'
import { prepareFlights } from '../examples/express-postgres/schema.ts'
import { serveBroken, serveHeld } from './support/example-apps.ts'
import * as client from './support/example-client.ts'
import { type RunningPostgres, SERVER_PACKAGE, serverIsInstalled, startPostgres } from './support/example-postgres.ts'
import { appEnv, type RunningApp, runExample, startApp, stopApp } from './support/example-process.ts'

const { FLIGHT, getReport, postFlight } = client

describe('on the embedded PostgreSQL', () => {
  promises(() => undefined)
})

const installed = serverIsInstalled()
if (!installed) console.warn(`${SERVER_PACKAGE} is not installed: the example is not tested on a real server.`)

test.runIf(process.env['CI'] === 'true')('CI tests the example on a real server too', () => {
  expect(installed).toBe(true)
})

describe.runIf(installed)('on a real PostgreSQL', () => {
  let postgres: RunningPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres?.stop())
  promises(() => postgres.url)
  serverPromises(() => postgres.url)
})

/** What holds on any database. The last test ends the example. */
function promises(databaseUrl: () => string | undefined): void {
  let app: RunningApp
  beforeAll(async () => {
    app = await startApp(databaseUrl())
  })
  afterAll(() => app && stopApp(app))

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
    const answers = await Promise.all(Array.from({ length: 200 }, () => getReport(app.url)))
    const { totals } = await getReport(app.url)
    expect(totals.loads - before.totals.loads).toBe(1)
    expect(totals.requests - before.totals.requests).toBe(201)
    expect(totals.checks - before.totals.checks).toBeLessThanOrEqual(201)
    expect(new Set(answers.map(({ report }) => report.flights))).toEqual(new Set([before.report.flights + 1]))
    expect(answers.reduce((loads, { request }) => loads + request.loads, 0)).toBe(1)
  })

  test('a request that began before a write keeps its report, while a later one has the new one', async () => {
    const database = await openDatabase(databaseUrl())
    if (databaseUrl() === undefined) await prepareFlights(database, [FLIGHT, FLIGHT])
    await using held = await serveHeld(database)
    const early = held.askAndWait()
    const { flights } = await held.firstReport
    await held.record()
    expect(await held.askNow()).toBe(flights + 1)
    held.letGo()
    expect(await early).toEqual([flights, flights])
  })

  test.each(client.WRONG_BODIES)('refuses %s', async (_what, body, reason, type = 'application/json') => {
    const before = await getReport(app.url)
    const answer = await client.postBody(app.url, body, type)
    expect([answer.status, await answer.json()]).toEqual([400, { error: expect.stringMatching(reason) }])
    const after = await getReport(app.url)
    expect([after.report.flights, after.request.loads]).toEqual([before.report.flights, 0])
  })

  test.each(client.WRONG_FORMS)('refuses a form with %j', async (fields, reason) => {
    const before = await getReport(app.url)
    const answer = await client.postForm(app.url, fields)
    const page = await answer.text()
    expect(answer.status).toBe(400)
    expect(page).toMatch(reason)
    expect(page).not.toContain('<b>')
    expect((await getReport(app.url)).report.flights).toBe(before.report.flights)
  })

  test('the page has the chart, its cost and a form that works without JavaScript', async () => {
    await getReport(app.url)
    const page = await (await fetch(app.url)).text()
    expect(page).toContain('<svg')
    expect(page).toMatch(/<form method="post" action="\/flights">/)
    expect(page).not.toContain('<script')
    expect(client.numbersOf(page)).toMatchObject({
      'calls of the report': 3,
      'check of the version': 1,
      'loads of the report': 0,
    })

    const { status, headers } = await client.postForm(app.url, { delay: '45', distance: '800', time: '08:30' })
    expect([status, headers.get('location')]).toEqual([303, '/'])
    const next = client.numbersOf(await (await fetch(app.url)).text())
    expect(next['load of the report']).toBe(1)
    expect(next['flights']).toBe((client.numbersOf(page)['flights'] ?? 0) + 1)
  })

  test.each(['short', 'medium', 'long'])('the page can be asked for %s distances', async (band) => {
    const { report } = await getReport(app.url)
    const page = await (await fetch(`${app.url}/?band=${band}`)).text()
    expect(client.numbersOf(page)['flights']).toBe(report.distances[band as 'short'].flights)
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

  test('on SIGTERM it finishes the running request, and exits with 0', async () => {
    await fetch(app.url) // leaves an idle connection that is kept alive, which must not hold it up
    const running = await client.beginRequest(app.url)
    app.child.kill('SIGTERM')
    await client.refuses(app.url)
    expect(await running.finish()).toBe(201)
    const finished = performance.now()
    expect(await app.ended).toBe(0)
    expect(performance.now() - finished).toBeLessThan(3000)
  })
}

/** What holds between runs on a server that stays. */
function serverPromises(databaseUrl: () => string): void {
  let database: Database
  let app: RunningApp | undefined
  beforeAll(async () => {
    database = await openDatabase(databaseUrl())
  })
  afterAll(async () => {
    if (app !== undefined) await stopApp(app)
    await database.close()
  })

  test('a second start loads nothing, and the version does not go back', async () => {
    const before = await client.stateOf(database)
    app = await startApp(databaseUrl())
    expect(app.output()).not.toContain('Loading')
    expect(await client.stateOf(database)).toEqual(before)
    expect((await getReport(app.url)).report.flights).toBe(before.loaded + before.recorded)
  })

  test('a second signal ends it at once, whatever is running', async () => {
    if (app === undefined) throw new Error('The test before this one has to start it.')
    await client.beginRequest(app.url)
    app.child.kill('SIGTERM')
    await client.refuses(app.url)
    app.child.kill('SIGINT')
    expect(await app.ended).toBe(130)
  })

  test('a loading that was killed, or flights that were lost, are made good by the next start', async () => {
    const before = await client.stateOf(database)
    await client.loseHalf(database)
    const killed = runExample('examples/express-postgres/main.ts', appEnv(databaseUrl()))
    await killed.prints(/ 50%/)
    killed.child.kill('SIGKILL')
    await killed.ended
    expect((await client.stateOf(database)).loaded).toBe(100_000)

    app = await startApp(databaseUrl())
    expect(app.output()).toContain('Loading 200,000 flights: 100%')
    const after = await client.stateOf(database)
    expect(after).toMatchObject({ loaded: 200_000, recorded: before.recorded, epoch: before.epoch })
    expect(after.counter).toBeGreaterThan(before.counter)
  })
}

test('a PORT that is none is refused in words', async () => {
  const example = runExample('examples/express-postgres/main.ts', { ...appEnv(undefined), PORT: '80 80' })
  expect(await example.ended).toBe(1)
  expect(example.output()).toMatch(/^PORT is "80 80": give a whole number from 0 to 65535/)
})

test('a failure in the database is a 500 that gives nothing away', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  await using broken = await serveBroken(new Error('password=hunter2'))
  for (const path of ['/', '/api/report']) {
    const answer = await fetch(broken.url + path)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toMatch(/hunter2|node_modules|\.ts/)
  }
  expect(log).toHaveBeenCalledTimes(2)
  log.mockRestore()
})
