import { chosen, measure, printTrace, readArguments, warnOfLateness } from '../command.js'
import { writeLevels } from '../report.js'
import { ratesTable, STATEMENTS } from '../table.js'
import { levelsOn } from './candidates.js'
import { openDatabase } from './database.js'

const ABOUT = `node bench/consistency/levels/run.js [--runs N] [--seed S] [--only name,name] [--turns N] [--trace RUN]

  --runs   interleavings for each level and shape (1000)
  --seed   any text (1)
  --only   some levels; then nothing is written
  --turns  of the event loop between two steps (2)
  --trace  prints one run of each level, step by step; then nothing is written`

/** The levels of consistency on a real PostgreSQL, in interleavings as those of the peers. */
async function main() {
  const { runs, seed, only, turns, trace } = readArguments({ about: ABOUT, runs: '1000' })
  const database = await openDatabase()
  try {
    const candidates = chosen(levelsOn(database), only)
    if (trace !== undefined) return await printTrace(candidates, `${seed}/${trace}`, turns)
    const results = []
    for (const candidate of candidates) {
      console.error(candidate.shape.title)
      results.push({ candidate, version: '', tally: await measure(candidate, { runs, seed, turns }) })
    }
    console.log(ratesTable(results, STATEMENTS))
    if (only === undefined) await writeLevels(results, { runs, seed, turns })
    warnOfLateness(results)
  } finally {
    await database.close()
  }
}

await main()
