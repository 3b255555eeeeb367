import { isDeepStrictEqual } from 'node:util'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { runInSession, type TierStats, versionedLruCache } from '../../src/index.ts'
import { redisTier } from '../../src/integrations/redis.ts'
import type { RunningRedis } from '../support/redis-server.ts'
import { now, until } from './faults-history.ts'
import { IS_LONG, type Shown } from './faults-run.ts'
import { entriesIn, type World } from './faults-world.ts'

/** What becomes of the bytes of an entry, each time. */
type Damages = (stored: Buffer) => Iterable<Buffer>

/** Every byte in turn, one of its bits or each of them. */
function* flips(stored: Buffer): Iterable<Buffer> {
  for (let at = 0; at < stored.length; at++) {
    for (const bit of IS_LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      const damaged = Buffer.from(stored)
      damaged[at] = (damaged[at] as number) ^ (1 << bit)
      yield damaged
    }
  }
}

function* beginnings(stored: Buffer): Iterable<Buffer> {
  for (let length = 0; length < stored.length; length += IS_LONG ? 1 : 5) yield stored.subarray(0, length)
}

/** An outer report, so that there are stamps in the entry, with a place in memory for one of two ids. */
function makeReport(client: Redis, name: string) {
  const options = { tier: redisTier(client, { prefix: name }), tierTimeout: 10_000, max: 1 }
  const inner = versionedLruCache(async (id: string) => ({ id, at: new Date(1e12) }), {
    ...options,
    name: `${name}-inner`,
    version: async () => 7,
  })
  const load = async (id: string) => ({ id, parts: new Map([['inner', await inner(id)]]), numbers: [1, 22n, 333] })
  return Object.assign(
    versionedLruCache(load, { ...options, name: `${name}-outer`, version: async (id: string) => `v${id}` }),
    { load },
  )
}

/** Stores each damage in turn, and asks for that entry in a new session, when it is not in memory. */
async function damageEach(redis: RunningRedis, client: Redis, prefix: string, damages: Damages): Promise<Damaged> {
  const report = makeReport(client, prefix)
  const counted = () => report.stats().tier as TierStats
  const written = (times: number) => until('the entry was written', () => counted().writes === times, 1)
  const ask = (id: string) => runInSession(() => report(id))
  const shown = { times: 0, outputs: 0, wrong: 0, settled: 0 }
  const right = await ask('a')
  await written(1)
  const [key] = (await entriesIn(redis, `${prefix}:${prefix}-outer:*`)) as [string]
  const stored = (await client.getBuffer(key)) as Buffer
  for (const damaged of damages(stored)) {
    await ask('b') // which takes the place of the other
    await written(2 + counted().refused) // that other one stays in the tier
    await client.set(key, damaged)
    const askedAt = now()
    if (!isDeepStrictEqual(await ask('a'), right)) shown.wrong++
    shown.outputs = ++shown.times
    await written(2 + counted().refused)
    shown.settled = Math.max(shown.settled, now() - askedAt)
  }
  expect(shown.wrong).toBe(0)
  expect(counted().refused).toBeGreaterThanOrEqual(shown.times - SAME_DIGEST)
  return shown
}

/** Of how many flips the digest means the same: 256 bits in base64 leave two of the last character without a meaning. */
const SAME_DIGEST = 3

type Damaged = Omit<Shown, 'name'>

function damage(name: string, prefix: string, damages: Damages) {
  return async ({ redis }: World): Promise<Shown> => {
    const client = new Redis({ port: redis.port })
    try {
      return { name, ...(await damageEach(redis, client, prefix, damages)) }
    } finally {
      client.disconnect()
    }
  }
}

export const FAULTS_OF_BYTES = {
  'each byte flipped': damage('every stored byte flipped in turn', 'flipped', flips),
  'cut short anywhere': damage('a stored entry cut short anywhere', 'short', beginnings),
}
