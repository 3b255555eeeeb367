import type { Key } from './key.ts'
import type { Pin, PinOwner } from './pin.ts'
import type { Pins } from './pins.ts'

/** A call of a cached function, or a key of a version source. */
interface Part {
  readonly owner: PinOwner | undefined
  readonly key: Key
}

/** A writer is not to meet again what was made of what it has outdated, nor what was made of that. */
export function forgetMadeOf(all: ReadonlySet<Pins>, isOutdated: (part: Part) => boolean): void {
  const isMadeOf = (pin: Pin): boolean => isOfUnknown(pin) || partsOf(pin).some(isOutdated)
  const forgotten = [...all].flatMap(madeIn).filter(isMadeOf)
  if (forgotten.length === 0) return
  for (const { owner, key } of forgotten) for (const pins of all) pins.drop(pins.get(owner, key))
  forgetMadeOf(all, (part) => forgotten.some(({ owner, key }) => owner === part.owner && key === part.key))
}

function madeIn(pins: Pins): Pin[] {
  return [...(pins.made ?? [])].filter((pin) => pins.get(pin.owner, pin.key) === pin)
}

/** A call may turn out to be made of others. Those that never can, a writer need not look at. */
export function markMade(pins: Pins | undefined, pin: Pin): void {
  if (pins === undefined) return
  pins.made ??= new Set()
  pins.made.add(pin)
}

/** It has come, or failed: one that is made of nothing else, a writer need not look at. */
export function unmarkPlain(pins: Pins | undefined, pin: Pin): void {
  if (!isOfUnknown(pin) && pin.origin?.stamps === undefined) pins?.made?.delete(pin)
}

/** It was made of too many things to note, or of one that nobody knows. */
function isOfUnknown({ origin, load }: Pin): boolean {
  return (origin ?? load?.reads)?.isWhole === false
}

/** Of what is under way: what it has read so far, and what it waits for. What it reads later is of after the write. */
function partsOf({ origin, load }: Pin): readonly Part[] {
  if (origin !== undefined) return origin.stamps?.flat() ?? []
  const lists = [load?.awaits, load?.reads?.soFar()].filter((parts) => parts !== undefined)
  return lists.flatMap((parts) => [...parts])
}
