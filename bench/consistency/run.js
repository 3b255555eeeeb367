import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { judge, newTally } from './checker.js'
import { play } from './interleaving.js'
import { writeReport } from './report.js'
import { ratesTable } from './table.js'

const USAGE = `node bench/consistency/run.js [--runs N] [--seed S] [--only name,name] [--turns N] [--trace RUN]

  --runs   interleavings for each candidate (20000)
  --seed   any text; the same text gives the same numbers (1)
  --only   some candidates; then nothing is written
  --turns  of the event loop between two steps (2): more must not change anything
  --trace  prints one run of each candidate, step by step; then nothing is written`

/** The same interleavings for every cache: who gives old data, and who changes its mind within a request? */
async function main() {
  const { runs, seed, only, turns, trace } = readArguments()
  const candidates = await loadCandidates(only)
  if (trace !== undefined) return printTrace(candidates, `${seed}/${trace}`, turns)
  const results = []
  for (const candidate of candidates) {
    const version = await versionOf(candidate)
    results.push({ candidate, version, tally: await measure(candidate, { runs, seed, turns }) })
  }
  console.log(ratesTable(results))
  if (only === undefined) await writeReport(results, { runs, seed, turns })
  warnOfLateness(results)
}

function readArguments() {
  const options = /** @type {const} */ ({
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    turns: { type: 'string', default: '2' },
    only: { type: 'string' },
    trace: { type: 'string' },
    help: { type: 'boolean', default: false },
  })
  const { values } = parseArgs({ options })
  if (values.help) stop(USAGE, 0)
  const { runs, turns, trace, ...rest } = values
  return { ...rest, runs: count(runs, 1), turns: count(turns, 1), trace: trace && String(count(trace, 0)) }
}

/**
 * @param {string} text
 * @param {number} least
 */
function count(text, least) {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < least) stop(`${text} is not a number of at least ${least}.\n\n${USAGE}`)
  return number
}

/** @param {string | undefined} only */
async function loadCandidates(only) {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    stop('versioned-lru-cache is not built: run "npm run build" in the root of the project first.')
  }
  const { candidates } = await import('./candidates/index.js')
  if (only === undefined) return candidates
  const names = only.split(',')
  const unknown = names.filter((name) => !candidates.some((candidate) => candidate.name === name))
  if (unknown.length > 0) stop(`There is no ${unknown}: ${candidates.map(({ name }) => name).join(', ')}.`)
  return candidates.filter(({ name }) => names.includes(name))
}

/** @param {import('./interleaving.js').Candidate} candidate */
async function versionOf({ package: name }) {
  if (name === undefined) return ''
  const folder = name === 'versioned-lru-cache' ? '../..' : `../node_modules/${name}`
  return JSON.parse(await readFile(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version
}

/**
 * @param {import('./interleaving.js').Candidate} candidate
 * @param {{ runs: number, seed: string, turns: number }} settings
 */
async function measure(candidate, { runs, seed, turns }) {
  const tally = newTally()
  const began = performance.now()
  for (let run = 0; run < runs; run++) {
    judge(tally, await play(candidate, { seed: `${seed}/${run}`, turns }))
    if ((run + 1) % Math.ceil(runs / 4) === 0 || run + 1 === runs) {
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      console.error(`${candidate.name}: ${run + 1} of ${runs} runs, ${seconds} s`)
    }
  }
  return tally
}

/**
 * @param {import('./interleaving.js').Candidate[]} candidates
 * @param {string} seed
 * @param {number} turns
 */
async function printTrace(candidates, seed, turns) {
  for (const candidate of candidates) {
    console.log(`${candidate.name}, run ${seed}`)
    const tally = newTally()
    judge(
      tally,
      await play(candidate, { seed, turns, log: (time, text) => console.log(time.toFixed(2).padStart(8), text) }),
    )
    console.log(`${Object.keys(tally.firstSeen).join(', ') || 'nothing wrong'}\n`)
  }
}

/** @param {import('./table.js').Result[]} results */
function warnOfLateness(results) {
  for (const { candidate, tally } of results) {
    if (tally.late > 0) console.error(`${candidate.name} had to be waited for ${tally.late} times: it uses timers.`)
  }
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function stop(message, code = 2) {
  console[code === 0 ? 'log' : 'error'](message)
  process.exit(code)
}

await main()
