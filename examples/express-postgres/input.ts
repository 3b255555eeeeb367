import { BANDS, type Band, type Flight } from './flights.ts'
import type { Airport, Route } from './network.ts'

/** Somebody sent what cannot be used; the message is for them. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly status = 400
}

interface Range {
  readonly wanted: string
  holds(value: number): boolean
}

/**
 * Wide enough for whatever really flies: the flights loaded here reach from 86 minutes early to 24 hours late,
 * and no two places on earth are more than 12,450 miles apart.
 */
const RANGES: Readonly<Record<keyof Flight, Range>> = {
  delay: { wanted: 'minutes from -120 to 3000', holds: (value) => value >= -120 && value <= 3000 },
  distance: { wanted: 'miles from 1 to 12500', holds: (value) => value >= 1 && value <= 12_500 },
  time: { wanted: 'hours from 0 to below 24', holds: (value) => value >= 0 && value < 24 },
}

/** Takes what a client sent as a flight, or says what is wrong with it. */
export function readFlight(input: unknown): Flight {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InputError('Send an object such as { "delay": 12, "distance": 800, "time": 13.5 }.')
  }
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(RANGES, name))
  if (unknown !== undefined) throw new InputError(`${quote(unknown)} is unknown: send "delay", "distance" and "time".`)
  const given = input as Record<string, unknown>
  return { delay: readNumber(given, 'delay'), distance: readNumber(given, 'distance'), time: readNumber(given, 'time') }
}

function readNumber(given: Record<string, unknown>, name: keyof Flight): number {
  const value = given[name]
  const { wanted, holds } = RANGES[name]
  if (value === undefined) throw new InputError(`"${name}" is missing: send ${wanted}.`)
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new InputError(`"${name}" is not a finite number: send ${wanted}.`)
  }
  if (!holds(value)) throw new InputError(`"${name}" is ${value}: send ${wanted}.`)
  return value + 0 // adding zero turns -0 into 0
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/** A form has only texts: they become what the same flight is in JSON, and are judged alike. */
export function readFlightForm(form: unknown): Flight {
  if (typeof form !== 'object' || form === null) throw new InputError('Send the fields of the form.')
  const fields = Object.entries(form).map(([name, text]) => [name, name === 'time' ? hours(text) : number(text)])
  return readFlight(Object.fromEntries(fields))
}

function number(text: unknown): unknown {
  if (typeof text !== 'string') return text
  return text.trim() === '' ? undefined : Number(text)
}

/** A browser's time field sends `13:30`. */
function hours(text: unknown): unknown {
  const clock = typeof text === 'string' ? /^(\d\d):([0-5]\d)(?::[0-5]\d)?$/.exec(text) : null
  return clock === null ? number(text) : Number(clock[1]) + Number(clock[2]) / 60
}

/** The distance band that a page is asked for; all of them when it says nothing. */
export function readBand(input: unknown): Band {
  if (input === undefined) return 'all'
  const band = BANDS.find((each) => each === input)
  if (band === undefined) throw new InputError(`There is no such "band": choose one of ${BANDS.join(', ')}.`)
  return band
}

const CODE = { wanted: 'the code of an airport, such as ATL', pattern: /^[A-Z0-9]{3,4}$/ }
const NAME = { wanted: '1 to 80 characters', pattern: /^\P{Cc}{1,80}$/u }

/** The new name of an airport, from a form. */
export function readAirportName(form: unknown): Pick<Airport, 'code' | 'name'> {
  return { code: readText(form, 'code', CODE), name: readText(form, 'name', NAME) }
}

/** From where to where, from a form. */
export function readRoute(form: unknown): Omit<Route, 'flights'> {
  return { origin: readText(form, 'origin', CODE), destination: readText(form, 'destination', CODE) }
}

function readText(form: unknown, name: string, { wanted, pattern }: typeof CODE): string {
  const text = (form as Record<string, unknown>)[name]
  if (typeof text === 'string' && pattern.test(text.trim())) return text.trim()
  throw new InputError(`${quote(name)} is missing, or cannot be used: send ${wanted}.`)
}
