import type { Clock } from './clock.ts'

/**
 * Processes tell each other times by the wall clock, which each of them has for itself: they may differ, by a skew that
 * is allowed for on the safe side.
 */
export function wallTime(time: number, clock: Clock): number {
  return Date.now() + (time - clock())
}

/** How many milliseconds ago something was at the most; undefined when that is yet to come, so that nobody can tell. */
export function ageAt(time: number, maxClockSkew: number): number | undefined {
  const age = Date.now() - time
  return age >= -maxClockSkew ? age + maxClockSkew : undefined
}

/**
 * What is counted by this tells when it was: a number greater than all before, and no less than the time of the wall
 * clock in milliseconds.
 */
export function nextTick(last: number): number {
  return Math.max(last + 1, Date.now())
}
