import KeyvRedis from '@keyv/redis'
import { Cluster, Redis } from 'ioredis'
import Keyv from 'keyv'
import { createClient, createCluster, createSentinel } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RefusedEntryError } from '../../src/core/tier.ts'
import { keyvStore } from '../../src/tiers/keyv-store.ts'
import { scriptsOf } from '../../src/tiers/redis-client.ts'
import { redisStore } from '../../src/tiers/redis-store.ts'
import type { StoreLease, TierStore } from '../../src/tiers/tier-store.ts'
import { describeTierStore, type OpenStore, type RedisServers } from '../contracts/tier-store.ts'
import { describeWith } from '../support/installed.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { type RunningCluster, startRedisCluster } from '../support/redis-cluster.ts'
import { type RunningSentinel, startSentinel } from '../support/redis-sentinel.ts'
import { installedRedis, type RunningRedis, startRedis } from '../support/redis-server.ts'

const HOST = '127.0.0.1'

describeTierStore('the store in memory, of the tests', async () => ({ store: new MemoryStore() }), [
  'expiry',
  'other types',
  'scripts',
])

describeTierStore('keyvStore of a Keyv in memory', async () => {
  const keyv = new Keyv({ throwOnErrors: true, ttl: 10 })
  return { store: keyvStore(keyv), putSomethingElse: (key) => keyv.set(key, { a: 1 }, 60_000) }
}, ['leases', 'scripts'])

it.each(['hello', '{"value":', '{"value":5}', '[]', '"text"', 'null', ''])(
  'keyvStore takes %o, which no Keyv has written, for nothing or refuses it, and writes in its place',
  async (foreign) => {
    const inMemory = new Map<string, string>()
    const store = keyvStore(new Keyv({ store: inMemory, throwOnErrors: true }))
    inMemory.set('keyv:key', foreign)
    const read = await store.read('key', 1000).catch((error) => error)
    expect(read === undefined || read instanceof RefusedEntryError).toBe(true)
    expect(await (await granted(store)).write('text', 1000)).toBe(true)
    expect(await store.read('key', 1000)).toBe('text')
  },
)

it('keyvStore passes on how its Keyv fails, and is told nothing but that a write has failed where that throws no errors', async () => {
  const fail = async () => {
    throw new Error('no connection')
  }
  const broken = { get: fail, set: fail, delete: fail, clear: fail }
  const [telling, silent] = [true, false].map((throwOnErrors) => {
    const keyv = new Keyv({ store: broken, throwOnErrors })
    keyv.on('error', () => {})
    return keyvStore(keyv)
  }) as [TierStore, TierStore]
  await expect(telling.read('key', 1000)).rejects.toThrow('no connection')
  await expect(telling.remove('key')).rejects.toThrow('no connection')
  await expect((await granted(telling)).write('text', 1000)).rejects.toThrow('no connection')
  expect(await silent.read('key', 1000)).toBeUndefined()
  await silent.remove('key')
  expect(await (await granted(silent)).write('text', 1000)).toBe(false)
})

async function granted(store: TierStore): Promise<StoreLease> {
  return (await store.lease('key', 'v1', 1000)) as StoreLease
}

describeWith(await installedRedis(), 'in Redis', (path) => {
  let single: Promise<RunningRedis>
  let cluster: Promise<RunningCluster>
  let sentinel: Promise<RunningSentinel>
  beforeAll(() => {
    single = startRedis(path)
    cluster = startRedisCluster(path) // which takes two seconds: it is asked last
    sentinel = single.then(({ port }) => startSentinel(path, port))
  })
  afterAll(() => Promise.all([single, cluster, sentinel].map(async (started) => (await started).stop())))

  /** What is there is given to the store in Redis by a client. */
  function opened(client: unknown, nodes: readonly RunningRedis[], close: () => void): OpenStore {
    const servers = serversOf(nodes)
    const putSomethingElse = (key: string) => servers.command('RPUSH', key, 'item')
    return { store: redisStore(scriptsOf(client)), servers, putSomethingElse, close }
  }

  describeTierStore('redisStore by way of redis', async () => {
    const { port } = await single
    const client = await createClient({ socket: { host: HOST, port } }).connect()
    return opened(client, [await single], () => client.destroy())
  })

  describeTierStore('redisStore by way of ioredis', async () => {
    const client = new Redis({ port: (await single).port, host: HOST })
    return opened(client, [await single], () => client.disconnect())
  })

  describeTierStore('redisStore by way of redis, with Sentinel', async () => {
    const { port, masterName } = await sentinel
    const client = createSentinel({ name: masterName, sentinelRootNodes: [{ host: HOST, port }] })
    await client.connect()
    return opened(client, [await single], () => client.destroy())
  })

  describeTierStore('keyvStore of a Keyv in Redis', async () => {
    const adapter = new KeyvRedis(`redis://${HOST}:${(await single).port}`, { throwOnErrors: true })
    const keyv = new Keyv(adapter, { throwOnErrors: true })
    const putSomethingElse = (key: string) => keyv.set(key, { a: 1 })
    return { store: keyvStore(keyv), putSomethingElse, close: () => keyv.disconnect() }
  }, ['leases', 'scripts'])

  describeTierStore('keyvStore of a Keyv in Redis that tells of no error', async () => {
    const keyv = new Keyv(new KeyvRedis(`redis://${HOST}:${(await single).port}`))
    const putSomethingElse = (key: string) => keyv.set(key, { a: 1 })
    return { store: keyvStore(keyv), putSomethingElse, close: () => keyv.disconnect() }
  }, ['leases', 'scripts'])

  describeTierStore('redisStore by way of redis, in a cluster', async () => {
    const { masters } = await cluster
    const client = createCluster({ rootNodes: masters.map(({ port }) => ({ socket: { host: HOST, port } })) })
    await client.connect()
    return opened(client, masters, () => client.destroy())
  })

  describeTierStore('redisStore by way of ioredis, in a cluster', async () => {
    const { masters } = await cluster
    const client = new Cluster(masters.map(({ port }) => ({ host: HOST, port })))
    return opened(client, masters, () => client.disconnect())
  })
})

function serversOf(nodes: readonly RunningRedis[]): RedisServers {
  const everywhere = <T>(act: (node: RunningRedis) => Promise<T>) => Promise.all(nodes.map(act))
  return {
    command: (name, ...args) => Promise.any(nodes.map((node) => node.command(name, ...args))), // the others say MOVED
    forgetScripts: () => everywhere((node) => node.command('SCRIPT', 'FLUSH')),
    async bytesSent() {
      const all = await everywhere((node) => node.command('INFO', 'stats'))
      return all.reduce<number>((sum, info) => sum + Number(/total_net_output_bytes:(\d+)/.exec(String(info))?.[1]), 0)
    },
  }
}
