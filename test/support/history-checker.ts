import { brokenByChecks, brokenByLoads } from './history-checker-runs.ts'
import type { Call, History, LoadRun, Outcome } from './history-record.ts'
import { PlannedError } from './history-record.ts'
import { type Hold, isGrounded, type Trace, trace } from './history-trace.ts'

/** The promises that a history breaks, each with what broke it; none for a good one. */
export function broken(history: History): string[] {
  const traced = trace(history)
  return [
    ...traced.holds.flatMap((hold) => brokenByHold(hold, traced)),
    ...brokenByTime(traced),
    ...brokenByChecks(traced),
    ...brokenByLoads(traced),
    ...history.outOfBounds,
  ]
}

function brokenByHold(hold: Hold, traced: Trace): string[] {
  const [first] = hold.calls
  const outcome = first?.outcome
  if (first === undefined || outcome === undefined) return [] // reported as a call that hangs
  const where = `call ${first.id}`
  const unlike = hold.calls.find((call) => !sameEnd(call.outcome, outcome))
  const faults = 'error' in outcome.ended ? faultsOfError(hold, outcome, traced) : faultsOfOutput(hold, outcome, traced)
  if (unlike !== undefined) faults.push(`pinned: call ${unlike.id} of the same session got something else`)
  return faults.filter((fault) => fault !== '').map((fault) => `${fault} (${where})`)
}

function sameEnd(a: Outcome | undefined, b: Outcome): boolean {
  if (a === undefined) return false
  if ('error' in a.ended || 'error' in b.ended) {
    return 'error' in a.ended && 'error' in b.ended && a.ended.error === b.ended.error
  }
  return a.ended.value === b.ended.value
}

/** Errors reach those who waited when it happened, and nobody who came later. */
function faultsOfError(hold: Hold, { ended }: Outcome, { history }: Trace): string[] {
  const { error } = ended as { error: unknown }
  const { check } = hold.asked
  if (check !== undefined && (error as { code?: string }).code === 'ERR_VERSION_TIMEOUT') {
    return [check.cutAt === Infinity ? 'errors: timed out without a time limit that passed' : '']
  }
  if (!(error instanceof PlannedError)) return [`errors: nobody planned ${String(error)}`]
  if (error.from === 'check') return [check?.id === error.run ? '' : `errors: got that of a check it did not ask for`]
  const load = history.loads[error.run] as LoadRun
  return [
    load.endedAt > hold.at ? '' : 'errors: got that of a load that had ended before',
    ...misjoined(hold, load, history),
  ]
}

function faultsOfOutput(hold: Hold, outcome: Outcome, traced: Trace): string[] {
  const { history } = traced
  const { value } = outcome.ended as { value: unknown }
  const load = history.loads.find(({ output }) => output === value && output !== undefined)
  if (load === undefined || load.key !== hold.key)
    return [`whole: ${JSON.stringify(value)} is no output of ${hold.key}`]
  const { left, right } = load.output as { left: number; right: number }
  const faults = [
    left === right ? '' : 'torn: its parts are of different versions',
    outcome.promised === history.terms.sync ? 'sync stays sync: not what the functions give' : '',
    ...misjoined(hold, load, history),
  ]
  const strict = strictFaults(hold, load, traced).filter((fault) => fault !== '')
  const excused = strict.length > 0 && isStaleByChoice(load, outcome, traced)
  return excused ? faults : [...faults, ...strict]
}

function misjoined(hold: Hold, load: LoadRun, { drops }: History): string[] {
  return [
    isGrounded(load, hold.at, drops) ? `no resurrection: load ${load.id} was dropped before the call` : '',
    hold.kind === 'refresh' && load.begunAt < hold.at ? 'refresh: got a load that had begun before it' : '',
  ]
}

