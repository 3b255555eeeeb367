import { expect } from 'vitest'
import { judge, NOTHING_WRONG, outputsIn, type TimeLimits, type Wrong } from './faults-checker.ts'
import type { Call, SessionRecord } from './faults-history.ts'
import { SETTINGS, type World } from './faults-world.ts'

export const IS_LONG = process.env['LONG'] !== undefined

export interface Fault {
  readonly name: string
  /** How often, and how often in a long run. */
  readonly times: readonly [number, number]
  /** Does it once, while the processes go on. */
  inject(world: World): Promise<Injection>
  /** What is left of it is put away. */
  after?(world: World): Promise<void>
  /** After how long reports must not be served any more, where that is another time than usual. */
  readonly limits?: TimeLimits
}

interface Injection {
  /** How much has felt it, in whatever unit: without any, it has shown nothing. */
  readonly bites: number
  /** When it was over. */
  readonly over: number
  /** How long it has held up a call, in milliseconds. */
  readonly longest?: number
}

/** A row of the table. */
export interface Shown {
  readonly name: string
  readonly times: number
  readonly outputs: number
  readonly wrong: number
  /** Milliseconds. */
  readonly settled: number
}

/** Injects a fault several times, and judges all that the processes have been given meanwhile. */
export async function injectAll(world: World, fault: Fault): Promise<Shown> {
  const { fleet } = world
  const times = fault.times[IS_LONG ? 1 : 0]
  const before = fleet.history.sessions.length
  let settled = 0
  for (let time = 0; time < times; time++) {
    const { bites, over, longest = 0 } = await fault.inject(world)
    expect(bites, `${fault.name}, time ${time + 1}`).toBeGreaterThan(0)
    expect(longest, 'the wait for another process').toBeLessThan(SETTINGS.leaseWait)
    settled = Math.max(settled, longest, await fleet.settled(over))
  }
  await fault.after?.(world)
  const sessions = await fleet.collect(before)
  const outputs = outputsIn(sessions)
  expect(outputs).toBeGreaterThan(0)
  const wrong = judge(fleet.history, sessions, fault.limits ?? { timed: SETTINGS.ttl })
  expect(wrong, errorsIn(sessions)).toEqual(NOTHING_WRONG)
  expect(longestCallIn(sessions), 'the longest call').toBeLessThan(SETTINGS.leaseWait)
  expect(fleet.deaths).toEqual([])
  return { name: fault.name, times, outputs, wrong: sumOf(wrong), settled }
}

/** In milliseconds. */
function longestCallIn(sessions: readonly SessionRecord[]): number {
  return sessions.reduce((longest, { calls }) => Math.max(longest, ...calls.map(tookOf)), 0)
}

function tookOf({ askedAt, endedAt }: Call): number {
  return endedAt - askedAt
}

function sumOf(wrong: Wrong): number {
  return Object.values(wrong).reduce((sum, count) => sum + count, 0)
}

function errorsIn(sessions: readonly SessionRecord[]): string {
  const errors = sessions.flatMap(({ calls }) => calls.map(({ error }) => error).filter((error) => error !== undefined))
  return [...new Set(errors)].join('\n')
}

export function asMarkdown(rows: readonly Shown[]): string {
  const lines = rows.map(
    ({ name, times, outputs, wrong, settled }) =>
      `| ${name} | ${times.toLocaleString('en')} | ${outputs.toLocaleString('en')} | ${wrong} | ${Math.round(settled).toLocaleString('en')} ms |`,
  )
  return [
    '| fault | times injected | outputs checked | wrong answers | longest settle time |',
    '|---|--:|--:|--:|--:|',
    ...lines,
  ].join('\n')
}
