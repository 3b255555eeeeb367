// A process with many callers: `crowd-process.js <candidate> <port of Redis, or none> <callers> <ms of a load> <ms to wait>`,
// started by rush.js. It says when it is ready, and what came of it when it has been told to go.
import { setTimeout as pause } from 'node:timers/promises'
import { candidates } from '../tier/candidates.js'

const [name, port, callers, loadTime, patience] = process.argv.slice(2)
const counted = { loads: 0 }
const cache = await candidates[name].open({
  port: port === 'none' ? undefined : Number(port),
  max: 1000,
  async load(key) {
    counted.loads++
    await pause(Number(loadTime))
    return { key }
  },
})

/**
 * All ask in one go, and wait as long as they have patience.
 *
 * @param {string} key
 */
async function ask(key) {
  let answered = 0
  const answers = Array.from({ length: Number(callers) }, async () => {
    const output = await cache.call(key)
    if (output?.key === key) answered++
  })
  await Promise.race([Promise.allSettled(answers), pause(Number(patience))])
  return answered
}

process.on('message', async (key) => {
  counted.loads = 0
  const answered = await ask(key)
  process.send({ loads: counted.loads, unanswered: Number(callers) - answered })
})
process.on('disconnect', () => process.exit())
process.send('started')
