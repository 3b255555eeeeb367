import { taintCaller } from './context.ts'
import { cycleError, endCall, type Load, type Waiter } from './cycle.ts'
import { isItsOwnKey, type Key, showKey } from './key.ts'
import type { Reading, Version } from './version.ts'

/** What has pins: a cached function, or a version source that several share. */
export interface PinOwner {
  readonly name: string
}

/** A version that a session goes by. */
export interface SeenVersion {
  /** The name of the version source, or of the cached function that has it to itself. */
  readonly source: string
  /** The arguments it was read for, as text: `("eu",2)`. */
  readonly key: string
  readonly version: Version
}

/** What stands in `readyFor` where there is no number of arguments: nobody has asked, or what was asked has failed. */
const NOTHING = -2
/** What gives the outcome has been called, and has not returned. */
const OPENING = -1
/** There is an outcome, for a call whose arguments only a key can tell from others. */
const BY_KEY = -3

/** What a session holds on to of one call: the version that it saw, and the output that it got. */
export class Pin implements Waiter {
  readonly owner: PinOwner
  readonly key: Key
  /** What every call of this session goes by: a version, or the promise of one. */
  reading: Reading | Promise<Reading> | undefined = undefined
  /** The version itself, once it is there. */
  seen: Reading | undefined = undefined
  /** What every call of this session gets: an output, or the promise of one. */
  outcome: unknown = undefined
  load: Load | undefined = undefined
  awaitedBy: Set<Load> | undefined = undefined
  next: Pin | undefined = undefined
  /** A call of that many arguments may have the outcome: all that a hit has to look at. */
  readyFor: number = NOTHING
  /** Whether something that was served stale has gone into the version or the output. */
  tainted = false
  /** The same when it is ready. */
  readonly #arity: number
  /** The two arguments, where they can be compared as they are. */
  readonly pair: readonly unknown[] | undefined

  /** @param args unless there is a key function, by which they cannot be told apart. */
  constructor(owner: PinOwner, key: Key, args: readonly unknown[] | undefined) {
    this.owner = owner
    this.key = key
    this.#arity = args === undefined ? BY_KEY : plainArity(key, args)
    this.pair = this.#arity === 2 ? args : undefined
  }

  /** Whether somebody has asked, so that there is an outcome or will be one in a moment. */
  get isTaken(): boolean {
    return this.readyFor !== NOTHING
  }

  /** @throws {LoadCycleError} when what gives the outcome has been called and has not returned. */
  give(): unknown {
    if (this.readyFor !== OPENING) return this.outcome
    const label = `${this.owner.name}${showKey(this.key)}`
    throw cycleError([label, label])
  }

  open(): void {
    this.readyFor = OPENING
  }

  hold(outcome: unknown): unknown {
    this.outcome = outcome
    this.readyFor = this.#arity
    return outcome
  }

  /**
   * Goes by a version, when it comes if it is promised, and by nothing when the check fails: the next call tries again.
   *
   * @param isOwn whether it is to be shown as what the session has seen; one that is made of others is not.
   */
  goBy(coming: Reading | Promise<Reading>, isOwn = true): Reading | Promise<Reading> {
    const see = (reading: Reading): Reading => {
      if (reading.tainted) this.taint()
      if (isOwn) this.seen = reading
      return reading
    }
    if (!(coming instanceof Promise)) {
      this.reading = coming
      return see(coming)
    }
    const reading = coming.then(see, (error) => {
      this.reading = undefined
      throw error
    })
    this.reading = reading
    return reading
  }

  /** Says of a version what it is the version of. */
  describe(version: Version): SeenVersion {
    return { source: this.owner.name, key: showKey(this.key), version }
  }

  /** What is made of something stale is stale itself: so is whatever the caller makes of it. */
  taint(): void {
    this.tainted = true
    taintCaller()
  }

  /** The output is there: nobody waits for this call any more. */
  settle(output: unknown): unknown {
    endCall(this)
    return output
  }

  letGo(): void {
    this.outcome = undefined
    this.readyFor = NOTHING
  }
}

/** How many arguments there are, if `===` tells them from all others: then no key has to be written to find the pin. */
function plainArity(key: Key, args: readonly unknown[]): number {
  if (args.length === 0) return 0
  if (args.length === 1) return key === args[0] ? 1 : BY_KEY
  return args.length === 2 && isItsOwnKey(args[0]) && isItsOwnKey(args[1]) ? 2 : BY_KEY
}
