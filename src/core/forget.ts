import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Stamp } from './stamps.ts'

/**
 * A writer is not to meet again what was made of what it has outdated, nor what was made of that. Of what is under way,
 * nobody knows yet what it will be made of: who asks for it later asks anew.
 */
export function forgetMadeOf(all: ReadonlySet<Pins>, isOutdated: (stamp: Stamp) => boolean): void {
  const madeOfIt = (pin: Pin): boolean => pin.origin?.stamps?.some((wave) => wave.some(isOutdated)) ?? isUnderWay(pin)
  const forgotten = [...all].flatMap((pins) => [...pins]).filter(madeOfIt)
  if (forgotten.length === 0) return
  for (const { owner, key } of forgotten) for (const pins of all) pins.drop(pins.get(owner, key))
  forgetMadeOf(all, (stamp) => forgotten.some((pin) => pin.owner === stamp.owner && pin.key === stamp.key))
}

/** What was served stale comes from nowhere as well. */
function isUnderWay({ isTaken, origin, tainted }: Pin): boolean {
  return isTaken && origin === undefined && !tainted
}
