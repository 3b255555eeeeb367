import { type Call, type CheckRun, type Drop, type History, type LoadRun, PlannedError } from './history-record.ts'

/** A version that a session goes by: it asked for it once, and the next check that began is its answer. */
interface Asked {
  readonly at: number
  readonly check: CheckRun | undefined
}

/** What a session holds on to: the calls that have to get the same outcome, and the version that they go by. */
export interface Hold {
  readonly key: string
  readonly kind: Call['kind']
  readonly at: number
  readonly asked: Asked
  readonly calls: Call[]
}

/** A history with what follows from the calls and the drops alone, whatever the cache did. */
export interface Trace {
  readonly history: History
  readonly holds: readonly Hold[]
  readonly asked: readonly Asked[]
  holdOf(call: Call): Hold
}

interface Slot {
  hold: Hold | undefined
  asked: Asked | undefined
}

/**
 * Who had to go by what. A session holds on to an outcome from its first call of a key on, until it drops it
 * itself or the call fails; and to the version, until it drops that or the check fails: after a failed load
 * it goes by the same version.
 */
export function trace(history: History): Trace {
  const tracer = new Tracer(history)
  for (const event of history.events) {
    if (event.type === 'call') tracer.call(event.of)
    else if (event.type === 'settled') tracer.settled(event.of)
    else if (event.type === 'drop') tracer.drop(event.of)
  }
  return tracer
}

class Tracer implements Trace {
  readonly history: History
  readonly holds: Hold[] = []
  readonly asked: Asked[] = []
  readonly #slots = new Map<number, Map<string, Slot>>()
  readonly #holds = new Map<Call, Hold>()

  constructor(history: History) {
    this.history = history
  }

  holdOf(call: Call): Hold {
    return this.#holds.get(call) as Hold
  }

  call(call: Call): void {
    const slot = this.#slot(call)
    slot.asked ??= this.#ask(call)
    slot.hold ??= this.#hold(call, slot.asked)
    slot.hold.calls.push(call)
    this.#holds.set(call, slot.hold)
  }

  settled(call: Call): void {
    if (call.outcome === undefined || !('error' in call.outcome.ended)) return
    const slot = this.#slot(call)
    const hold = this.holdOf(call)
    if (slot.hold !== hold) return
    slot.hold = undefined
    if (!isOfLoad(call.outcome.ended.error)) slot.asked = undefined
  }

  drop({ session, key, how }: Drop): void {
    if (session === undefined) return
    if (key === undefined) this.#slots.delete(session)
    else this.#slots.get(session)?.delete(key)
    if (how === 'renew') this.#slots.delete(session)
  }

  #ask({ key, at }: Call): Asked {
    const check = this.history.checks.find((run) => run.key === key && run.begunAt > at)
    const asked = { at, check }
    this.asked.push(asked)
    return asked
  }

  #hold({ key, kind, at }: Call, asked: Asked): Hold {
    const hold = { key, kind, at, asked, calls: [] }
    this.holds.push(hold)
    return hold
  }

  #slot({ session, key }: Call): Slot {
    const slots = this.#slots.get(session) ?? new Map<string, Slot>()
    this.#slots.set(session, slots)
    const slot = slots.get(key) ?? { hold: undefined, asked: undefined }
    slots.set(key, slot)
    return slot
  }
}

function isOfLoad(error: unknown): error is PlannedError {
  return error instanceof PlannedError && error.from === 'load'
}

/** Whether something that happened between the beginning of a load and a moment has made it unfit for later calls. */
export function isGrounded(load: LoadRun, asOf: number, drops: readonly Drop[]): boolean {
  return drops.some(({ how, key, at }) => {
    if (how === 'renew' || at < load.begunAt || at > asOf || (key ?? load.key) !== load.key) return false
    return how !== 'refresh' || at < load.endedAt // what had landed before a refresh goes on serving
  })
}
