import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('crowd-process.js', import.meta.url))
const PROCESSES = 8
const CALLERS = 100
const LOAD_TIME = 200
/** After so long, nobody waits any more. */
export const PATIENCE = 30_000

/**
 * All callers of all processes ask for one key that nobody has asked for before.
 *
 * @param {string} name of the candidate
 * @param {number | 'none'} port
 * @param {() => Promise<unknown>} before what happens when all are connected, and before they ask
 */
export async function rush(name, port, before) {
  const args = [name, port, CALLERS, LOAD_TIME, PATIENCE].map(String)
  const crowds = Array.from({ length: PROCESSES }, () => fork(PROGRAM, args))
  try {
    await Promise.all(crowds.map(nextMessage))
    await all(crowds, 'warm-up')
    await before()
    const began = performance.now()
    const results = await all(crowds, 'cold')
    const ms = performance.now() - began
    const sum = (count) => results.reduce((total, result) => total + result[count], 0)
    return { loads: sum('loads'), ms, unanswered: sum('unanswered') }
  } finally {
    for (const crowd of crowds) crowd.disconnect()
    await Promise.all(crowds.map((crowd) => crowd.exitCode ?? once(crowd, 'exit')))
  }
}

/**
 * @param {import('node:child_process').ChildProcess[]} crowds
 * @param {string} key
 */
function all(crowds, key) {
  for (const crowd of crowds) crowd.send(key)
  return Promise.all(crowds.map(nextMessage))
}

/** @param {import('node:child_process').ChildProcess} crowd */
async function nextMessage(crowd) {
  const ended = once(crowd, 'exit').then(([code]) => Promise.reject(new Error(`A process ended with ${code}.`)))
  const [message] = await Promise.race([once(crowd, 'message'), ended])
  return message
}
