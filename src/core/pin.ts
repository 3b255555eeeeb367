import { taintCaller } from './context.ts'
import { cycleError, endCall, type Step, type Waiter } from './cycle.ts'
import { isItsOwnKey, type Key, showKey } from './key.ts'
import type { Pins } from './pins.ts'
import type { Origin } from './stamps.ts'
import type { Reading, Version } from './version.ts'

/** What has pins: a cached function, or a version source that several share. */
export interface PinOwner {
  readonly name: string
  /** The version of what a pin is for, as another session sees it; undefined when nobody can ask for the same again. */
  readAgain(pin: Pin, pins: Pins): Reading | Promise<Reading> | undefined
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
  /** What the key was made of: the call of a function, or the key of a source as it was given. */
  readonly subject: unknown
  /** What every call of this session goes by: a version, or the promise of one. */
  reading: Reading | Promise<Reading> | undefined = undefined
  /** The version itself, once it is there. */
  seen: Reading | undefined = undefined
  /** Whether that is to be shown as what the session has seen; one that is made of others is not. */
  isShown = false
  /** What every call of this session gets: an output, or the promise of one. */
  outcome: unknown = undefined
  /** Where the output comes from, once it is there; also what is known of one that has failed. */
  origin: Origin | undefined = undefined
  load: Step | undefined = undefined
  awaitedBy: Set<Step> | undefined = undefined
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
  constructor(owner: PinOwner, key: Key, args: readonly unknown[] | undefined, subject?: unknown) {
    this.owner = owner
    this.key = key
    this.subject = subject
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
    throw cycleError([this.label, this.label])
  }

  get label(): string {
    return `${this.owner.name}${showKey(this.key)}`
  }

  open(): void {
    this.readyFor = OPENING
    this.origin = undefined
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
      this.seen = reading
      this.isShown = isOwn
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
    return describeVersion(this.owner, this.key, version)
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

/** Says of a version what it is the version of. */
export function describeVersion({ name }: Pick<PinOwner, 'name'>, key: Key, version: Version): SeenVersion {
  return { source: name, key: showKey(key), version }
}

/** How many arguments there are, if `===` tells them from all others: then no key has to be written to find the pin. */
function plainArity(key: Key, args: readonly unknown[]): number {
  if (args.length === 0) return 0
  if (args.length === 1) return key === args[0] ? 1 : BY_KEY
  return args.length === 2 && isItsOwnKey(args[0]) && isItsOwnKey(args[1]) ? 2 : BY_KEY
}
