import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { replaceSection } from '../harness/markdown.js'
import { REQUESTS, WRITES } from './interleaving.js'
import { firstSeenTable, ratesTable, setupTable, whole } from './table.js'

const RESULTS = new URL('RESULTS.md', import.meta.url)
const PAGE = new URL('../../docs/peers.md', import.meta.url)

/** @typedef {{ seed: string, runs: number, turns: number }} Settings */

/**
 * Writes the results beside the bench, and the table into the page for users.
 *
 * @param {import('./table.js').Result[]} results
 * @param {Settings} settings
 */
export async function writeReport(results, settings) {
  const table = ratesTable(results)
  const measured = describeMeasurement(results, settings)
  await writeFile(RESULTS, resultsPage(results, table, measured))
  await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), 'consistency', `${table}\n\n${measured}`))
}

/**
 * @param {import('./table.js').Result[]} results
 * @param {Settings} settings
 */
function describeMeasurement(results, { seed, runs, turns }) {
  const { requests, reads, firstReads, rereads, readBoth } = results[0].tally
  return [
    `\`node bench/consistency/run.js --runs ${runs} --seed ${seed} --turns ${turns}\` on Node ${process.version},`,
    `${process.platform} ${process.arch}, ${availableParallelism()} cores. Each candidate: ${whole(runs)} runs of`,
    `${REQUESTS} requests and ${WRITES} writes; in all ${whole(requests)} requests with ${whole(reads)} reads`,
    `(${whole(firstReads)} first reads, ${whole(rereads)} re-reads). ${whole(readBoth)} requests read both keys.`,
  ].join(' ')
}

/**
 * @param {import('./table.js').Result[]} results
 * @param {string} table
 * @param {string} measured
 */
function resultsPage(results, table, measured) {
  return `# Results of bench/consistency

Written by the command below; [docs/peers.md](../../docs/peers.md) says what the columns mean. Faults are per million
(stale reads: of first reads; stale at rest: of runs; changed and behind: of re-reads; mixed: of requests that read both
keys).

${table}

${measured}

## How each was asked

${setupTable(results)}

## See one happen

The first run in which each candidate showed it. \`node bench/consistency/run.js --only cachified --trace RUN\` prints
that run, step by step.

${firstSeenTable(results)}
`
}
