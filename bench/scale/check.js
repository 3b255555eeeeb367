import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { environment } from '../harness/environment.js'
import { measure } from './check/measure.js'
import { CHECKED, checkTable } from './check/table.js'
import { USUAL } from './settings.js'
import { simulate } from './simulate.js'

const SEEDS = [1, 2, 3, 4, 5]
const RUN = { seconds: 15, warmUp: 5 }
const FOUR = { ...USUAL, processes: 4, requests: 100, calls: 3, keys: 1000, max: 1000, writes: 10 }
const NO_TIER = { tier: false }
const ONE_HOT_KEY = { keys: 10, max: 10, writes: 50 }

/** @type {Record<string, import('./settings.js').Settings>} */
const SETTINGS = {
  'a tier, checks batched': FOUR,
  'no tier, checks batched': { ...FOUR, ...NO_TIER },
  'a tier, checks shared by key': { ...FOUR, checks: 'shared' },
  'a tier, checks of 20 ms': { ...FOUR, check: 20 },
  'a tier, room for 200 of 1,000 keys': { ...FOUR, max: 200 },
  'no tier, room for 200 of 1,000 keys': { ...FOUR, max: 200, ...NO_TIER },
  'a tier, TTL of 4 s, no writes': { ...FOUR, ttl: 4000, writes: 0 },
  'a tier, ten keys written 50 times a second': { ...FOUR, ...ONE_HOT_KEY },
  'no tier, ten keys written 50 times a second': { ...FOUR, ...ONE_HOT_KEY, ...NO_TIER },
  'a tier, 12 processes, one key written 15 times a second': {
    ...FOUR,
    processes: 12,
    requests: 30,
    calls: 1,
    keys: 1,
    max: 1,
    writes: 15,
  },
}

/**
 * Real processes, and the same simulated. A check, a load and an operation of the tier take as long in the simulation as
 * they took on average in the real run: how fast the machine is, it does not have to know.
 */
async function main() {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    console.error('versioned-lru-cache is not built: run "npm run build" in the root of the project first.')
    process.exit(2)
  }
  const rows = []
  for (const [name, settings] of Object.entries(SETTINGS)) {
    process.stderr.write(`${name} … `)
    const { counted, durations } = await measure(settings, RUN)
    const simulated = mean(SEEDS.map((seed) => simulate({ ...settings, ...durations }, { ...RUN, seed })))
    rows.push({ name, measured: counted, simulated, durations })
    process.stderr.write('done\n')
  }
  const { date, commit, node, machine } = environment()
  await writeFile(
    CHECKED,
    `${JSON.stringify({ date, commit, node, machine, run: RUN, rows: rounded(rows) }, null, 2)}\n`,
  )
  console.log(checkTable(rows))
}

/** @param {import('./simulate.js').Counts[]} runs */
function mean(runs) {
  const meanOf = (name) => runs.reduce((sum, run) => sum + run[name], 0) / runs.length
  return Object.fromEntries(['calls', 'checks', 'loads', 'operations'].map((name) => [name, meanOf(name)]))
}

function rounded(value) {
  return JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'number' ? Number(item.toPrecision(5)) : item)))
}

await main()
