import express, { type Express, type Request, type RequestHandler } from 'express'
import { sessions } from 'versioned-lru-cache/express'
import { type Answer, answerer } from './answer.ts'
import { measureCost } from './cost.ts'
import type { Database } from './database.ts'
import { notFound, onError, onlyAllow } from './errors.ts'
import { cachedDelayReport, recordFlight } from './flights.ts'
import { InputError, readBand, readFlight, readFlightForm } from './input.ts'
import { pathOf, renderPage } from './page.ts'

/** The example as an Express app, on a database that `prepareFlights` has prepared. */
export function makeApp(database: Database): Express {
  const answer = answerer(cachedDelayReport(database))
  const app = express()
  app.disable('x-powered-by').disable('etag') // the counts differ in every answer, so there is nothing to compare
  app.use(headers)
  app.use(express.json({ strict: false, limit: '10kb' }), express.urlencoded({ extended: false, limit: '10kb' }))
  app.use(measureCost(), sessions()) // behind the body parsers, which may lose the async context

  app.get('/', async (request, response) => {
    response.send(renderPage(await answer(readBand(request.query['band']))))
  })
  app.get('/api/report', async (request, response) => {
    response.json(forMachines(await answer(readBand(request.query['band']))))
  })
  app.post('/api/flights', async (request, response) => {
    requireType(request, 'application/json')
    const flight = readFlight(request.body)
    await recordFlight(database, flight)
    response.status(201).json(flight)
  })
  app.post('/flights', async (request, response) => {
    requireType(request, 'application/x-www-form-urlencoded')
    const backTo = pathOf(readBand(request.query['band'])) // read first: a refused request records nothing
    await recordFlight(database, readFlightForm(request.body))
    response.redirect(303, backTo)
  })

  app.all(['/', '/api/report'], onlyAllow('GET, HEAD'))
  app.all(['/api/flights', '/flights'], onlyAllow('POST'))
  app.use(notFound)
  app.use(onError)
  return app
}

const headers: RequestHandler = (_request, response, next) => {
  response.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'",
    'X-Content-Type-Options': 'nosniff',
  })
  next()
}

function forMachines({ report, cost: { calls, checks, loads }, totals }: Answer): object {
  return { report, request: { calls, checks, loads }, totals }
}

function requireType(request: Request, type: string): void {
  if (!request.is(type)) throw new InputError(`Send a body, with the header "Content-Type: ${type}".`)
}
