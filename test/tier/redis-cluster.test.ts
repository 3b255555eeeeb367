import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { CacheEvent, TierStats } from '../../src/index.ts'
import type { IoredisClient, NodeRedisClient } from '../../src/integrations/redis.ts'
import { gate } from '../support/gate.ts'
import { describeWith } from '../support/installed.ts'
import { libraryCopyForRedis } from '../support/library-copy.ts'
import { type RunningCluster, startRedisCluster } from '../support/redis-cluster.ts'
import { installedRedis, type RunningRedis } from '../support/redis-server.ts'

const KEYS = 60
const [LOAD, TIER_TIMEOUT, LEASE] = [2, 100, 300]
/** Milliseconds that a call may take for what is not waiting, on a machine that has nothing else to do. */
const WORK = 100

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** Data that move all the time, in the memory of the test. */
class MovingRows {
  readonly #versions = new Map<number, number>()

  versionOf(id: number): number {
    return this.#versions.get(id) ?? 1
  }

  move(id: number): void {
    this.#versions.set(id, this.versionOf(id) + 1)
  }

  /** As they are when the load begins. */
  async load(id: number): Promise<{ id: number; version: number }> {
    const row = { id, version: this.versionOf(id) }
    await pause(LOAD)
    return row
  }
}

/** A process that shares what it loads with another one by way of the cluster, and asks for rows all the time. */
async function startProcess(name: string, client: NodeRedisClient | IoredisClient, rows: MovingRows) {
  const { versionedLruCache, onCacheEvent, redisTier } = await libraryCopyForRedis()
  const tier = redisTier(client, { prefix: 'shop', name, lease: LEASE, maxClockSkew: 0 })
  const events: CacheEvent[] = []
  onCacheEvent((event) => void ('tier' in event && event.tier === name && events.push(event)))
  const row = versionedLruCache((id: number) => rows.load(id), {
    name: 'row',
    version: async (id) => rows.versionOf(id),
    max: 5, // so that most calls go to the tier
    tier,
    tierTimeout: TIER_TIMEOUT,
  })
  const [durations, wrong]: [number[], unknown[]] = [[], []]
  let isOn = true
  const work = async () => {
    while (isOn) {
      const id = Math.floor(Math.random() * KEYS)
      const current = rows.versionOf(id)
      const started = performance.now()
      const output = await row(id).catch((error) => error)
      durations.push(performance.now() - started)
      if (output.id !== id || !(output.version >= current)) wrong.push({ id, current, output })
      await pause(Math.random() * 3)
    }
  }
  const working = [work(), work(), work()]
  const stop = async () => {
    isOn = false
    await Promise.all(working)
  }
  return { name, row, events, durations, wrong, stop, tier: () => row.stats().tier as TierStats }
}

type Process = Awaited<ReturnType<typeof startProcess>>

