import type { CheckRun, History, Kept, LoadRun } from './history-record.ts'
import { type Hold, isGrounded, type Trace } from './history-trace.ts'

/** At most one check for each version that somebody asked for, one at a time for a key, for who asked first. */
export function brokenByChecks(traced: Trace): string[] {
  const { checks } = traced.history
  return checks.flatMap((check, index) => {
    const first = firstToAsk(check, traced)
    const others = checks.slice(0, index).filter((other) => other.key === check.key)
    return [
      first === undefined ? `one check: check ${check.id} was asked for by nobody` : '',
      first !== undefined && first.calls[0] !== check.call
        ? `context: check ${check.id} runs in that of another call`
        : '',
      others.some((other) => Math.min(other.endedAt, other.cutAt) > check.begunAt)
        ? `one check at a time: check ${check.id} began beside another`
        : '',
      check.cutAt !== Infinity && check.cutAt > check.endedAt ? `timers: that of check ${check.id} outlived it` : '',
    ].filter((fault) => fault !== '')
  })
}

function firstToAsk(check: CheckRun, { holds }: Trace): Hold | undefined {
  return holds.find(({ asked }) => asked.check === check)
}

/** One load for each call at the most, with a version read before it, and one at a time for a key and version. */
export function brokenByLoads(traced: Trace): string[] {
  const { loads, kept } = traced.history
  return [
    ...loads.flatMap((load) => brokenByLoad(load, traced)),
    ...kept.flatMap((change, index) => brokenByKept(change, kept.slice(0, index), traced)),
  ]
}

function brokenByLoad(load: LoadRun, traced: Trace): string[] {
  if (load.call === undefined) return [`context: load ${load.id} runs in that of nobody`]
  const hold = traced.holdOf(load.call)
  const { check } = hold.asked
  const earlier = traced.history.loads.slice(0, load.id).filter(({ key }) => key === load.key)
  return [
    hold.calls[0] === load.call ? '' : `context: load ${load.id} runs in that of a call that found a pin`,
    check !== undefined && check.endedAt < load.begunAt
      ? ''
      : `stamp before load: load ${load.id} began before its check ended`,
    earlier.some(({ call }) => call && traced.holdOf(call) === hold)
      ? `one load: load ${load.id} is the second for its call`
      : '',
    earlier.some((other) => isJoinable(other, load, traced)) ? `one load: load ${load.id} began beside its like` : '',
    hold.kind === 'read' && isNeedless(load, hold, traced)
      ? `one load: load ${load.id} began though its output was kept`
      : '',
  ].filter((fault) => fault !== '')
}

/** Whether a load could have been joined instead of beginning another. */
function isJoinable(running: LoadRun, load: LoadRun, traced: Trace): boolean {
  if (running.endedAt < load.begunAt || isGrounded(running, load.begunAt, traced.history.drops)) return false
  if (versionOf(running, traced) !== versionOf(load, traced)) return false
  const readAt = checkOf(running, traced)?.clock ?? -Infinity
  return !isTooOld(running, load, traced) || readAt >= (checkOf(load, traced)?.clock ?? Infinity)
}

/** Whether what a load found, kept or in flight, had a version that was read too long ago. */
function isTooOld(found: LoadRun, load: LoadRun, traced: Trace): boolean {
  return load.clock - (checkOf(found, traced)?.clock ?? -Infinity) >= traced.history.terms.ttl
}

function isNeedless(load: LoadRun, hold: Hold, traced: Trace): boolean {
  const found = traced.history.kept.findLast(({ key, at }) => key === load.key && at < load.begunAt)?.load
  if (found === undefined || isTooOld(found, load, traced)) return false
  return versionOf(found, traced) === hold.asked.check?.version
}

function checkOf({ call }: LoadRun, traced: Trace): CheckRun | undefined {
  return call && traced.holdOf(call).asked.check
}

function versionOf(load: LoadRun, traced: Trace): number | undefined {
  return checkOf(load, traced)?.version
}

/** What is kept: nothing that was dropped, nothing failed, and nothing older than what came in the meantime. */
function brokenByKept({ load, at, key }: Kept, before: readonly Kept[], traced: Trace): string[] {
  if (load === undefined) return []
  const { drops } = traced.history
  const earlier = before.filter((change) => change.key === key)
  const previous = earlier.at(-1)?.load
  return [
    isGrounded(load, at, drops) ? `no resurrection: load ${load.id} was dropped, and is kept` : '',
    previous !== undefined && isOlder(load, previous, traced) ? `older overwrites newer: load ${load.id}` : '',
    earlier.some((newer) => wasOvertaken(load, newer, traced))
      ? `overtaken: load ${load.id} is kept after a newer one`
      : '',
  ].filter((fault) => fault !== '')
}

function wasOvertaken(load: LoadRun, newer: Kept, traced: Trace): boolean {
  return newer.load !== undefined && newer.load !== load && newer.at > load.begunAt && isOlder(load, newer.load, traced)
}

/** Versions have no order; the checks that read them have. */
function isOlder(a: LoadRun, b: LoadRun, traced: Trace): boolean {
  return (checkOf(a, traced)?.begunAt ?? 0) < (checkOf(b, traced)?.begunAt ?? 0)
}

/** How much of a history was decided by the schedule. */
export function edgesOf({ events }: History): number {
  return events.filter(({ type }) => type === 'edge').length
}
