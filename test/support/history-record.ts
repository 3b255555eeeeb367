/** What a load brings: two parts that were read together, and by which load. */
export interface Output {
  readonly key: string
  readonly left: number
  readonly right: number
  readonly load: number
}

/** A failure that the plan asked for, and where it happened. */
export class PlannedError extends Error {
  readonly from: 'check' | 'load'
  readonly run: number

  constructor(from: 'check' | 'load', run: number) {
    super(`${from} ${run} failed`)
    this.from = from
    this.run = run
  }
}

/** How a call ended. */
export interface Outcome {
  readonly at: number
  readonly clock: number
  /** Whether the caller got a promise, or the bare value. */
  readonly promised: boolean
  readonly ended: { readonly value: unknown } | { readonly error: unknown }
}

export interface Call {
  readonly id: number
  /** Calls that name no session have one of their own, below zero. */
  readonly session: number
  readonly key: string
  readonly kind: 'read' | 'refresh'
  readonly at: number
  readonly clock: number
  outcome: Outcome | undefined
}

/** A run of the version function or of the loader; what has not happened is at infinity. */
interface Run {
  readonly id: number
  readonly key: string
  /** In whose async context it runs. */
  readonly call: Call | undefined
  readonly begunAt: number
  readonly clock: number
  endedAt: number
  endedClock: number
}

export interface CheckRun extends Run {
  /** What it read. */
  version: number | undefined
  /** When `versionTimeout` cut it off. */
  cutAt: number
}

export interface LoadRun extends Run {
  output: Output | undefined
}

/** Something that forgets: for everybody, and what the acting session has pinned. */
export interface Drop {
  readonly how: 'invalidate' | 'clear' | 'refresh' | 'renew'
  /** Undefined when nobody's pins are dropped, since whoever acts is in no session. */
  readonly session: number | undefined
  /** Undefined for all keys. */
  readonly key: string | undefined
  readonly at: number
}

export interface Write {
  readonly key: string
  readonly data: number
  readonly ack: 'at once' | 'later' | 'with the version'
  readonly committedAt: number
  ackedAt: number
  ackedClock: number
}

/** The output that the cache holds for a key has changed. */
export interface Kept {
  readonly key: string
  readonly load: LoadRun | undefined
  readonly at: number
}

export type HistoryEvent =
  | { readonly type: 'call' | 'settled'; readonly of: Call }
  | { readonly type: 'check begins' | 'check reads' | 'check ends' | 'check is cut off'; readonly of: CheckRun }
  | { readonly type: 'load begins' | 'load reads' | 'load ends'; readonly of: LoadRun }
  | { readonly type: 'drop'; readonly of: Drop }
  | { readonly type: 'commit' | 'ack'; readonly of: Write }
  | { readonly type: 'kept'; readonly of: Kept }
  | { readonly type: 'edge'; readonly of: string }

/** What the judge has to know of the cache under test. */
export interface Terms {
  readonly sync: boolean
  readonly ttl: number
  /** For how long an output may be served that is no longer good. */
  readonly staleFor: number
}

/** Everything that happened, in order: the logical time of an event is its place in the list. */
export class History {
  readonly terms: Terms
  readonly events: HistoryEvent[] = []
  readonly calls: Call[] = []
  readonly checks: CheckRun[] = []
  readonly loads: LoadRun[] = []
  readonly drops: Drop[] = []
  readonly writes: Write[] = []
  readonly kept: Kept[] = []
  /** What was wrong with the bounds after a step, or at rest. */
  readonly outOfBounds: string[] = []

  constructor(terms: Terms) {
    this.terms = terms
  }

  get now(): number {
    return this.events.length
  }

  note(event: HistoryEvent): void {
    this.events.push(event)
  }
}

/** The interleaving as numbered lines, for people. */
export function tell(history: History): string {
  return history.events.map((event, at) => `${String(at).padStart(4)}. ${line(event)}`).join('\n')
}

function line(event: HistoryEvent): string {
  switch (event.type) {
    case 'edge':
      return `— ${event.of}`
    case 'call':
      return `session ${event.of.session} calls ${event.of.kind} ${event.of.key} (call ${event.of.id})`
    case 'settled':
      return `call ${event.of.id} gets ${ending(event.of)}`
    case 'drop':
      return `${event.of.how} ${event.of.key ?? 'everything'} by ${event.of.session ?? 'nobody'}`
    case 'commit':
    case 'ack':
      return `${event.type} of ${event.of.key} ${event.of.data}`
    case 'kept':
      return `kept for ${event.of.key}: ${event.of.load === undefined ? 'nothing' : `load ${event.of.load.id}`}`
    default:
      return `${event.type}: ${event.of.id} of ${event.of.key}, for call ${event.of.call?.id}${found(event.of)}`
  }
}

function found(run: CheckRun | LoadRun): string {
  return 'cutAt' in run ? `, version ${run.version}` : `, data ${run.output?.left}`
}

function ending(call: Call): string {
  const ended = call.outcome?.ended
  if (ended === undefined) return 'nothing'
  return 'error' in ended ? String(ended.error) : JSON.stringify(ended.value)
}