/** What holds unless the user chose to have stale outputs served. */
function strictFaults(hold: Hold, load: LoadRun, traced: Trace): string[] {
  const { check, at } = hold.asked
  const data = load.output?.left as number
  const acked = newestAcked(traced.history, hold.key, at, Infinity)
  const stamp = stampOf(load, traced)
  return [
    check === undefined ? 'fresh: answered without a check' : '',
    data >= acked ? '' : `fresh: data ${data}, though ${acked} was acknowledged before the session asked`,
    stamp?.version === check?.version ? '' : `one version: its load went by version ${stamp?.version}`,
    isExpired(hold, load, traced) ? 'TTL: it was too old' : '',
  ]
}

function newestAcked({ writes }: History, key: string, before: number, notAfterClock: number): number {
  const acked = writes.filter(
    (write) => write.key === key && write.ackedAt < before && write.ackedClock <= notAfterClock,
  )
  return Math.max(1, ...acked.map(({ data }) => data))
}

/** The check that a load goes by: that of the call which started it. */
function stampOf({ call }: LoadRun, traced: Trace) {
  return call && traced.holdOf(call).asked.check
}

/**
 * Whether somebody got what was too old when they looked for it, kept or in flight. Their own load they may have,
 * and one in flight whose version was read no earlier than theirs: a load of their own would count from there.
 */
function isExpired(hold: Hold, load: LoadRun, traced: Trace): boolean {
  const own = load.call !== undefined && traced.holdOf(load.call) === hold
  const likeOwn = load.endedAt > lookUpAt(hold) && isReadNoEarlier(load, hold, traced)
  return !own && !likeOwn && age(load, lookUpClock(hold), traced) >= traced.history.terms.ttl
}

function isReadNoEarlier(load: LoadRun, { asked }: Hold, traced: Trace): boolean {
  return (stampOf(load, traced)?.clock ?? -Infinity) >= (asked.check?.clock ?? Infinity)
}

function lookUpAt({ at, asked }: Hold): number {
  return Math.max(at, asked.check?.endedAt ?? at)
}

/** A session looks for an output when it has the version, which may be when it asks. */
function lookUpClock({ at, asked, calls }: Hold): number {
  const { check } = asked
  return check === undefined || check.endedAt < at ? (calls[0] as Call).clock : check.endedClock
}

function age(load: LoadRun, clock: number, traced: Trace): number {
  return clock - (stampOf(load, traced)?.clock ?? -Infinity)
}

/** `staleWhileRevalidate` and `staleIfError` bound for how long an output may be served that is no longer good. */
function isStaleByChoice(load: LoadRun, outcome: Outcome, traced: Trace): boolean {
  const { staleFor, ttl } = traced.history.terms
  if (staleFor === 0 || age(load, outcome.clock, traced) >= ttl + staleFor) return false
  const acked = newestAcked(traced.history, load.key, Infinity, outcome.clock - staleFor)
  return (load.output?.left as number) >= acked
}

/** Who asks after somebody has got an output never gets an older one: what is once seen stays seen. */
function brokenByTime({ holds, history }: Trace): string[] {
  const inStep = history.writes.every(({ ack }) => ack !== 'with the version')
  if (!inStep || history.terms.staleFor > 0) return []
  return holds.flatMap((later) => {
    const data = dataOf(later)
    const seen = Math.max(0, ...holds.map((hold) => (isSeenBefore(hold, later) ? (dataOf(hold) ?? 0) : 0)))
    return data !== undefined && data < seen
      ? [`back in time: call ${later.calls[0]?.id} got ${data} after ${seen}`]
      : []
  })
}

function isSeenBefore({ key, calls }: Hold, later: Hold): boolean {
  const at = calls[0]?.outcome?.at ?? Infinity
  return key === later.key && at < later.asked.at
}

/** How new an output is; failures are of no age. */
function dataOf({ calls }: Hold): number | undefined {
  const ended = calls[0]?.outcome?.ended
  if (ended === undefined || 'error' in ended) return undefined
  return (ended.value as { left?: number } | undefined)?.left
}
