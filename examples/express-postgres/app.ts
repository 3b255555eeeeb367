import express, { type Express, type Request, type RequestHandler } from 'express'
import { conditional, sessions } from 'versioned-lru-cache/express'
import { type Answer, makeAnswer } from './answer.ts'
import { buildOf } from './build.ts'
import { costOfThisRequest, measureCost } from './cost.ts'
import type { Database } from './database.ts'
import { notFound, onError, onlyAllow } from './errors.ts'
import {
  type CachedDelayReport,
  cachedDelayReport,
  type FlightsVersions,
  flightsVersions,
  recordFlight,
} from './flights.ts'
import { InputError, readAirportName, readBand, readFlight, readFlightForm, readRoute } from './input.ts'
import { cachedOverview, countFlight, networkVersions, renameAirport } from './network.ts'
import { renderNetwork } from './network-page.ts'
import { pathOf, renderPage } from './page.ts'
import { renderTotals } from './receipt.ts'
import { RunningTotals } from './totals.ts'

/** The example as an Express app, on a database that `prepareFlights` and `prepareNetwork` have prepared. */
export function makeApp(
  database: Database,
  versions: FlightsVersions = flightsVersions(database),
  build: string = buildOf(new URL('.', import.meta.url)),
): Express {
  const delayReport = cachedDelayReport(database, versions)
  const app = express()
  app.disable('x-powered-by').disable('etag') // a tag is made of versions, and only what has some has one
  app.use(headers)
  app.use(express.json({ strict: false, limit: '10kb' }), express.urlencoded({ extended: false, limit: '10kb' }))
  app.use(measureCost(), sessions())
  showReports(app, delayReport, new RunningTotals(delayReport, versions), build)
  takeFlights(app, database)
  showNetwork(app, database, build)
  changeNetwork(app, database)
  app.use(notFound)
  app.use(onError)
  return app
}

function showReports(app: Express, delayReport: CachedDelayReport, totals: RunningTotals, build: string): void {
  const answer = (request: Request): Promise<Answer> => makeAnswer(delayReport, bandOf(request))
  const unlessKept = conditional((request: Request) => delayReport.dependency({ band: bandOf(request) }), {
    salt: build,
    cacheControl: 'private, no-cache', // private, as it says what it cost this client
  })

  app.get('/', totals.count(), unlessKept, async (request, response) => {
    response.send(renderPage(await answer(request)))
  })
  app.get('/api/report', totals.count(), unlessKept, async (request, response) => {
    response.json(forMachines(await answer(request)))
  })
  app.get('/totals', noStore, (_request, response) => {
    response.send(renderTotals(totals.now()))
  })
  app.get('/api/totals', noStore, (_request, response) => {
    response.json(totals.now())
  })
  app.all(['/', '/api/report', '/totals', '/api/totals'], onlyAllow('GET, HEAD'))
}

function takeFlights(app: Express, database: Database): void {
  app.post('/api/flights', noStore, async (request, response) => {
    requireType(request, 'application/json')
    const flight = readFlight(request.body)
    await recordFlight(database, flight)
    response.status(201).json(flight)
  })
  app.post('/flights', noStore, async (request, response) => {
    requireType(request, 'application/x-www-form-urlencoded')
    const backTo = pathOf(bandOf(request)) // read first: a refused request records nothing
    await recordFlight(database, readFlightForm(request.body))
    response.redirect(303, backTo)
  })
  app.all(['/api/flights', '/flights'], onlyAllow('POST'))
}

/** The tag moves with any part of the page, and the route does not have to know which there are. */
function showNetwork(app: Express, database: Database, build: string): void {
  const overview = cachedOverview(database, networkVersions(database))
  const unlessKept = conditional(() => overview.dependency(), { salt: build, cacheControl: 'private, no-cache' })

  app.get('/network', unlessKept, async (_request, response) => {
    response.send(renderNetwork(await overview(), costOfThisRequest()))
  })
  app.all('/network', onlyAllow('GET, HEAD'))
}

function changeNetwork(app: Express, database: Database): void {
  app.post('/network/airports', noStore, async (request, response) => {
    requireType(request, 'application/x-www-form-urlencoded')
    const isThere = await renameAirport(database, readAirportName(request.body))
    if (!isThere) throw new InputError('There is no such airport.')
    response.redirect(303, '/network')
  })
  app.post('/network/routes', noStore, async (request, response) => {
    requireType(request, 'application/x-www-form-urlencoded')
    const isThere = await countFlight(database, readRoute(request.body))
    if (!isThere) throw new InputError('There is no such route.')
    response.redirect(303, '/network')
  })
  app.all(['/network/airports', '/network/routes'], onlyAllow('POST'))
}

const headers: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; " +
      "frame-src 'self'; frame-ancestors 'self'",
    'X-Content-Type-Options': 'nosniff',
  })
  next()
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

function bandOf(request: Request): ReturnType<typeof readBand> {
  return readBand(request.query['band'])
}

function forMachines({ report, cost: { calls, checks, loads } }: Answer): object {
  return { report, request: { calls, checks, loads } }
}

function requireType(request: Request, type: string): void {
  if (!request.is(type)) throw new InputError(`Send a body, with the header "Content-Type: ${type}".`)
}
