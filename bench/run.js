import { existsSync } from 'node:fs'
import { readArguments, stop } from './harness/arguments.js'
import { rowsOf } from './harness/case.js'
import { environment } from './harness/environment.js'
import { measureAll } from './harness/measure.js'
import { installNodes } from './harness/nodes.js'
import { NODES } from './harness/nodes-table.js'
import { writeReport } from './harness/report.js'
import { rowResult, saveResult } from './harness/results.js'
import { failureList, variantTable } from './harness/tables.js'

/** Measures, keeps what was measured, and writes the page. */
async function main() {
  const { cases, rounds, only, nodes, report } = await readArguments()
  if (!report) requireBuild()
  if (nodes) await compareNodes(cases, rounds ?? 5, only)
  else if (!report) for (const benchCase of cases) await measureCase(benchCase, rounds ?? benchCase.rounds, only)
  if (only === undefined) await writeReport()
}

function requireBuild() {
  if (existsSync(new URL('../dist/index.js', import.meta.url))) return
  stop('versioned-lru-cache is not built: run "npm run build" in the root of the project first.')
}

/**
 * @param {import('./harness/case.js').Case} benchCase
 * @param {number} rounds
 * @param {string[] | undefined} only
 */
async function measureCase(benchCase, rounds, only) {
  const wanted = rowsOf(benchCase).filter(({ candidate }) => only?.includes(candidate) ?? true)
  const jobs = wanted.map((row) => ({ ...row, benchCase, node: process.execPath }))
  const rows = await Promise.all((await measureAll(jobs, rounds)).map(rowResult))
  for (const variant of new Set(rows.map(({ variant }) => variant))) {
    console.log(`\n${benchCase.title}: ${variant}\n\n${variantTable(benchCase, variant, rows)}`)
  }
  await finish(benchCase.name, { flags: benchCase.flags ?? [], rounds, rows }, only)
}

/**
 * The same rows on several versions of Node, in turn.
 *
 * @param {import('./harness/case.js').Case[]} cases
 * @param {number} rounds
 * @param {string[] | undefined} only
 */
async function compareNodes(cases, rounds, only) {
  const versions = installNodes()
  const wanted = cases.flatMap((benchCase) => rowsOnNodes(benchCase).map((row) => ({ ...row, benchCase })))
  const jobs = wanted
    .filter(({ candidate }) => only?.includes(candidate) ?? true)
    .flatMap((row) => versions.map((version) => ({ ...row, ...version })))
  const measured = await measureAll(jobs, rounds)
  const rows = await Promise.all(
    measured.map(async (row) => ({ case: row.job.benchCase.name, node: row.job.label, ...(await rowResult(row)) })),
  )
  await finish(NODES, { flags: [], rounds, rows }, only)
}

/** @param {import('./harness/case.js').Case} benchCase */
function rowsOnNodes(benchCase) {
  const { variants, candidates } = benchCase.nodes ?? { variants: [], candidates: [] }
  return rowsOf(benchCase).filter((row) => variants.includes(row.variant) && candidates.includes(row.candidate))
}

/**
 * @param {string} name
 * @param {{ flags: string[], rounds: number, rows: import('./harness/results.js').RowResult[] }} result
 * @param {string[] | undefined} only a part of the candidates would look like all of them
 */
async function finish(name, result, only) {
  const failures = failureList(result.rows)
  if (failures !== '') {
    console.error(`\nFailed:\n${failures}`)
    process.exitCode = 1
  }
  if (only === undefined) await saveResult(name, { ...environment(), ...result })
}

await main()
