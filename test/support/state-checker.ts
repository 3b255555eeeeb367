/**
 * What real writers and sessions did, in one order: a moment is a number that grows with each event in this process.
 * A row names the writer that owns it, and the last transaction of that writer which moved it; so each output tells by
 * itself from which moment on it can have been true, and until which.
 */

/** A transaction that has committed. */
export interface Commit {
  readonly writer: number
  /** Numbers a writer's transactions, those that were rolled back too. */
  readonly number: number
  readonly tables: readonly string[]
  /** When the commit was sent: it is not visible before. */
  readonly sentAt: number
  /** When it was acknowledged: from there on everybody sees it. */
  readonly ackedAt: number
}

export interface Row {
  readonly table: string
  readonly writer: number
  readonly number: number
}

/** A call of a function in a session, and the rows that its output was made of. */
export interface CallRecord {
  readonly key: string
  /** The tables by whose versions the function goes. */
  readonly tables: readonly string[]
  readonly askedAt: number
  readonly endedAt: number
  readonly output: readonly Row[]
}

export interface SessionRecord {
  readonly calls: readonly CallRecord[]
  /** Of a session in a snapshot: when it was asked for, and when it was there. */
  readonly snapshot?: { readonly askedAt: number; readonly takenAt: number } | undefined
}

/** How many sessions or outputs broke a rule. */
export interface Faults {
  /** An output misses a commit that was acknowledged before the session asked for its version. */
  stale: number
  /** The outputs of a session were never true at one moment, though each of them was. */
  mixed: number
  /** An output was never true at all. */
  torn: number
  /** Somebody who asked after an output had been seen got an older one. */
  back: number
  /** The same function and arguments gave a session something else. */
  unpinned: number
}

/** When something can have been true, and of each writer the newest commit that it shows and the oldest that it lacks. */
interface Span {
  readonly from: number
  readonly until: number
  readonly shown: readonly number[]
  readonly lacking: readonly number[]
}

/** Values tell what they were made of, so nothing is searched for: each rule compares moments. */
export function faultsOf(commits: readonly Commit[], sessions: readonly SessionRecord[]): Faults {
  const spans = new Spans(commits)
  const faults = { stale: 0, mixed: 0, torn: 0, back: 0, unpinned: 0 }
  for (const session of sessions) {
    const outputs = session.calls.map(({ output }) => spans.of(output))
    const isTorn = outputs.some(isNever)
    if (isTorn) faults.torn++
    else if (isNever(together([...outputs, within(session)]))) faults.mixed++
    if (session.calls.some((call) => isStale(call, session, spans))) faults.stale++
    if (session.calls.some((call) => isUnlike(call, session))) faults.unpinned++
  }
  faults.back = backInTime(sessions, spans)
  return faults
}

class Spans {
  /** Of each writer and table, the commits in their order. */
  readonly #commits = new Map<string, Commit[]>()
  readonly #known = new WeakMap<readonly Row[], Span>()

  constructor(commits: readonly Commit[]) {
    for (const commit of commits) {
      for (const table of commit.tables) {
        const key = `${table} ${commit.writer}`
        this.#commits.set(key, [...(this.#commits.get(key) ?? []), commit])
      }
    }
  }

  /** @throws for a row that no commit has written. */
  of(rows: readonly Row[]): Span {
    const known = this.#known.get(rows) ?? together(rows.map((row) => this.#ofRow(row)))
    this.#known.set(rows, known)
    return known
  }

  #ofRow({ table, writer, number }: Row): Span {
    const commits = this.#commits.get(`${table} ${writer}`) ?? []
    const index = commits.findIndex((commit) => commit.number === number)
    if (index < 0 && number !== 0) throw new Error(`Nobody committed ${number} of writer ${writer} to ${table}.`)
    const next = commits[index + 1]
    const shown: number[] = []
    const lacking: number[] = []
    shown[writer] = number
    lacking[writer] = next?.number ?? Number.POSITIVE_INFINITY
    return { from: commits[index]?.sentAt ?? 0, until: next?.ackedAt ?? Number.POSITIVE_INFINITY, shown, lacking }
  }
}

function together(spans: readonly Span[]): Span {
  const shown: number[] = []
  const lacking: number[] = []
  for (const span of spans) {
    span.shown.forEach((number, writer) => {
      shown[writer] = Math.max(number, shown[writer] ?? 0)
    })
    span.lacking.forEach((number, writer) => {
      lacking[writer] = Math.min(number, lacking[writer] ?? number)
    })
  }
  const from = Math.max(0, ...spans.map((span) => span.from))
  return { from, until: Math.min(...spans.map(({ until }) => until)), shown, lacking }
}

/** It shows what came after something that it lacks; or a commit both ways, which are moments of one and the same. */
function isNever({ from, until, shown, lacking }: Span): boolean {
  return from > until || shown.some((number, writer) => number >= (lacking[writer] as number))
}

/** When the state of a session may be from: a snapshot shows nothing that came after it. */
function within({ snapshot }: SessionRecord): Span {
  return { from: 0, until: snapshot?.takenAt ?? Number.POSITIVE_INFINITY, shown: [], lacking: [] }
}

function isStale(call: CallRecord, session: SessionRecord, spans: Spans): boolean {
  return call.tables.some((table) => {
    const rows = call.output.filter((row) => row.table === table)
    return spans.of(rows).until < askedAt(table, call, session)
  })
}

/** A session asks for the version of a table once, with the first function that goes by it. */
function askedAt(table: string, call: CallRecord, { calls, snapshot }: SessionRecord): number {
  if (snapshot !== undefined) return snapshot.askedAt
  const asking = calls.filter(({ tables, askedAt }) => tables.includes(table) && askedAt <= call.askedAt)
  return Math.min(...asking.map(({ askedAt }) => askedAt))
}

function isUnlike(call: CallRecord, { calls }: SessionRecord): boolean {
  return calls.some(({ key, output }) => key === call.key && output !== call.output)
}

function backInTime(sessions: readonly SessionRecord[], spans: Spans): number {
  const seen = new Seen(sessions, spans)
  const isLate = (call: CallRecord, session: SessionRecord): boolean => {
    const asked = Math.min(...call.tables.map((table) => askedAt(table, call, session)))
    return spans.of(call.output).until < seen.newestBefore(asked)
  }
  return sessions.filter((session) => session.calls.some((call) => isLate(call, session))).length
}

/** How new the newest output was that anybody had got at a moment. */
class Seen {
  /** By moment. */
  readonly #from: number[] = [0]
  readonly #last: number

  constructor(sessions: readonly SessionRecord[], spans: Spans) {
    const calls = sessions.flatMap(({ calls }) => calls).sort((a, b) => a.endedAt - b.endedAt)
    let newest = 0
    for (const { output, endedAt } of calls) {
      while (this.#from.length <= endedAt) this.#from.push(newest)
      newest = Math.max(newest, spans.of(output).from)
    }
    this.#last = newest
  }

  newestBefore(moment: number): number {
    return this.#from[moment] ?? this.#last
  }
}
