import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { caseNames, loadCase } from './case.js'
import { drawCharts } from './charts.js'
import { replaceSection } from './markdown.js'
import { NODES, nodesSection } from './nodes-table.js'
import { readResults } from './results.js'
import { failureList, setupTable, targetsTable, variantTable } from './tables.js'

const REPORT = new URL('../RESULTS.md', import.meta.url)
const CHARTS = new URL('../charts/', import.meta.url)
/** The page for users, where the targets stand as well. */
const PAGE = new URL('../../docs/speed.md', import.meta.url)

const INTRODUCTION = `# Results of bench

Written by \`make bench\` from what is in [results](results). Each row was measured several times, each time in a
process of its own and in turn with the others. Shown is the median over these rounds, with the lowest and the highest
in brackets. The figures are the machine's; what can be said of the caches are the ratios, since all rows of a table
were measured in one run.`

/** @typedef {import('./case.js').Case} Case */
/** @typedef {import('./results.js').Result} Result */

/**
 * Writes the page and its charts anew from all results that there are. What was measured, and how, the results say;
 * what it means and what was wanted, the cases of today.
 */
export async function writeReport() {
  const [cases, results] = await Promise.all([Promise.all((await caseNames()).map(loadCase)), readResults()])
  const measured = cases.map((benchCase) => ({ benchCase, result: results.get(benchCase.name) }))
  await mkdir(CHARTS, { recursive: true })
  for (const { benchCase, result } of measured) {
    if (result !== undefined) await drawCharts(benchCase, result.rows, CHARTS)
  }
  await writeFile(REPORT, page(measured, results))
  await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), 'targets', targetsTable(measured)))
}

/**
 * @param {{ benchCase: Case, result?: Result }[]} measured
 * @param {Map<string, Result>} results
 */
function page(measured, results) {
  const cases = measured.map(({ benchCase }) => benchCase)
  const nodes = results.get(NODES)
  const sections = [
    INTRODUCTION,
    `## Where and when\n\n${whereAndWhen(results)}`,
    `## Targets\n\n${targetsTable(measured)}`,
    ...measured.flatMap(({ benchCase, result }) => (result === undefined ? [] : [caseSection(benchCase, result)])),
    ...(nodes === undefined ? [] : [nodesSection(cases, nodes)]),
  ]
  return `${sections.join('\n\n')}\n`
}

/**
 * One line for each run.
 *
 * @param {Map<string, Result>} results
 */
function whereAndWhen(results) {
  /** @type {Map<string, string[]>} */
  const runs = new Map()
  for (const [name, { date, command, commit, node, machine }] of results) {
    const run = `\`${command}\` on ${date}: Node ${node}, ${machine}${commit === '' ? '' : `, at commit ${commit}`}`
    runs.set(run, [...(runs.get(run) ?? []), name])
  }
  return [...runs].map(([run, names]) => `- ${names.join(', ')}: ${run}`).join('\n')
}

/**
 * @param {Case} benchCase
 * @param {Result} result
 */
function caseSection(benchCase, { rows, rounds, flags }) {
  const { title, about, variants, charts = [] } = benchCase
  const failures = failureList(rows)
  const under = flags.length === 0 ? '' : `, under \`node ${flags.join(' ')}\``
  const parts = [
    `## ${title}`,
    about,
    `Rounds: ${rounds}${under}.`,
    ...charts.map(({ file, title }) => `![${title}](charts/${file})`),
    ...variants.flatMap((variant) => [`### ${variant}`, variantTable(benchCase, variant, rows)]),
    ...(failures === '' ? [] : ['### Failed rounds', failures]),
    '### Configurations',
    setupTable(rows),
  ]
  return parts.join('\n\n')
}
