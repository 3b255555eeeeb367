import { setTimeout as pause } from 'node:timers/promises'
import { now, until } from './faults-history.ts'
import type { Fault } from './faults-run.ts'
import { SETTINGS } from './faults-world.ts'

const cut: Fault = {
  name: 'connection cut in mid-reply',
  times: [2, 30],
  async inject({ proxy }) {
    const before = proxy.cuts
    proxy.truncate(1 + Math.floor(Math.random() * 300))
    await until('replies were cut', () => proxy.cuts - before >= 4)
    proxy.pass()
    return { bites: proxy.cuts - before, over: now() }
  },
}

const late: Fault = {
  name: 'replies later than the timeout, then all at once',
  times: [2, 20],
  async inject({ proxy, fleet }) {
    const added = await fleet.counting()
    proxy.hold()
    await pause(3 * SETTINGS.tierTimeout)
    await until('something was late', async () => (await added('errors')) > 0)
    proxy.pass()
    return { bites: await added('errors'), over: now() }
  },
}

/** Now one is in time and now another is not. */
const slow: Fault = {
  name: 'replies about as late as the timeout',
  times: [2, 12],
  async inject({ proxy, fleet }) {
    const added = await fleet.counting()
    for (const more of [-5, 0, 5]) {
      proxy.delay(SETTINGS.tierTimeout + more)
      await pause(2 * SETTINGS.tierTimeout)
    }
    await until('something was late', async () => (await added('errors')) > 0)
    proxy.pass()
    return { bites: await added('errors'), over: now() }
  },
}

const reset: Fault = {
  name: 'connections reset',
  times: [2, 30],
  async inject({ proxy }) {
    let bites = 0
    for (let again = 0; again < 5; again++) {
      bites += proxy.reset()
      await pause(20)
    }
    return { bites, over: now() }
  },
}

const swallowed: Fault = {
  name: 'all that is sent is lost',
  times: [2, 15],
  async inject({ proxy, fleet }) {
    const added = await fleet.counting()
    proxy.swallow()
    await pause(3 * SETTINGS.tierTimeout)
    await until('something was lost', async () => (await added('errors')) > 0)
    proxy.pass()
    return { bites: await added('errors'), over: now() }
  },
}

export const FAULTS_OF_NETWORK = [cut, late, slow, reset, swallowed]
