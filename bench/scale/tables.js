import { table } from '../harness/markdown.js'
import { fixed, short } from '../harness/numbers.js'
import { calculate } from './calculate.js'
import { busy } from './costs.js'
import { USUAL } from './settings.js'
import { simulate } from './simulate.js'

export const PROCESSES = [1, 4, 16, 64, 250, 1000]
export const WRITES = [0.01, 0.1, 1, 10, 100]

/** @type {Map<string, import('./calculate.js').Rates>} */
const known = new Map()

/** @param {Partial<import('./settings.js').Settings>} settings what differs from the usual ones */
export function ratesOf(settings) {
  const all = { ...USUAL, ...settings }
  const name = JSON.stringify(all)
  if (!known.has(name)) known.set(name, calculate(all))
  return known.get(name)
}

/** @param {number} number as people read it */
export function rate(number) {
  if (number >= 100) return fixed(Number(number.toPrecision(3)), 0)
  return number === 0 ? '0' : short(number)
}

/**
 * For each number of processes and each rate of writes.
 *
 * @param {(processes: number, writes: number) => string} cell
 */
function byWrites(cell) {
  const head = ['processes', ...WRITES.map(perSecond)]
  return table(
    head,
    PROCESSES.map((processes) => [fixed(processes, 0), ...WRITES.map((writes) => cell(processes, writes))]),
    'r'.repeat(head.length),
  )
}

export function loadsTable() {
  return byWrites((processes, writes) => {
    const [without, shared] = [false, true].map((tier) => ratesOf({ processes, writes, tier }).loads)
    return `${rate(without)} → ${rate(shared)}`
  })
}

export function operationsTable() {
  return byWrites((processes, writes) => rate(ratesOf({ processes, writes }).operations))
}

export function checksTable() {
  const ways = [
    ['each session for itself', { checks: 'alone' }],
    ['shared by key', { checks: 'shared' }],
    ['batched', { checks: 'batched' }],
    ['batched, of 20 ms each', { checks: 'batched', check: 20 }],
  ]
  const head = ['processes', ...ways.map(([name]) => name), 'keys of a batch']
  const rows = PROCESSES.map((processes) => {
    const { checks, checkedKeys } = ratesOf({ processes })
    const cells = ways.map(([, way]) => rate(ratesOf({ processes, ...way }).checks))
    return [fixed(processes, 0), ...cells, fixed(checkedKeys / checks, 1)]
  })
  return table(head, rows, 'r'.repeat(head.length))
}

/** What a database and a Redis have, in processors. */
export const HAVE = { database: 16, redis: 1 }

/**
 * What is more than they have is bold.
 *
 * @param {number} writes
 */
export function busyTable(writes) {
  const head = ['processes', 'database: checks', 'database: loads without the tier', 'database: loads with it', 'Redis']
  const rows = PROCESSES.map((processes) => {
    const [without, shared] = [false, true].map((tier) => busy(ratesOf({ processes, writes, tier })))
    const ofDatabase = [shared.checks, without.loads, shared.loads].map((number) => within(number, HAVE.database))
    return [fixed(processes, 0), ...ofDatabase, within(shared.operations, HAVE.redis)]
  })
  return table(head, rows, 'r'.repeat(head.length))
}

/**
 * @param {number} number
 * @param {number} bound
 */
function within(number, bound) {
  return number > bound ? `**${short(number)}**` : short(number)
}

/** @param {number} writes */
function perSecond(writes) {
  return `${writes} write${writes === 1 ? '' : 's'}/s`
}

/** Checks by a replica: how many calls go by a version that is not the newest. */
export function lagTable() {
  const lags = [1, 10, 100, 1000]
  const writes = [0.1, 1, 10, 100]
  const head = ['lag of the replica', ...writes.map(perSecond)]
  const rows = lags.map((lag) => [
    `${fixed(lag, 0)} ms`,
    ...writes.map((writes) => {
      const { stale, calls } = ratesOf({ writes, lag, tier: false })
      return rate((1e6 * stale) / calls)
    }),
  ])
  return table(head, rows, 'r'.repeat(head.length))
}

/** A key that is written 10 times a second, and takes 50 ms to load: how often it is loaded for each write. */
export function contestedTable() {
  const key = { requests: 40, calls: 1, keys: 1, max: 1, writes: 10, checks: 'shared' }
  const rows = PROCESSES.map((processes) => {
    const run = { seconds: processes > 500 ? 5 : 20, warmUp: 1 }
    const [without, shared] = [false, true].map((tier) => simulate({ ...USUAL, ...key, processes, tier }, run))
    const loads = [without, shared].map((rates) => fixed(rates.loads / key.writes, 1))
    return [fixed(processes, 0), ...loads, rate(shared.operations / key.writes)]
  })
  const head = ['processes', 'loads without the tier', 'loads with it', 'operations of the tier']
  return table(head, rows, 'r'.repeat(head.length))
}

/** Formulas beside what was played, on a system that is small enough. */
export function formulasTable() {
  const small = { ...USUAL, keys: 100, max: 100, processes: 16 }
  const systems = {
    'no tier, 1 write per second': { ...small, tier: false },
    'a tier, 1 write per second': small,
    'a tier, 10 writes per second': { ...small, writes: 10 },
    'a tier, 100 writes per second': { ...small, writes: 100 },
    'a tier, room for 30 of 100 keys': { ...small, max: 30 },
    'a tier, checks shared by key': { ...small, checks: 'shared' },
    'a tier, one version for all keys': { ...small, coarse: true },
  }
  const rows = Object.entries(systems).map(([name, settings]) => {
    const played = simulate(settings, { seconds: 50, warmUp: 15 })
    const calculated = ratesOf(settings)
    const cell = (what) => `${rate(played[what])} / ${rate(calculated[what])}`
    return [name, cell('checks'), cell('loads'), settings.tier ? cell('operations') : '–']
  })
  return table(['played / calculated, per second', 'checks', 'loads', 'operations of the tier'], rows)
}
