import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { chosen, measure, printTrace, readArguments, stop, warnOfLateness } from './command.js'
import { writeReport } from './report.js'
import { ratesTable } from './table.js'

const ABOUT = `node bench/consistency/run.js [--runs N] [--seed S] [--only name,name] [--turns N] [--trace RUN]

  --runs   interleavings for each candidate (20000)
  --seed   any text; the same text gives the same numbers (1)
  --only   some candidates; then nothing is written
  --turns  of the event loop between two steps (2): more must not change anything
  --trace  prints one run of each candidate, step by step; then nothing is written`

/** The same interleavings for every cache: who gives old data, and who changes its mind within a request? */
async function main() {
  const { runs, seed, only, turns, trace } = readArguments({ about: ABOUT, runs: '20000' })
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

/** @param {string | undefined} only */
async function loadCandidates(only) {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    stop('versioned-lru-cache is not built: run "npm run build" in the root of the project first.')
  }
  const { candidates } = await import('./candidates/index.js')
  return chosen(candidates, only)
}

/** @param {import('./interleaving.js').Candidate} candidate */
async function versionOf({ package: name }) {
  if (name === undefined) return ''
  const folder = name === 'versioned-lru-cache' ? '../..' : `../node_modules/${name}`
  return JSON.parse(await readFile(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version
}

await main()
