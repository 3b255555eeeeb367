import { parseArgs } from 'node:util'
import { caseNames, loadCase } from './case.js'

const USAGE = `node bench/run.js [--case name,name] [--rounds N] [--only name,name] [--nodes | --report]

  --case    some cases (all)
  --rounds  how often each row is measured (what the case says)
  --only    some candidates; then nothing is written
  --nodes   compares Node versions, which it installs into bench/nodes, in those cases that say what is to be compared
  --report  measures nothing: writes bench/RESULTS.md and the charts from what is in bench/results

Progress goes to stderr. What was measured goes to bench/results; the page and the charts are written from all that is
there, so a run of some cases leaves the others as they were.`

const OPTIONS = /** @type {const} */ ({
  case: { type: 'string' },
  rounds: { type: 'string' },
  only: { type: 'string' },
  nodes: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})

/** What the command line asks for. */
export async function readArguments() {
  const { nodes, report, ...values } = parse()
  const cases = await Promise.all((await namesOf(values.case)).map(loadCase))
  const rounds = values.rounds === undefined ? undefined : count(values.rounds)
  return { cases, rounds, only: candidatesOf(values.only, cases), nodes, report }
}

function parse() {
  try {
    const { values } = parseArgs({ options: OPTIONS })
    if (values.help) stop(USAGE, 0)
    return values
  } catch (error) {
    return stop(`${error.message}\n\n${USAGE}`)
  }
}

/** @param {string | undefined} given */
async function namesOf(given) {
  const all = await caseNames()
  return given === undefined ? all : known(given, all, 'case')
}

/**
 * @param {string | undefined} given
 * @param {import('./case.js').Case[]} cases
 */
function candidatesOf(given, cases) {
  const all = cases.flatMap(({ candidates }) => candidates.map(({ name }) => name))
  return given === undefined ? undefined : known(given, [...new Set(all)], 'candidate')
}

/**
 * @param {string} given names with commas between them
 * @param {string[]} all
 * @param {string} kind
 */
function known(given, all, kind) {
  const names = given.split(',')
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length > 0) stop(`There is no ${kind} ${unknown.join(', ')}: there are ${all.join(', ')}.`)
  return names
}

/** @param {string} text */
function count(text) {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) stop(`${text} is not a number of rounds.\n\n${USAGE}`)
  return number
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
export function stop(message, code = 2) {
  console[code === 0 ? 'log' : 'error'](message)
  process.exit(code)
}
