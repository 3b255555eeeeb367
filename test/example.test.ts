import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildOf } from '../examples/express-postgres/build.ts'
import { type Database, openDatabase } from '../examples/express-postgres/database.ts'
import { recordFlight } from '../examples/express-postgres/flights.ts'
import { readNetworkFiles } from '../examples/express-postgres/network-schema.ts'
import { FLIGHTS } from '../examples/express-postgres/schema.ts'
import { serveBroken, serveEmpty } from './support/example-apps.ts'
import { askAgain, beginRequest, connectTo, FLIGHT, getReport, getTotals, refuses } from './support/example-client.ts'
import { type RunningPostgres, SERVER_PACKAGE, serverIsInstalled, startPostgres } from './support/example-postgres.ts'
import { appEnv, type RunningApp, runExample, startApp, stopApp } from './support/example-process.ts'
import { promises } from './support/example-promises.ts'
import { LOST, loseSome, rollBack, stateOf } from './support/example-state.ts'
import { ask } from './support/http-client.ts'

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
    const before = await stateOf(database)
    app = await startApp(databaseUrl())
    expect(app.output()).not.toContain('Loading')
    expect(await stateOf(database)).toEqual(before)
    expect((await getReport(app.url)).report.flights).toBe(before.loaded + before.recorded)
  })

  test('what a client has from before a restart is still good: 304 by one check, and nothing is loaded', async () => {
    const restart = async () => {
      if (app !== undefined) await stopApp(app)
      app = await startApp(databaseUrl())
      return app.url
    }
    const paths = ['/', '/api/report']
    const before = await restart()
    const kept = await Promise.all(paths.map(async (path) => (await ask(before + path)).headers.etag))
    const made = await ask(`${before}/network`)
    const after = await restart()
    for (const [index, path] of paths.entries()) {
      expect(await askAgain(after + path, kept[index])).toMatchObject({ status: 304, text: '' })
    }
    expect(await getTotals(after)).toEqual({ requests: 2, notModified: 2, calls: 0, checks: 2, loads: 0, hits: 0 })
    expect(await askAgain(`${after}/network`, made.headers.etag)).toMatchObject({ status: 304, text: '' })

    await recordFlight(database, FLIGHT)
    const later = await restart()
    for (const [index, path] of paths.entries()) {
      expect(await askAgain(later + path, kept[index])).toMatchObject({ status: 200 })
    }
  })

  test('a write that is rolled back is no new version, and one that is not, is', async () => {
    const before = await stateOf(database)
    await rollBack(database, `truncate ${FLIGHTS}`)
    expect(await stateOf(database)).toEqual(before)
    await recordFlight(database, FLIGHT)
    expect((await stateOf(database)).version).not.toBe(before.version)
  })

  test('a second signal ends it at once, whatever is running', async () => {
    if (app === undefined) throw new Error('The test before this one has to start it.')
    await beginRequest(app.url)
    app.child.kill('SIGTERM')
    await refuses(app.url)
    app.child.kill('SIGINT')
    expect(await app.ended).toBe(130)
  })

  test('a loading that was killed, or flights that were lost, are made good by the next start', async () => {
    const before = await stateOf(database)
    await loseSome(database)
    const killed = runExample('examples/express-postgres/main.ts', appEnv(databaseUrl()))
    await killed.prints(/ 10%/).finally(() => killed.child.kill('SIGKILL'))
    await killed.ended
    expect((await stateOf(database)).loaded).toBe(200_000 - LOST)

    app = await startApp(databaseUrl())
    expect(app.output()).toContain('Loading 200,000 flights: 100%')
    const after = await stateOf(database)
    expect(after).toMatchObject({ loaded: 200_000, recorded: before.recorded })
    expect(after.version).not.toBe(before.version)
  })

  test('a connection that a browser has opened in advance does not hold up its end', async () => {
    if (app === undefined) throw new Error('The test before this one has to start it.')
    const unused = await connectTo(app.url)
    const asked = performance.now()
    expect(await stopApp(app)).toBe(0)
    expect(performance.now() - asked).toBeLessThan(3000)
    unused.destroy()
  })
}

test('a PORT that is none is refused in words', async () => {
  const example = runExample('examples/express-postgres/main.ts', { ...appEnv(undefined), PORT: '80 80' })
  expect(await example.ended).toBe(1)
  expect(example.output()).toMatch(/^PORT is "80 80": give a whole number from 0 to 65535/)
})

test('the airports are those of the file, whose names have commas and quotes in them', async () => {
  const { airports, routes } = await readNetworkFiles()
  expect([airports.length, routes.length]).toEqual([3376, 5366])
  expect(airports.find(({ code }) => code === 'DBN')).toEqual({
    code: 'DBN',
    name: 'W. H. "Bud" Barron',
    city: 'Dublin, GA',
    latitude: 32.56445806,
  })
  expect(airports.filter(({ latitude }) => Number.isNaN(latitude))).toEqual([])
})

test.each([
  ['everything', undefined],
  ['the report alone', '1'],
])('a failure of the database in %s is a 500 that gives nothing away, and nothing to keep', async (_what, version) => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  await using broken = await serveBroken(new Error('password=hunter2'), version)
  for (const path of ['/', '/api/report']) {
    const { status, headers, text } = await ask(broken.url + path)
    expect([status, headers.etag, headers['cache-control']]).toEqual([500, undefined, 'no-store'])
    expect(text).not.toMatch(/hunter2|node_modules|\.ts/)
  }
  expect(log).toHaveBeenCalledTimes(2)
  log.mockRestore()
})

test('another build shows the same data in its own words, so its tags are others', async () => {
  const tags = await Promise.all(
    ['one', 'one', 'two'].map(async (build) => {
      await using app = await serveEmpty(build)
      return (await ask(app.url)).headers.etag
    }),
  )
  expect(tags[0]).toBeDefined()
  expect(tags[1]).toBe(tags[0])
  expect(tags[2]).not.toBe(tags[0])
})

test('a build is told by the names and the text of its code, and by nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'versioned-lru-cache-build-'))
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return buildOf(pathToFileURL(`${folder}/`))
  }
  const first = await write('page.ts', 'one')
  expect(await write('notes.txt', 'seen by nobody')).toBe(first)
  expect(await write('page.ts', 'two')).not.toBe(first)
  expect(await write('page.ts', 'one')).toBe(first)
  expect(await write('chart.ts', '')).not.toBe(first)
  await rm(folder, { recursive: true })
})
