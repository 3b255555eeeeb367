import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { DelayReport, Flight } from '../../examples/express-postgres/flights.ts'
import type { Totals } from '../../examples/express-postgres/totals.ts'
import { ask, type Received } from './http-client.ts'

export interface ReportAnswer {
  readonly report: DelayReport
  readonly request: { readonly calls: number; readonly checks: number; readonly loads: number }
}

export async function getReport(url: string): Promise<ReportAnswer> {
  const response = await fetch(`${url}/api/report`)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json()) as ReportAnswer
}

export async function getTotals(url: string): Promise<Totals> {
  return JSON.parse((await ask(`${url}/api/totals`)).text) as Totals
}

/** What was done while `work` ran, and what came of that. */
export async function during<R>(url: string, work: () => Promise<R>): Promise<[R, Totals]> {
  const before = await getTotals(url)
  const result = await work()
  const after = Object.entries(await getTotals(url)) as [keyof Totals, number][]
  return [result, Object.fromEntries(after.map(([name, count]) => [name, count - before[name]])) as unknown as Totals]
}

/** Asks as a client that has kept an answer, by its tag. */
export function askAgain(url: string, tag: string | undefined, method = 'GET'): Promise<Received> {
  return ask(url, { method, headers: { 'If-None-Match': tag ?? '' } })
}

export const FLIGHT: Flight = { delay: 12, distance: 800, time: 13.5 }

export function postFlight(url: string, flight: unknown = FLIGHT): Promise<Response> {
  return postBody(url, JSON.stringify(flight))
}

export function postBody(url: string, body: string, type = 'application/json'): Promise<Response> {
  return fetch(`${url}/api/flights`, { method: 'POST', headers: { 'Content-Type': type }, body })
}

export function postForm(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(`${url}/flights`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
}

/** What the page says of its own cost: `{ 'calls of the report': 3, … }`. */
export function numbersOf(page: string): Record<string, number> {
  const numbers = [...page.matchAll(/<dt>([^<]*)<\/dt><dd>([\d,]+)(?: <small>[^<]*<\/small>)?<\/dd>/g)]
  return Object.fromEntries(numbers.map(([, name = '', value = '']) => [name, Number(value.replaceAll(',', ''))]))
}

/** A request that the server has begun to read, and that ends when the test sends its body. */
export async function beginRequest(url: string): Promise<{ finish: () => Promise<number | undefined> }> {
  const body = JSON.stringify(FLIGHT)
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, Expect: '100-continue' }
  const pending: ClientRequest = request(`${url}/api/flights`, { method: 'POST', headers })
  const status = new Promise<number | undefined>((resolve, reject) => {
    pending.once('response', (response: IncomingMessage) => resolve(response.resume().statusCode)).once('error', reject)
  })
  status.catch(() => {}) // a test that kills the server does not ask
  await new Promise<void>((resolve) => {
    pending.once('continue', resolve)
    pending.flushHeaders()
  })
  return {
    finish: () => {
      pending.end(body)
      return status
    },
  }
}

/** A connection on which nothing is sent. */
export async function connectTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Waits until nobody listens there any more. */
export async function refuses(url: string): Promise<void> {
  while (await listens(url)) await new Promise((resolve) => setTimeout(resolve, 10))
}

function listens(url: string): Promise<boolean> {
  return fetch(`${url}/nothing`, { headers: { Connection: 'close' } }).then(
    () => true,
    () => false,
  )
}
