import type { CacheStats } from '../../src/index.ts'
import type { Backend } from './history-backend.ts'
import type { Drop, History, LoadRun } from './history-record.ts'

/** A world, as far as its bounds are concerned. */
interface Bounded {
  readonly history: History
  readonly max: number
  readonly backend: Backend
  readonly cached: { stats(): CacheStats }
}

const ENTRY_SIZE = 2

/** Rejections that nobody heard of, since the last time somebody looked. */
const unheard: unknown[] = []
process.on('unhandledRejection', (reason) => unheard.push(reason))

/** Whether the cache holds what it should between two edges, and no more: entries, flights, checks. */
export function boundsBroken({ history, max, cached }: Bounded): string | undefined {
  const stats = cached.stats()
  const expected = {
    entries: Math.min(stats.entries, max),
    totalSize: stats.entries * ENTRY_SIZE,
    loads: history.loads.length,
    checks: history.checks.length,
    runningLoads: history.loads.filter((load) => isInFlight(load, history.drops)).length,
    runningChecks: keysBeingChecked(history),
  }
  for (const [name, count] of Object.entries(expected)) {
    const found = stats[name as keyof typeof expected]
    if (found !== count) return `bounded: at ${history.now} the cache has ${found} ${name} instead of ${count}`
  }
  return undefined
}

/** A load that runs and that nothing has grounded: the only kind that the cache should still know. */
function isInFlight(load: LoadRun, drops: readonly Drop[]): boolean {
  if (load.endedAt !== Infinity) return false
  return !drops.some(({ how, key, at }) => how !== 'renew' && (key ?? load.key) === load.key && at > load.begunAt)
}

function keysBeingChecked({ checks }: History): number {
  const running = checks.filter((check) => check.endedAt === Infinity && check.cutAt === Infinity)
  return new Set(running.map(({ key }) => key)).size
}

/** What is left when everything has come to rest: nobody waits, nothing runs, no timer is set. */
export function restBroken({ history, backend, cached }: Bounded): string[] {
  const broken: string[] = []
  for (const { id, outcome } of history.calls) if (outcome === undefined) broken.push(`settles: call ${id} hangs`)
  const { runningLoads, runningChecks } = cached.stats()
  if (runningLoads + runningChecks > 0) broken.push(`at rest: ${runningLoads} loads and ${runningChecks} checks run`)
  if (backend.timers.size > 0) broken.push(`at rest: ${backend.timers.size} timers are set`)
  for (const reason of unheard.splice(0)) broken.push(`settles: unhandled rejection, ${String(reason)}`)
  return broken
}
