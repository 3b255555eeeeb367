import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { versionSource } from 'versioned-lru-cache'
import { sessions } from 'versioned-lru-cache/express'
import { makeApp } from '../../examples/express-postgres/app.ts'
import type { Database, Query } from '../../examples/express-postgres/database.ts'
import {
  cachedDelayReport,
  type DelayReport,
  type FlightsVersions,
  flightsVersions,
  recordFlight,
} from '../../examples/express-postgres/flights.ts'
import { FLIGHT } from './example-client.ts'
import { gate } from './gate.ts'

async function serve(listener: RequestListener): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An app on the example's own report, one route of which waits between its two calls until the test lets it go. */
export async function serveHeld(database: Database) {
  const delayReport = cachedDelayReport(database, flightsVersions(database))
  const [first, released] = [gate<DelayReport>(), gate()]
  const app = express().use(sessions())
  app.get('/held', async (_request, response) => {
    const before = await delayReport({ band: 'all' })
    first.open(before)
    await released.promise
    response.json([before.flights, (await delayReport({ band: 'all' })).flights])
  })
  app.get('/now', async (_request, response) => {
    response.json((await delayReport({ band: 'all' })).flights)
  })
  const server = await serve(app)
  return {
    firstReport: first.promise,
    letGo: () => released.open(),
    record: () => recordFlight(database, FLIGHT),
    askAndWait: async () => (await (await fetch(`${server.url}/held`)).json()) as [number, number],
    askNow: async () => (await (await fetch(`${server.url}/now`)).json()) as number,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The example, and how many statements it has run. */
export async function serveCounted(database: Database) {
  let statements = 0
  const query: Query = (sql, values) => {
    statements++
    return database.query(sql, values)
  }
  const server = await serve(makeApp({ ...database, query }))
  return {
    ...server,
    /** What `work` gives, and how many statements were run meanwhile. */
    async during<R>(work: () => Promise<R>): Promise<[result: R, statements: number]> {
      const before = statements
      return [await work(), statements - before]
    },
  }
}

/** The example on a database that answers everything with an error, or everything but the version. */
export function serveBroken(error: Error, version?: string) {
  const fail = () => Promise.reject(error)
  const database = { query: fail, transaction: fail, close: fail }
  return serve(makeApp(database, version === undefined ? undefined : always(version)))
}

/** The example of some build, on a database that never changes: there are no flights in it. */
export function serveEmpty(build: string) {
  const refuse = () => Promise.reject(new Error('Nothing is written.'))
  return serve(makeApp({ query: async () => [], transaction: refuse, close: refuse }, always('1'), build))
}

function always(version: string): FlightsVersions {
  return versionSource({ name: 'never written', read: async () => version })
}
