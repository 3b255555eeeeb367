import type { Clock } from './clock.ts'

/** The wall clock leaves out parts of a millisecond: it may be later than it says, by up to so much. */
const PART = 1

/**
 * Processes tell each other times by the wall clock, which each of them has for itself: they may differ, by a skew that
 * is allowed for on the safe side. A time is told in whole milliseconds, and is no later than it was.
 */
export function wallTime(time: number, clock: Clock): number {
  return Math.floor(Date.now() + (time - clock()))
}

/** How many milliseconds ago something was at the most; undefined when that is yet to come, so that nobody can tell. */
export function ageAt(time: number, maxClockSkew: number): number | undefined {
  const age = Date.now() - time
  return age >= -maxClockSkew ? age + PART + maxClockSkew : undefined
}

/** In how many milliseconds something will be at the earliest. */
export function timeUntil(time: number, maxClockSkew: number): number {
  return time - Date.now() - PART - maxClockSkew
}

/**
 * What is counted by this tells when it was: a number greater than all before, and no less than the time of the wall
 * clock in milliseconds.
 */
export function nextTick(last: number): number {
  return Math.max(last + 1, Date.now())
}
