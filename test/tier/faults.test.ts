import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/installed.ts'
import { installedRedis } from '../support/redis-server.ts'
import { judge, NOTHING_WRONG } from './faults-checker.ts'
import { FAULTS_OF_BYTES } from './faults-of-bytes.ts'
import { FAULTS_OF_NETWORK } from './faults-of-network.ts'
import { FAULTS_OF_PROCESSES } from './faults-of-processes.ts'
import { FAULTS_OF_REDIS } from './faults-of-redis.ts'
import { asMarkdown, IS_LONG, injectAll, type Shown } from './faults-run.ts'
import { startWorld, type World } from './faults-world.ts'

const LIMIT = IS_LONG ? 600_000 : 60_000

describeWith(await installedRedis(), 'four processes with one Redis, while data is written all the time', (path) => {
  let world: World
  const shown: Shown[] = []

  beforeAll(async () => {
    world = await startWorld(path)
    await world.fleet.run(3, 2)
    await world.fleet.settled(0)
  })
  afterAll(async () => {
    await world?.stop()
    if (IS_LONG || process.env['TABLE'] !== undefined) console.log(asMarkdown(shown))
  })

  it('the tier has part in what is served, whatever it is made of', async () => {
    for (const [, { hits, unshared }] of await world.fleet.counted()) {
      expect(hits).toBeGreaterThan(0)
      expect(unshared).toBe(0)
    }
  })

  for (const fault of [...FAULTS_OF_REDIS, ...FAULTS_OF_NETWORK, ...FAULTS_OF_PROCESSES]) {
    it(`nothing wrong is served: ${fault.name}`, async () => void shown.push(await injectAll(world, fault)), LIMIT)
  }

  it('no process has died, and all in all nothing was wrong', async () => {
    await world.fleet.orderAll({ do: 'stop' })
    await world.fleet.collect()
    const { history, deaths } = world.fleet
    expect(deaths).toEqual([])
    expect(judge(history, history.sessions)).toEqual(NOTHING_WRONG)
  })

  for (const [how, damage] of Object.entries(FAULTS_OF_BYTES)) {
    it(`a damaged entry is not served: ${how}`, async () => void shown.push(await damage(world)), LIMIT)
  }

  it('all this would have been seen: without versions, what is stale is served', async () => {
    const { fleet } = world
    await Promise.all(fleet.members.slice(2).map((member) => fleet.replace(member, { withoutVersions: true })))
    await pause(300)
    const { stale, torn, back } = judge(fleet.history, await fleet.collect())
    expect(Math.min(stale, torn, back)).toBeGreaterThan(0)
  })
})
