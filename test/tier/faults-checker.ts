import { type Call, type History, type Output, rowsOf, type SessionRecord, type Shown } from './faults-history.ts'

/** How many outputs broke a rule. */
export interface Wrong {
  /** It is of another key or function than was asked for. */
  foreign: number
  /** It is not of the shape that this process's code builds. */
  misshapen: number
  /** A row of its own is older than a write that was acknowledged before the session asked. */
  stale: number
  /** A part of it is; or its rows, read in one statement, were never true together; or its fields disagree. */
  torn: number
  /** Somebody had been shown something newer before the session asked. */
  back: number
  /** The same call gave the session another output. */
  unpinned: number
  /** Its time was over when the session asked for it first. */
  expired: number
  /** It shows a write that had not been sent: the processes' clocks or records are not to be trusted. */
  early: number
  /** The call failed, though the database was there all the time. */
  failed: number
}

export const NOTHING_WRONG: Wrong = {
  foreign: 0,
  misshapen: 0,
  stale: 0,
  torn: 0,
  back: 0,
  unpinned: 0,
  expired: 0,
  early: 0,
  failed: 0,
}

/** After how many milliseconds a report must not be served any more, where that is looked at. */
export type TimeLimits = { readonly [of: string]: number }

/** Values tell what they were made of, so nothing is searched for: each rule compares moments. */
export function judge(history: History, sessions: readonly SessionRecord[], limits: TimeLimits = {}): Wrong {
  const writes = new Writes(history)
  const wrong = { ...NOTHING_WRONG }
  for (const session of sessions) {
    const askedAt = firstAsked(session)
    for (const call of session.calls) {
      for (const rule of brokenBy(call, session, askedAt, writes, limits)) wrong[rule]++
    }
  }
  return wrong
}

export function outputsIn(sessions: readonly SessionRecord[]): number {
  return sessions.reduce((sum, { calls }) => sum + calls.length, 0)
}

function brokenBy(
  call: Call,
  session: SessionRecord,
  askedAt: Map<number, number>,
  writes: Writes,
  limits: TimeLimits,
): (keyof Wrong)[] {
  const { output } = call
  if (output === undefined) return ['failed']
  if (output.shape !== session.shape) return ['misshapen']
  if (!isOf(output, call)) return ['foreign']
  const isBehind = (floor: 'acked' | 'seen') => (shown: Shown) =>
    shown.number < writes.floor(floor, shown.row, askedAt.get(shown.row) as number)
  const [own, parts] = partsOf(output)
  const same = session.calls.filter((other) => isSame(other, call))
  const firstAt = Math.min(...same.map(({ askedAt }) => askedAt))
  const broken: { [rule in keyof Wrong]?: boolean } = {
    stale: own.some(isBehind('acked')),
    torn: !output.isWhole || parts.some(isBehind('acked')) || writes.isNever(own),
    back: output.rows.some(isBehind('seen')),
    unpinned: same.some((other) => other.output?.serial !== output.serial),
    expired: firstAt - output.loadedAt >= (limits[output.of] ?? Number.POSITIVE_INFINITY),
    early: output.rows.some((shown) => writes.sentAt(shown) > call.endedAt),
  }
  return (Object.keys(broken) as (keyof Wrong)[]).filter((rule) => broken[rule])
}

function isOf({ of, id, rows }: Output, call: Call): boolean {
  const wanted = rowsOf(call.of, call.id)
  return of === call.of && id === call.id && wanted.join() === rows.map(({ row }) => row).join()
}

function isSame(a: Call, b: Call): boolean {
  return a.of === b.of && a.id === b.id && a.output !== undefined
}

/** What was read at once, and what was read by functions that it calls. */
function partsOf({ of, rows }: Output): [own: readonly Shown[], parts: readonly Shown[]] {
  return of === 'page' ? [rows.slice(0, 1), rows.slice(1)] : [rows, []]
}

/** A session asks for the version of a row once, for the first call that needs it. */
function firstAsked({ calls }: SessionRecord): Map<number, number> {
  const asked = new Map<number, number>()
  for (const { of, id, askedAt } of calls) {
    for (const row of rowsOf(of, id)) asked.set(row, Math.min(askedAt, asked.get(row) ?? askedAt))
  }
  return asked
}

interface Known {
  readonly at: number
  readonly number: number
}

class Writes {
  /** Of each row, what was known of it, in order of time; the numbers never fall. */
  readonly #known = { acked: new Map<number, Known[]>(), seen: new Map<number, Known[]>() }
  readonly #times = new Map<string, { readonly sentAt: number; readonly ackedAt: number }>()

  constructor({ writes, sessions }: History) {
    for (const write of writes) {
      this.#times.set(`${write.row} ${write.number}`, write)
      note(this.#known.acked, write.row, { at: write.ackedAt, number: write.number })
    }
    for (const { output, endedAt } of sessions.flatMap(({ calls }) => calls)) {
      for (const { row, number } of output?.rows ?? []) note(this.#known.seen, row, { at: endedAt, number })
    }
    for (const known of [...this.#known.acked.values(), ...this.#known.seen.values()]) putInOrder(known)
  }

  /** The least that everybody has to be shown of a row who asks at this moment. */
  floor(of: 'acked' | 'seen', row: number, moment: number): number {
    const known = this.#known[of].get(row) ?? []
    let [low, high] = [0, known.length] // of those before `low` it is known that they were there before the moment
    while (low < high) {
      const middle = (low + high) >> 1
      if ((known[middle] as Known).at < moment) low = middle + 1
      else high = middle
    }
    return known[low - 1]?.number ?? 0
  }

  /** It shows a write, and lacks one that was acknowledged before that was sent. (Killed processes take records along.) */
  isNever(shown: readonly Shown[]): boolean {
    const from = Math.max(...shown.map((one) => this.sentAt(one)))
    const next = shown.map(({ row, number }) => this.#times.get(`${row} ${number + 1}`)?.ackedAt)
    return from > Math.min(...next.map((at) => at ?? Number.POSITIVE_INFINITY))
  }

  sentAt({ row, number }: Shown): number {
    return this.#times.get(`${row} ${number}`)?.sentAt ?? Number.NEGATIVE_INFINITY
  }
}

function note(known: Map<number, Known[]>, row: number, what: Known): void {
  const list = known.get(row)
  if (list === undefined) known.set(row, [what])
  else list.push(what)
}

function putInOrder(known: Known[]): void {
  known.sort((a, b) => a.at - b.at)
  let newest = 0
  known.forEach(({ at, number }, index) => {
    newest = Math.max(newest, number)
    known[index] = { at, number: newest }
  })
}
