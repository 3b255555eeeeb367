import { createHash, randomUUID } from 'node:crypto'
import { RefusedEntryError } from '../core/tier.ts'
import type { RedisScripts } from './redis-client.ts'
import type { StoreLease, TierStore } from './tier-store.ts'

/** What stands in the place of an entry that was removed begins so. */
const REMOVED = 'removed '
/** For how many milliseconds: longer than any load that began before it. */
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

/** Gives what was removed last, if anything was: a load that begins now comes after that. */
const LEASE = script(`
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local head = redis.pcall('GETRANGE', KEYS[1], 0, ${REMOVED.length + 35})
if type(head) == 'string' and string.sub(head, 1, ${REMOVED.length}) == '${REMOVED}' then return head end
return ''`)

/**
 * Writes if the lease is still held, and nothing was removed since it was given:
 *
 *   1. process A gets the lease, and begins to load
 *   2. process B writes to the database, calls `invalidate`, and the entry is removed
 *   3. A has what it read before: that must not be found any more, whatever its version says
 */
const WRITE = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
local head = redis.pcall('GETRANGE', KEYS[1], 0, ${REMOVED.length + 35})
if type(head) == 'string' and string.sub(head, 1, ${REMOVED.length}) == '${REMOVED}' and head ~= ARGV[2] then return 0 end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[3]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`)

const REMOVE = script(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ${REMOVED_LIFE})`)

const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

const RELEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`)

/**
 * @see https://redis.io/docs/latest/commands/set/ for locks by `NX` and a token. One server is asked, so two processes
 * may have a lease when it fails over or loses its data: then both load, and both are right.
 */
export function redisStore(scripts: RedisScripts): TierStore {
  const run = runnerOf(scripts)
  return {
    async read(key, maxBytes) {
      const found = await refusingOtherTypes(run(READ, [key], [String(maxBytes)]))
      if (found === null || found === undefined) return undefined
      if (typeof found !== 'string') throw new RefusedEntryError(`it has ${found} bytes, more than "maxEntrySize"`)
      return found.startsWith(REMOVED) ? undefined : found
    },
    async remove(key) {
      await run(REMOVE, [key], [`${REMOVED}${randomUUID()}`])
    },
    async lease(key, purpose, milliseconds) {
      const keys = [key, `${key}:${purpose}`]
      const token = randomUUID()
      const removed = await run(LEASE, keys, [token, String(milliseconds)])
      return typeof removed === 'string' ? leaseOf(run, { keys, token, removed, milliseconds }) : undefined
    },
  }
}

type Run = (script: Script, keys: string[], args: string[]) => Promise<unknown>

function runnerOf(scripts: RedisScripts): Run {
  return async ({ text, digest }, keys, args) => {
    try {
      return await scripts.runKnown(digest, keys, args)
    } catch (error) {
      if (!/^NOSCRIPT/.test(String((error as Error)?.message))) throw error
      return scripts.run(text, keys, args)
    }
  }
}

interface HeldLease {
  /** That of the entry, and that of the lease. */
  readonly keys: string[]
  readonly token: string
  /** What was removed last when it was given. */
  readonly removed: string
  readonly milliseconds: number
}

function leaseOf(run: Run, { keys, token, removed, milliseconds }: HeldLease): StoreLease {
  const own = keys.slice(1)
  return {
    renew: async () => (await run(RENEW, own, [token, String(milliseconds)])) === 1,
    write: async (text, lifetime) => (await run(WRITE, keys, [token, removed, text, lifeOf(lifetime)])) === 1,
    async release() {
      await run(RELEASE, own, [token])
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
    if (!/WRONGTYPE/.test(String((error as Error)?.message))) throw error
    throw new RefusedEntryError('it is no string: somebody else has written it', { cause: error })
  }
}
