import type { Pin } from './pin.ts'
import type { Pins } from './pins.ts'
import type { Stamp } from './stamps.ts'

/** A writer is not to meet again what was made of what it has outdated, nor what was made of that. */
export function forgetMadeOf(all: ReadonlySet<Pins>, isOutdated: (stamp: Stamp) => boolean): void {
  const madeOfIt = (pin: Pin): boolean => pin.origin?.stamps?.some((wave) => wave.some(isOutdated)) ?? false
  const forgotten = [...all].flatMap((pins) => [...pins]).filter(madeOfIt)
  if (forgotten.length === 0) return
  for (const { owner, key } of forgotten) for (const pins of all) pins.drop(pins.get(owner, key))
  forgetMadeOf(all, (stamp) => forgotten.some((pin) => pin.owner === stamp.owner && pin.key === stamp.key))
}
