import { createHash, randomUUID } from 'node:crypto'
import { messageOf } from '../core/errors.ts'
import { RefusedEntryError } from '../core/tier.ts'
import type { RedisScripts } from './redis-client.ts'
import type { StoreLease, TierStore } from './tier-store.ts'

/** For how many milliseconds it is known that an entry was removed: longer than any load that began before that. */
const REMOVED_LIFE = 3_600_000

/** What a server is sent once, and is named by its SHA-1 from then on. */
interface Script {
  readonly text: string
  readonly digest: string
}

function script(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}

/** The entry, or how many bytes it has if it has too many. */
const READ = script(`
local length = redis.call('STRLEN', KEYS[1])
if length > tonumber(ARGV[1]) then return length end
return redis.call('GET', KEYS[1])`)

/** What stands in the place of a token in a lease that was abandoned. */
const ABANDONED = 'abandoned'

/**
 * A lease holds which removal was the last one when it was given, and its token. One of before the last removal keeps nobody
 * waiting, since what comes of it is not written. Gives that removal, if there was one; or why there is no lease.
 */
const LEASE = script(`
local removed = redis.call('GET', KEYS[2]) or ''
local held = redis.call('GET', KEYS[1])
if held == removed .. ' ${ABANDONED}' then return 1 end
if held and string.sub(held, 1, #removed + 1) == removed .. ' ' then return 0 end
redis.call('SET', KEYS[1], removed .. ' ' .. ARGV[1], 'PX', ARGV[2])
return removed`)

/**
 * Writes if the lease is still held, and nothing was removed since it was given:
 *
 *   1. process A gets the lease, and begins to load
 *   2. process B writes to the database, calls `invalidate`, and the entry is removed
 *   3. process C sees another version, loads and writes
 *   4. A has what it read before: that must not be found any more, whatever its version says, and whatever was written since
 */
const WRITE = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[2] then return 0 end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[3]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`)

const REMOVE = script(`
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ${REMOVED_LIFE})`)

const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

const ABANDON = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end`)

const RELEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`)

/**
 * One server is asked, so two processes may have a lease when it fails over or loses its data: then both load, and both
 * are right.
 *
 * @see https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ for locks by a token.
 */
export function redisStore(scripts: RedisScripts): TierStore {
  const run = runnerOf(scripts)
  return {
    async read(key, maxBytes) {
      const found = await refusingOtherTypes(run(READ, [key], [String(maxBytes)]))
      if (found === null || found === undefined) return undefined
      if (typeof found === 'string') return found
      throw new RefusedEntryError(`it has ${found} bytes, more than "maxEntrySize"`)
    },
    async remove(key) {
      await run(REMOVE, [key, removalOf(key)], [randomUUID()])
    },
    async lease(key, purpose, milliseconds) {
      const lease = { entry: key, own: `${key}:${purpose}`, token: randomUUID(), milliseconds }
      const removed = await run(LEASE, [lease.own, removalOf(key)], [lease.token, String(milliseconds)])
      if (typeof removed === 'string') return leaseOf(run, lease, removed)
      return removed === 1 ? 'abandoned' : 'held'
    },
  }
}

/** Where it stands which removal of an entry was the last one. A purpose is never called so. */
function removalOf(key: string): string {
  return `${key}:removed`
}

type Run = (script: Script, keys: string[], args: string[]) => Promise<unknown>

function runnerOf(scripts: RedisScripts): Run {
  return async ({ text, digest }, keys, args) => {
    try {
      return await scripts.runKnown(digest, keys, args)
    } catch (error) {
      if (!/^NOSCRIPT/.test(messageOf(error))) throw error
      return scripts.run(text, keys, args)
    }
  }
}

interface NewLease {
  /** The key of the entry. */
  readonly entry: string
  /** The key of the lease itself. */
  readonly own: string
  readonly token: string
  readonly milliseconds: number
}

function leaseOf(run: Run, { entry, own, token, milliseconds }: NewLease, removed: string): StoreLease {
  const [keys, held] = [[entry, own, removalOf(entry)], `${removed} ${token}`]
  return {
    renew: async () => (await run(RENEW, [own], [held, String(milliseconds)])) === 1,
    write: async (text, lifetime) => (await run(WRITE, keys, [held, removed, text, lifeOf(lifetime)])) === 1,
    async release() {
      await run(RELEASE, [own], [held])
    },
    async abandon(forHowLong) {
      await run(ABANDON, [own], [held, `${removed} ${ABANDONED}`, String(forHowLong)])
    },
  }
}

/** In whole milliseconds; nothing for ever. */
function lifeOf(lifetime: number): string {
  return lifetime === Number.POSITIVE_INFINITY ? '' : String(Math.ceil(lifetime))
}

async function refusingOtherTypes<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!/WRONGTYPE/.test(messageOf(error))) throw error
    throw new RefusedEntryError('it is no string: somebody else has written it', { cause: error })
  }
}
