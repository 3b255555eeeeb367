import type { Key } from './key.ts'
import type { Pin, PinOwner } from './pin.ts'

/** What is pinned of one function, when there is much. */
export class PinBoard {
  readonly owner: PinOwner
  readonly byKey: Map<Key, Pin> = new Map()
  byPair: Map<unknown, Map<unknown, Pin>> | undefined = undefined

  constructor(owner: PinOwner) {
    this.owner = owner
  }

  add(pin: Pin): void {
    this.byKey.set(pin.key, pin)
    if (pin.pair === undefined) return
    const [a, b] = pin.pair
    this.byPair ??= new Map()
    const ofFirst = this.byPair.get(a)
    if (ofFirst === undefined) this.byPair.set(a, new Map([[b, pin]]))
    else ofFirst.set(b, pin)
  }

  drop(pin: Pin): void {
    this.byKey.delete(pin.key)
    if (pin.pair === undefined) return
    const [a, b] = pin.pair
    const ofFirst = this.byPair?.get(a)
    ofFirst?.delete(b)
    if (ofFirst?.size === 0) this.byPair?.delete(a)
  }
}
