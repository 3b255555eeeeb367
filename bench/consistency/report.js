import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { replaceSection } from '../harness/markdown.js'
import { REQUESTS, WRITES } from './interleaving.js'
import { firstSeenTable, ratesTable, STATEMENTS, setupTable, whole } from './table.js'

const RESULTS = new URL('RESULTS.md', import.meta.url)
const PAGE = new URL('../../docs/peers.md', import.meta.url)
const LEVELS_PAGE = new URL('../../docs/consistency.md', import.meta.url)

/** @typedef {{ seed: string, runs: number, turns: number }} Settings */

/**
 * Writes the results beside the bench, and the table into the page for users.
 *
 * @param {import('./table.js').Result[]} results
 * @param {Settings} settings
 */
export async function writeReport(results, settings) {
  const table = ratesTable(results)
  const measured = describeMeasurement('run.js', results[0].tally, settings)
  await writeSection(RESULTS, 'peers', resultsSection(results, table, measured))
  await writeSection(PAGE, 'consistency', `${table}\n\n${measured}`)
}

/**
 * The same for the levels of consistency.
 *
 * @param {import('./table.js').Result[]} results
 * @param {Settings} settings
 */
export async function writeLevels(results, settings) {
  const shapes = [...new Set(results.map(({ candidate }) => candidate.shape))]
  const tables = shapes.map((shape) => {
    const [first, ...others] = results.filter(({ candidate }) => candidate.shape === shape)
    const measured = describeMeasurement('levels/run.js', first.tally, settings)
    return `**${capital(shape.title)}**\n\n${ratesTable([first, ...others], STATEMENTS)}\n\n${measured}`
  })
  const section = tables.join('\n\n')
  await writeSection(RESULTS, 'levels', section)
  await writeSection(LEVELS_PAGE, 'levels', section)
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1)
}

/**
 * @param {URL} page
 * @param {string} name
 * @param {string} section
 */
async function writeSection(page, name, section) {
  await writeFile(page, replaceSection(await readFile(page, 'utf8'), name, section))
}

/**
 * @param {string} command
 * @param {import('./checker.js').Tally} tally
 * @param {Settings} settings
 */
function describeMeasurement(command, tally, { seed, runs, turns }) {
  const { requests, reads, firstReads, rereads, readBoth } = tally
  return [
    `\`node bench/consistency/${command} --runs ${runs} --seed ${seed} --turns ${turns}\` on Node ${process.version},`,
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
function resultsSection(results, table, measured) {
  return `${table}

${measured}

### How each was asked

${setupTable(results)}

### See one happen

The first run in which each candidate showed it. \`node bench/consistency/run.js --only cachified --trace RUN\` prints
that run, step by step.

${firstSeenTable(results)}`
}
