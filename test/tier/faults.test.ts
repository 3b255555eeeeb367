import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../support/installed.ts'
import { installedRedis } from '../support/redis-server.ts'
import { judge, NOTHING_WRONG } from './faults-checker.ts'
import { FAULTS_OF_BYTES } from './faults-of-bytes.ts'
import { FAULTS_OF_NETWORK } from './faults-of-network.ts'
import { FAULTS_OF_PROCESSES } from './faults-of-processes.ts'
import { FAULTS_OF_REDIS } from './faults-of-redis.ts'
import { asMarkdown, IS_LONG, injectAll, type Shown } from './faults-run.ts'
import { startWorld, type World } from './faults-world.ts'

describeWith(
  await installedRedis(),
  'four processes with one Redis, while everything is written all the time',
  (path) => {
    let world: World
    const shown: Shown[] = []

    beforeAll(async () => {
      world = await startWorld(path)
      await world.fleet.run(3, 2)
      await world.fleet.settled(0)
    })
    afterAll(async () => {
      await world?.stop()
      if (IS_LONG) console.log(asMarkdown(shown))
    })

    it('the tier is used, and has part in what is served', async () => {
      const counts = (await world.fleet.counted()).map(([, counted]) => counted)
      for (const { hits, unshared, errors } of counts) {
        expect(hits).toBeGreaterThan(0)
        expect({ unshared, errors }).toEqual({ unshared: 0, errors: 0 })
      }
    })

    describe('nothing wrong is served', () => {
      const faults = [...FAULTS_OF_REDIS, ...FAULTS_OF_NETWORK, ...FAULTS_OF_PROCESSES]
      it.each(faults)(
        '$name',
        async (fault) => {
          shown.push(await injectAll(world, fault))
        },
        IS_LONG ? 600_000 : 30_000,
      )

      it.each(Object.entries(FAULTS_OF_BYTES))(
        'an entry is damaged: %s',
        async (_, damage) => {
          const row = await damage(world)
          shown.push(row)
          expect(row.wrong).toBe(0)
        },
        IS_LONG ? 600_000 : 30_000,
      )
    })

    it('no process has died, and all in all nothing was wrong', async () => {
      await world.fleet.orderAll({ do: 'stop' })
      await world.fleet.collect()
      const { history, deaths } = world.fleet
      expect(deaths).toEqual([])
      expect(judge(history, history.sessions)).toEqual(NOTHING_WRONG)
    })
  },
)
