import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/installed.ts'
import { installedRedis } from '../support/redis-server.ts'
import { judge, NOTHING_WRONG, outputsIn } from './faults-checker.ts'
import { startWorld, type World } from './faults-world.ts'

const CALLERS = 50

describeWith(
  await installedRedis(),
  `four processes, each with ${CALLERS} callers of one report that nobody has`,
  (path) => {
    let world: World

    beforeAll(async () => {
      world = await startWorld(path, { codeVersion: undefined, tierTimeout: 1_000, lease: 2_000, leaseWait: 5_000 })
    })
    afterAll(() => world?.stop())

    /** How many loads it took until all of them had it, and what was wrong with it. */
    async function stampede() {
      const { fleet, newId } = world
      const id = newId()
      await fleet.orderAll({ do: 'ask', of: 'slow', key: id, callers: CALLERS })
      const sessions = await fleet.collect()
      expect(outputsIn(sessions)).toBe(4 * CALLERS)
      expect(judge(fleet.history, sessions)).toEqual(NOTHING_WRONG)
      return fleet.slowLoads.filter((load) => load.id === id).length
    }

    it('it is loaded once', async () => {
      expect(await stampede()).toBe(1)
      expect(await stampede()).toBe(1)
    })

    it('with Redis down, each process loads it once', async () => {
      await world.redis.kill()
      expect(await stampede()).toBeLessThanOrEqual(4)
      await world.redis.start()
    })
  },
)
