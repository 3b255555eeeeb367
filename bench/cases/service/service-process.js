import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('server.js', import.meta.url))

/** @typedef {{ runs: number, mostAtOnce: number }} Sum */
/** @typedef {{ loads: Sum, checks: Sum, cpu: NodeJS.CpuUsage }} Usage what it took so far, of the database and itself */
/** @typedef {{ url: string, usage: () => Promise<Usage> }} Service */

/**
 * Runs the work while the service runs. It inherits the flags of node, so `--cpu-prof` profiles it, too.
 *
 * @template T
 * @param {string} candidate
 * @param {string} databaseUrl
 * @param {(service: Service) => Promise<T>} work
 */
export async function withService(candidate, databaseUrl, work) {
  const child = fork(SERVER, [candidate, databaseUrl])
  const ended = once(child, 'exit')
  try {
    const { url } = await nextMessage(child, ended)
    const usage = () => {
      child.send('usage')
      return nextMessage(child, ended)
    }
    return await work({ url, usage })
  } finally {
    if (child.connected) child.disconnect()
    await ended
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {Promise<unknown>} ended
 */
async function nextMessage(child, ended) {
  const fail = ended.then(([code, signal]) => Promise.reject(new Error(`The service ended: ${signal ?? code}.`)))
  const [message] = await Promise.race([once(child, 'message'), fail])
  return message
}
