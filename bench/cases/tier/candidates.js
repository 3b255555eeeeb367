import { setTimeout as pause } from 'node:timers/promises'

const HOUR = 3_600_000

/** @typedef {(key: string) => Promise<unknown>} Call */

/**
 * @typedef {object} Opened
 * @property {Call} call
 * @property {() => Promise<number | undefined>} [settled] when all that was loaded had been written, if calls do not wait
 *   for that
 */

/** @typedef {{ port: number | undefined, max: number, load: Call }} Needs the port of Redis, unless there is to be no tier */

/**
 * @typedef {object} Candidate
 * @property {string} package
 * @property {string} how
 * @property {(needs: Needs) => Promise<Opened>} open imports it, so that a process knows one only
 */

/**
 * Each with two tiers as its documentation says, an LRU of `max` entries over Redis, and a TTL of an hour.
 *
 * @type {Record<string, Candidate>}
 */
export const candidates = {
  'versioned-lru-cache': {
    package: 'versioned-lru-cache',
    how: '`redisTier` with a client of `redis`, default options; `version: () => 1`, `runInSession` around each call',
    open: async ({ port, ...needs }) => ours(needs, port && (await nodeRedis(port))),
  },
  'versioned-lru-cache (ioredis)': {
    package: 'versioned-lru-cache',
    how: 'the same with a client of `ioredis`',
    open: async ({ port, ...needs }) => ours(needs, port && (await ioredis({ port }))),
  },
  'versioned-lru-cache (JSON)': {
    package: 'versioned-lru-cache',
    how: 'the same with a client of `redis`, and `codec: JSON`',
    open: async ({ port, ...needs }) => ours(needs, port && (await nodeRedis(port)), { codec: JSON }),
  },
  'versioned-lru-cache (tierTimeout)': {
    package: 'versioned-lru-cache',
    how: 'the same with a client of `redis`, and `tierTimeout: 10_000`: it waits for the tier, as the others do',
    open: async ({ port, ...needs }) => ours(needs, port && (await nodeRedis(port)), {}, { tierTimeout: 10_000 }),
  },
  'versioned-lru-cache (no tier)': {
    package: 'versioned-lru-cache',
    how: 'the same without `tier`',
    open: (needs) => ours(needs, undefined),
  },
  bentocache: {
    package: 'bentocache',
    how: '`memoryDriver` (with `serialize: false`, its faster way) over `redisDriver`, no bus, no grace; `getOrSet`',
    open: ({ port, ...needs }) => bentocache(needs, port && { port }),
  },
  'bentocache (commandTimeout)': {
    package: 'bentocache',
    how: 'the same, and its client of `ioredis` gives up after 100 ms (`commandTimeout`), which is not what is documented',
    open: ({ port, ...needs }) => bentocache(needs, port && { port, commandTimeout: 100 }),
  },
  cacheable: {
    package: 'cacheable',
    how: '`createKeyv` (with `useClone: false`, its faster way) over `@keyv/redis`, `throwErrors: true`; `getOrSet`',
    async open({ port, ...needs }) {
      const { createKeyv } = await import('@keyv/redis')
      return cacheable(needs, port && { secondary: createKeyv(urlOf(port)) })
    },
  },
  'cacheable (non-blocking)': {
    package: 'cacheable',
    how: 'the same with `createKeyvNonBlocking` and `nonBlocking: true`: it waits for Redis never, and for what is there neither',
    async open({ port, ...needs }) {
      const { createKeyvNonBlocking } = await import('@keyv/redis')
      return cacheable(needs, port && { secondary: createKeyvNonBlocking(urlOf(port)), nonBlocking: true })
    },
  },
}

/**
 * @param {{ max: number, load: Call }} needs
 * @param {object | undefined} client
 * @param {object} [tierOptions]
 * @param {object} [options]
 * @returns {Promise<Opened>}
 */
async function ours({ max, load }, client, tierOptions, options) {
  const { runInSession, versionedLruCache } = await import('../../../dist/index.js')
  const { redisTier } = await import('../../../dist/integrations/redis.js')
  const tier = client && redisTier(client, { prefix: 'bench', ...tierOptions })
  const cached = versionedLruCache(load, { name: 'record', version: () => 1, max, tier, ...options })
  return {
    call: (key) => runInSession(async () => cached(key)),
    settled: async () => tier && whenWritten(cached),
  }
}

/** A write that comes when the lease is over is not told of: after a while without any news, there is none to come. */
const NO_NEWS = 1000

/** @returns {Promise<number>} when the last output was written */
async function whenWritten(cached) {
  let last = performance.now()
  let told = sumOf(cached.stats())
  while (told < cached.stats().loads && performance.now() - last < NO_NEWS) {
    await pause(1)
    const now = sumOf(cached.stats())
    if (now !== told) last = performance.now()
    told = now
  }
  return last
}

function sumOf({ tier: { writes, errors, skipped, unshared } }) {
  return writes + errors + skipped + unshared
}

/** @param {number} port */
async function nodeRedis(port) {
  const { createClient } = await import('redis')
  const client = createClient({ url: urlOf(port) })
  client.on('error', () => {})
  return client.connect()
}

/** @param {import('ioredis').RedisOptions} connection */
async function ioredis(connection) {
  const { Redis } = await import('ioredis')
  const client = new Redis(connection)
  client.on('error', () => {})
  return client
}

/**
 * @param {{ max: number, load: Call }} needs
 * @param {object | undefined} connection
 * @returns {Promise<Opened>}
 */
async function bentocache({ max, load }, connection) {
  const { BentoCache, bentostore } = await import('bentocache')
  const { memoryDriver } = await import('bentocache/drivers/memory')
  const { redisDriver } = await import('bentocache/drivers/redis')
  const memory = bentostore().useL1Layer(memoryDriver({ maxItems: max, serialize: false }))
  const store = connection ? memory.useL2Layer(redisDriver({ connection: await ioredis(connection) })) : memory
  const cache = new BentoCache({ default: 'store', stores: { store }, ttl: HOUR })
  return { call: (key) => cache.getOrSet({ key, factory: () => load(key) }) }
}

/**
 * @param {{ max: number, load: Call }} needs
 * @param {object} [options]
 * @returns {Promise<Opened>}
 */
async function cacheable({ max, load }, options) {
  const { Cacheable, createKeyv } = await import('cacheable')
  const cache = new Cacheable({ ttl: HOUR, primary: createKeyv({ lruSize: max, useClone: false }), ...options })
  cache.on('error', () => {})
  options?.secondary.on('error', () => {})
  return { call: (key) => cache.getOrSet(key, () => load(key), { throwErrors: true }) }
}

/** @param {number} port */
function urlOf(port) {
  return `redis://127.0.0.1:${port}`
}
