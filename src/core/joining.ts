import { refusesStale } from './context.ts'
import type { Flight } from './flight.ts'
import { Judgement } from './judgement.ts'
import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'

/**
 * Whether a session takes what a load has brought that it has joined: it is looked at like an entry.
 *
 * What was made of something stale is never whole; who takes that, takes it if the rest is right. What was made of too
 * many things to look at will do if all of them were read after the call was made: it would not get anything newer itself.
 * But then nobody can say what they were, so not in a session that is asked for that, or is to look at them again.
 *
 * @param asked when that was, see `order` of a reading.
 */
export function acceptsOutput(flight: Flight, asked: number, pins: Pins, pin: Pin): boolean | Promise<boolean> {
  const { reads, work } = flight
  const isStale = work?.tainted === true
  if (isStale && (pins.onlyCurrent || refusesStale())) return false
  if (reads.areTooMany) return reads.order > asked && !pins.onlyCurrent
  return (isStale || reads.isWhole) && matches(flight, pins, pin)
}

/** The same for how it has failed. What it had not read by then can have nothing to do with that. */
export function acceptsFailure(flight: Flight, pins: Pins, pin: Pin): boolean | Promise<boolean> {
  return !flight.reads.areTooMany && matches(flight, pins, pin)
}

function matches({ origin }: Flight, pins: Pins, pin: Pin): boolean | Promise<boolean> {
  pin.origin = origin // for a writer who comes in between
  return origin?.stamps === undefined || new Judgement(pins, pin).accepts(origin.stamps)
}
