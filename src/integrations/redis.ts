import { randomUUID } from 'node:crypto'
import { describe, InvalidOptionError, InvalidVersionError, VersionTimeoutError } from '../core/errors.ts'
import type { Tier } from '../core/tier.ts'
import { withTimeout } from '../core/timeout.ts'
import type { Version } from '../core/version.ts'
import { type VersionSource, versionSource } from '../core/version-source.ts'
import { BUMP, bumpLua, READ } from '../sources/redis-scripts.ts'
import { type Codec, type Devalue, devalueCodec } from '../tiers/codec.ts'
import { type IoredisClient, knownScriptsOf, type NodeRedisClient, scriptsOf } from '../tiers/redis-client.ts'
import { redisStore } from '../tiers/redis-store.ts'
import { StoredTier } from '../tiers/stored-tier.ts'
import { type LeaseOptions, readTierOptions, type TierOptions } from '../tiers/tier-options.ts'

export { bumpLua, type Codec, type Devalue, devalueCodec, type IoredisClient, type NodeRedisClient }

/** The options of {@link redisTier}. */
export interface RedisTierOptions extends TierOptions, LeaseOptions {}

/**
 * Makes a tier in Redis or Valkey, for the option `tier` of a cached function: what one process has loaded, the others read
 * there. Each of them judges it by the version that its session sees. One process loads at a time per key and version.
 *
 * @param client connected, with reconnection as you like it: while it does not answer, calls go on without it.
 * @throws {InvalidOptionError} for a client that is none, and an option that is missing, unknown or cannot be used.
 * @example
 * const tier = redisTier(client, { prefix: 'shop' })
 * const report = versionedLruCache(buildReport, { name: 'report', version: reportVersion, tier })
 */
export function redisTier(client: NodeRedisClient | IoredisClient, options: RedisTierOptions): Tier {
  return new StoredTier(redisStore(knownScriptsOf(client)), readTierOptions(options, 'redis', true))
}

export interface RedisVersionOptions {
  /**
   * What its keys in Redis begin with: those of the prefix `menus` are `{menus}` and `{menus}:` with the key after it.
   * Sources with the same prefix share their versions, in one process and in several. Redis Cluster keeps all keys with
   * the same text in braces on one node, so data with `{menus}` in their keys can be written together with versions.
   *
   * @default 'versions'
   */
  prefix?: string | undefined
  /**
   * What people know the source by. It goes into the tags of conditional requests, so it should not change.
   *
   * @default 'redis'
   */
  name?: string | undefined
  /**
   * How long a check or a bump may take, in milliseconds, before it fails with `ERR_VERSION_TIMEOUT`.
   *
   * @default 10_000
   */
  timeout?: number | undefined
}

/** Versions that are kept in Redis, of data that is kept there or elsewhere. */
export interface RedisVersions extends VersionSource<string, Promise<Version>> {
  /**
   * Gives keys new versions, all at once; without a key, all keys of the prefix. Call it when the write has been
   * committed, before anybody is told of it, and again if it fails: a bump too many costs no more than a load.
   *
   * @throws {VersionTimeoutError} when it takes longer than `timeout`; it may still come about. Errors of the client pass
   * through.
   */
  bump(...keys: string[]): Promise<void>
  /**
   * The same as a Redis command, for a transaction in which the data is written too. Make one for each write.
   *
   * @example
   * await client.multi().set('menu:eu', text).addCommand(menus.bumpCommand('eu')).exec() // redis
   * await client.multi().set('menu:eu', text).call(...menus.bumpCommand('eu')).exec() // ioredis
   */
  bumpCommand(...keys: string[]): [command: string, ...args: string[]]
  /** Where the version of a key is in Redis, for {@link bumpLua}. */
  redisKey(key: string): string
}

/**
 * Makes a version source whose key is a string and whose versions are kept in Redis. All that is asked for at the same
 * time is read in one round trip, by one MGET.
 *
 * @throws {InvalidOptionError} for a client that is none, an option that is unknown or cannot be used, and a key that is
 * no string.
 * @example
 * const menus = redisVersions(client, { prefix: 'menus' })
 * const menu = versionedLruCache(readMenu, { version: menus })
 * await writeMenu('eu', text)
 * await menus.bump('eu')
 */
export function redisVersions(
  client: Pick<NodeRedisClient, 'eval'> | Pick<IoredisClient, 'eval' | 'defineCommand'>,
  { prefix = 'versions', name = 'redis', timeout = 10_000, ...others }: RedisVersionOptions = {},
): RedisVersions {
  const scripts = scriptsOf(client)
  /** Its one argument is a string that was never there before. */
  const run = (script: string, keys: string[]): Promise<unknown> => scripts.run(script, keys, [randomUUID()])
  const all = `{${admitPrefix(prefix)}}`
  const redisKey = (key: string): string => `${all}:${admitKey(key)}`
  const keysOf = (keys: readonly string[]): string[] => (keys.length === 0 ? [all] : keys.map(redisKey))
  const readMany = async (keys: readonly string[]): Promise<unknown[]> => {
    const asked = keys.filter((key) => typeof key === 'string')
    const read = await run(READ, [all, ...asked.map(redisKey)])
    const versions = new Map(versionsIn(read).map((version, index) => [asked[index], version]))
    return keys.map((key) => versions.get(key) ?? wrongKey(key))
  }
  return Object.assign(versionSource<string>({ name, timeout, readMany, ...others }), {
    redisKey,
    bump: async (...keys: string[]): Promise<void> => {
      await withTimeout(run(BUMP, keysOf(keys)), timeout, () => bumpTooLate(name, timeout))
    },
    bumpCommand: (...keys: string[]): [string, ...string[]] => {
      const bumped = keysOf(keys)
      return ['EVAL', BUMP, String(bumped.length), ...bumped, randomUUID()]
    },
  })
}

/** Of an answer of {@link READ}: each version with what it counts under, the server's history and the prefix's version. */
function versionsIn(answer: unknown): string[][] {
  const [role, history = '', all = '', ...versions] = (answer as unknown[]).map(String)
  if (role !== 'master') {
    throw new InvalidVersionError(
      `The client asks a server whose role is "${role}", which may be behind: give a client of the primary.`,
    )
  }
  if (history === '') {
    throw new InvalidVersionError(
      'The server does not tell its history ("master_replid" of INFO): it takes Redis 5 or later.',
    )
  }
  return versions.map((version) => [history, all, version])
}

function admitPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefix !== '' && !/[{}]/.test(prefix)) return prefix
  throw new InvalidOptionError(
    `The option "prefix" is ${describe(prefix)}: give a string that is not empty, without braces.`,
  )
}

function admitKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw wrongKey(key)
}

function wrongKey(key: unknown): InvalidOptionError {
  return new InvalidOptionError(
    `The key of a version in Redis is ${describe(key)}: give a string, as in "of((id) => String(id))".`,
  )
}

function bumpTooLate(name: string, timeout: number): VersionTimeoutError {
  return new VersionTimeoutError(
    `Redis did not answer a bump of ${name} within ${timeout} ms, and may have done it or not: bump again, or raise "timeout".`,
  )
}
