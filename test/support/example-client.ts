import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Totals } from '../../examples/express-postgres/answer.ts'
import type { Database } from '../../examples/express-postgres/database.ts'
import type { DelayReport, Flight } from '../../examples/express-postgres/flights.ts'
import { FLIGHTS, FLIGHTS_VERSION } from '../../examples/express-postgres/schema.ts'

export interface ReportAnswer {
  readonly report: DelayReport
  readonly request: { readonly calls: number; readonly checks: number; readonly loads: number }
  readonly totals: Totals
}

export async function getReport(url: string): Promise<ReportAnswer> {
  const response = await fetch(`${url}/api/report`)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json()) as ReportAnswer
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

const NUMBER = /not a finite number/

/** What is wrong, the body, the reason that is given, and the content type where that is what is wrong. */
export const WRONG_BODIES: [what: string, body: string, reason: RegExp, type?: string][] = [
  ['no delay', '{"distance":800,"time":13.5}', /^"delay" is missing/],
  ['no distance', '{"delay":12,"time":13.5}', /^"distance" is missing/],
  ['no time', '{"delay":12,"distance":800}', /^"time" is missing/],
  ['an empty object', '{}', /is missing/],
  ['a text for a number', '{"delay":"12","distance":800,"time":13.5}', NUMBER],
  ['null', '{"delay":12,"distance":null,"time":13.5}', NUMBER],
  ['a boolean', '{"delay":12,"distance":800,"time":true}', NUMBER],
  ['a list of one', '{"delay":[12],"distance":800,"time":13.5}', NUMBER],
  ['a number that is infinite', '{"delay":1e999,"distance":800,"time":13.5}', NUMBER],
  ['more than two hours early', '{"delay":-121,"distance":800,"time":13.5}', /^"delay" is -121/],
  ['more than fifty hours late', '{"delay":3001,"distance":800,"time":13.5}', /^"delay" is 3001/],
  ['no way to go', '{"delay":12,"distance":0,"time":13.5}', /^"distance" is 0/],
  ['more than half around the earth', '{"delay":12,"distance":12501,"time":13.5}', /^"distance" is 12501/],
  ['a time before midnight', '{"delay":12,"distance":800,"time":-0.1}', /^"time" is -0.1/],
  ['24 hours', '{"delay":12,"distance":800,"time":24}', /^"time" is 24/],
  ['an unknown key', '{"delay":12,"distance":800,"time":13.5,"airline":"XX"}', /^"airline" is unknown/],
  ['__proto__', '{"delay":12,"distance":800,"time":13.5,"__proto__":{}}', /^"__proto__" is unknown/],
  ['a list', '[12,800,13.5]', /^Send an object/],
  ['null alone', 'null', /^Send an object/],
  ['a number alone', '12', /^Send an object/],
  ['broken JSON', '{"delay":12,', /^The body is not valid JSON/],
  ['no body', '', /^Send /],
  ['another content type', JSON.stringify(FLIGHT), /Content-Type: application\/json/, 'text/plain'],
  ['a form', 'delay=12&distance=800&time=13.5', /Content-Type: application\/json/, 'application/x-www-form-urlencoded'],
]

export const WRONG_FORMS: [fields: Record<string, string>, reason: RegExp][] = [
  [{ delay: '', distance: '800', time: '08:30' }, /delay&quot; is missing/],
  [{ delay: '12', distance: 'far', time: '08:30' }, /distance&quot; is not a finite number/],
  [{ delay: '12', distance: '800', time: '24:00' }, /time&quot; is 24/],
  [{ delay: '12', distance: '800', time: '08:30', '<b>': '1' }, /&lt;b&gt;&quot; is unknown/],
]

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

export interface StoredState {
  readonly loaded: number
  readonly recorded: number
  readonly epoch: string
  readonly counter: number
}

export async function stateOf({ query }: Database): Promise<StoredState> {
  const [state] = await query<StoredState>(
    `select epoch, counter::int as counter,
       (select count(*)::int from ${FLIGHTS} where not recorded) as loaded,
       (select count(*)::int from ${FLIGHTS} where recorded) as recorded
     from ${FLIGHTS_VERSION}`,
  )
  if (state === undefined) throw new Error('There is no version.')
  return state
}

export async function loseHalf({ query }: Database): Promise<void> {
  await query(
    `delete from ${FLIGHTS} where ctid in (select ctid from ${FLIGHTS} where not recorded order by ctid limit 100000)`,
  )
}