describeWith(await installedRedis(), 'a tier in a Redis Cluster', (path) => {
  let cluster: RunningCluster
  let clients: ReturnType<typeof clientsOf>

  beforeAll(async () => {
    cluster = await startRedisCluster(path, { replicas: 2 })
    clients = clientsOf(cluster)
    await clients.redis.connect()
  })
  afterAll(async () => {
    clients?.redis.destroy()
    clients?.ioredis.disconnect()
    await cluster?.stop()
  })

  it('has all that belongs to one call in one slot', async () => {
    const { versionedLruCache, redisTier } = await libraryCopyForRedis()
    const tier = redisTier(clients.redis, { prefix: 'slots' })
    const loading = gate()
    const cached = versionedLruCache((_id: number) => loading.promise, { name: 'a {b} c', version: () => 1, tier })
    const first = cached(1)
    await vi.waitFor(async () => expect((await slotsOf('slots:*')).length).toBe(1))
    const slots = await slotsOf('slots:*') // of the lease
    cached.invalidate(1)
    loading.open()
    await Promise.all([first, cached(1)])
    await vi.waitFor(() => expect(cached.stats().tier?.writes).toBe(1))
    await vi.waitFor(async () => expect((await slotsOf('slots:*')).length).toBe(2))
    slots.push(...(await slotsOf('slots:*'))) // of the entry, and of what tells of the removal
    expect(new Set(slots).size).toBe(1)
  })

  async function slotsOf(pattern: string): Promise<unknown[]> {
    const slots = cluster.masters.map(async (node) => {
      const keys = (await node.command('KEYS', pattern)) as string[]
      return Promise.all(keys.map((key) => node.command('CLUSTER', 'KEYSLOT', key)))
    })
    return (await Promise.all(slots)).flat()
  }

  it('is right and fresh while a node fails over, waits for nobody, and is used again afterwards', async () => {
    const rows = new MovingRows()
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const writing = setInterval(() => rows.move(Math.floor(Math.random() * KEYS)), 5)
    const processes = [
      await startProcess('redis', clients.redis, rows),
      await startProcess('ioredis', clients.ioredis, rows),
    ]
    await isUsed(processes)

    // a node is gone: the others notice, and its replica takes over
    const inTrouble = processes.map(isInTrouble)
    await cluster.masters[0]?.kill()
    await Promise.all([isMaster(cluster.replicas[0]), ...inTrouble])
    await isUsed(processes)

    // a replica takes over at once, and the master is alive and learns of it
    await cluster.replicas[1]?.command('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await isMaster(cluster.replicas[1])
    await isUsed(processes)

    clearInterval(writing)
    delay.disable()
    await Promise.all(processes.map(({ stop }) => stop()))
    await pause(10)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    const longest = WORK + LOAD + TIER_TIMEOUT + 2 * (delay.max / 1e6)
    for (const { name, durations, wrong, tier } of processes) {
      expect(wrong, name).toEqual([])
      expect(durations.length, name).toBeGreaterThan(1000)
      expect(durations.filter((duration) => duration > longest).length, name).toBeLessThanOrEqual(tier().waits)
      expect(Math.max(...durations), name).toBeLessThan(longest + LEASE)
    }
  }, 30_000)

  /** A third of the keys is not answered for: since the others are, the tier is not left alone for long, if at all. */
  async function isInTrouble({ name, events, tier }: Process): Promise<void> {
    const [before, told] = [tier().errors, events.length]
    await vi.waitFor(() => expect(tier().errors, name).toBeGreaterThan(before + 2), { timeout: 10_000, interval: 10 })
    expect(events.slice(told)).toContainEqual({
      type: 'tierFailed',
      tier: name,
      error: expect.any(Error),
      isDown: expect.any(Boolean),
    })
  }

  /** Each process finds what it asks for on all nodes. */
  async function isUsed(processes: readonly Process[]): Promise<void> {
    for (const { name, tier } of processes) {
      let since = tier()
      await vi.waitFor(
        () => {
          const now = tier()
          if (now.errors + now.skipped > since.errors + since.skipped) since = now
          expect(now.hits - since.hits, name).toBeGreaterThan(100)
        },
        { timeout: 10_000, interval: 10 },
      )
    }
  }
})

function clientsOf({ masters }: RunningCluster) {
  const nodes = masters.map(({ port }) => ({ host: '127.0.0.1', port }))
  const redis = createCluster({
    rootNodes: nodes.map((socket) => ({ socket })),
    defaults: { disableOfflineQueue: true },
    topologyRefreshOnReconnectionAttemptStrategy: 100, // it looks after 5 seconds otherwise where its keys have gone
  })
  const ioredis = new Cluster(nodes)
  for (const client of [redis, ioredis]) client.on('error', () => {}) // what is asked of it says what is wrong
  return { redis, ioredis }
}

async function isMaster(node: RunningRedis | undefined): Promise<void> {
  const role = async () => expect(String(await node?.command('INFO', 'replication'))).toContain('role:master')
  await vi.waitFor(role, { timeout: 10_000, interval: 20 })
}
