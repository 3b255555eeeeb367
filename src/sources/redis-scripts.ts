/** Seconds for which Redis keeps a version. After that there is a new one, as after any other loss. */
const LIFE = 7 * 24 * 60 * 60

/**
 * Lua for your own scripts: `bumpVersion(key, random)` gives a key a new version, with the rest of the script. The key
 * is what `redisKey` gives, and `random` a string that was made for this call, such as a `randomUUID()`. Bump before you
 * write: a script that fails halfway keeps what it has written.
 *
 * @example
 * const script = `${bumpLua} bumpVersion(KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], ARGV[2])`
 * await client.eval(script, { keys: [menus.redisKey('eu'), 'menu:eu'], arguments: [randomUUID(), text] })
 */
// The time is in it for a command that is sent again when its connection broke: with the random part alone, the version
// would be back that another write has meanwhile replaced. The random part is in it for clocks, which can be set back.
export const bumpLua: string = `
local function bumpVersion(key, random)
  local time = redis.call('TIME')
  local version = time[1] .. '.' .. time[2] .. ' ' .. random
  redis.call('SET', key, version, 'EX', ${LIFE})
  return version
end
`

/** Bumps all its keys. */
export const BUMP: string = `${bumpLua}
for _, key in ipairs(KEYS) do bumpVersion(key, ARGV[1]) end
`

/**
 * Reads all its keys at once, after the server's role and the identifier of its history, which a server changes when it
 * starts and when it takes over from another one. A key that is missing was perhaps there and is lost, so it gets a
 * version that nobody has seen. Lua's stack takes some thousand keys, hence the steps.
 *
 * @see https://redis.io/docs/latest/commands/info/ `role`, `master_replid`
 */
export const READ: string = `${bumpLua}
local info = redis.call('INFO', 'replication')
local role = string.match(info, 'role:(%w+)') or ''
local history = string.match(info, 'master_replid:(%w+)') or ''
local answer = { role, history }
if role ~= 'master' or history == '' then return answer end
for first = 1, #KEYS, 1000 do
  local found = redis.call('MGET', unpack(KEYS, first, math.min(first + 999, #KEYS)))
  for index, version in ipairs(found) do
    answer[#answer + 1] = version or bumpVersion(KEYS[first + index - 1], ARGV[1])
  end
end
return answer
`
