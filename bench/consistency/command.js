import { parseArgs } from 'node:util'
import { judge, newTally } from './checker.js'
import { play } from './interleaving.js'

/**
 * @param {{ about: string, runs: string }} command what it prints as help, and how many runs it makes unless it is told
 */
export function readArguments({ about, runs: usual }) {
  const options = /** @type {const} */ ({
    runs: { type: 'string', default: usual },
    seed: { type: 'string', default: '1' },
    turns: { type: 'string', default: '2' },
    only: { type: 'string' },
    trace: { type: 'string' },
    help: { type: 'boolean', default: false },
  })
  const { values } = parseArgs({ options })
  if (values.help) stop(about, 0)
  const { runs, turns, trace, ...rest } = values
  return {
    ...rest,
    runs: count(runs, 1, about),
    turns: count(turns, 1, about),
    trace: trace && String(count(trace, 0, about)),
  }
}

/**
 * @param {string} text
 * @param {number} least
 * @param {string} about
 */
function count(text, least, about) {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < least) stop(`${text} is not a number of at least ${least}.\n\n${about}`)
  return number
}

/**
 * @param {import('./interleaving.js').Candidate[]} candidates
 * @param {string | undefined} only
 */
export function chosen(candidates, only) {
  if (only === undefined) return candidates
  const names = only.split(',')
  const unknown = names.filter((name) => !candidates.some((candidate) => candidate.name === name))
  if (unknown.length > 0) stop(`There is no ${unknown}: ${candidates.map(({ name }) => name).join(', ')}.`)
  return candidates.filter(({ name }) => names.includes(name))
}

/**
 * @param {import('./interleaving.js').Candidate} candidate
 * @param {{ runs: number, seed: string, turns: number }} settings
 */
export async function measure(candidate, { runs, seed, turns }) {
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
export async function printTrace(candidates, seed, turns) {
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
export function warnOfLateness(results) {
  for (const { candidate, tally } of results) {
    if (tally.late > 0) console.error(`${candidate.name} had to be waited for ${tally.late} times: it uses timers.`)
  }
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
