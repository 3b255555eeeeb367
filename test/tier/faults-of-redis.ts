import { setTimeout as pause } from 'node:timers/promises'
import { now, until } from './faults-history.ts'
import type { Fault } from './faults-run.ts'
import { entriesIn, infoOf, type World } from './faults-world.ts'

const sizeOf = async ({ redis }: World) => Number(await redis.command('DBSIZE'))

const restartedEmpty: Fault = {
  name: 'Redis restarted, empty',
  times: [2, 10],
  async inject(world) {
    const lost = await sizeOf(world)
    await world.redis.kill()
    await pause(50)
    await world.redis.start()
    return { bites: lost, over: now() }
  },
}

const olderDump: Fault = {
  name: 'Redis restored from an older dump',
  times: [2, 10],
  async inject(world) {
    await world.redis.backUp()
    await pause(150) // nearly everything is written anew
    await world.redis.restore()
    return { bites: await sizeOf(world), over: now() }
  },
}

/** While the processes wait for a load, so the lease of that is lost as well. */
const flushed: Fault = {
  name: '`FLUSHALL` in mid-flight',
  times: [3, 30],
  async inject(world) {
    const id = world.newId()
    const loads = world.fleet.nextSlowLoad(id)
    const asked = world.fleet.orderAll({ do: 'ask', of: 'slow', key: id, callers: 3 })
    await loads
    const lost = await sizeOf(world)
    await world.redis.command('FLUSHALL')
    const over = now()
    await asked
    return { bites: lost, over }
  },
}

/** Each key has what another one of these has, entries and leases alike, for as long as it would have had its own. */
const SWAP = `
local keys = redis.call('KEYS', ARGV[1])
local held = {}
for at, key in ipairs(keys) do held[at] = redis.call('DUMP', key) end
for at, key in ipairs(keys) do
  redis.call('RESTORE', key, math.max(0, redis.call('PTTL', key)), held[at % #keys + 1], 'REPLACE')
end
return #keys`

const swapped: Fault = {
  name: 'values swapped between keys',
  times: [5, 50],
  async inject({ redis, fleet }) {
    const added = await fleet.counting()
    let bites = 0
    // Of one report, so that versions are the same; then of all. What there is to swap may be gone, so it does so again.
    for (const pattern of ['faults:timed:*', 'faults:*']) {
      const isRefused = async () => {
        await redis.command('EVAL', SWAP, '0', pattern)
        return (await added('refused')) > bites
      }
      await until('swapped values were refused', isRefused, 20)
      bites = await added('refused')
    }
    return { bites, over: now() }
  },
}

const huge: Fault = {
  name: 'an entry of 100 MB',
  times: [2, 6],
  async inject({ redis, fleet, proxy }) {
    const added = await fleet.counting()
    const repliedBefore = proxy.replied
    let key = ''
    await until('an entry was there', async () => {
      ;[key = ''] = await entriesIn(redis, 'faults:list:*')
      return key !== ''
    })
    await redis.command('SETRANGE', key, String(100e6 - 1), 'x')
    const over = now()
    await until('a huge entry was refused', async () => (await added('refused')) + (await added('errors')) > 0)
    const bites = (await added('refused')) + (await added('errors'))
    if (proxy.replied - repliedBefore > 50e6) throw new Error('A process has fetched the huge entry.')
    return { bites, over }
  },
}

/** The limit follows what is there, so that there is always something to evict. */
const evicting: Fault = {
  name: 'memory policy evicts all the time',
  times: [2, 6],
  async inject({ redis }) {
    const evicted = () => infoOf(redis, 'stats', 'evicted_keys')
    const before = await evicted()
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
    const isEnough = async () => {
      const memory = await infoOf(redis, 'memory', 'used_memory')
      await redis.command('CONFIG', 'SET', 'maxmemory', String(memory))
      return (await evicted()) - before > 50
    }
    await until('keys were evicted', isEnough, 20)
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    return { bites: (await evicted()) - before, over: now() }
  },
}

export const FAULTS_OF_REDIS = [restartedEmpty, olderDump, flushed, swapped, huge, evicting]
