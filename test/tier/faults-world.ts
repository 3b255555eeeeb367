import { startServer } from '../support/postgres-server.ts'
import { type RunningRedis, startRedis } from '../support/redis-server.ts'
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { Fleet } from './faults-fleet.ts'
import { bundleProcess } from './faults-member.ts'
import type { ProcessSettings } from './process-messages.ts'

/** Short, so that what takes several of them does not take long. */
export const SETTINGS = {
  tierTimeout: 100,
  lease: 300,
  leaseWait: 5_000,
  maxClockSkew: 100,
  ttl: 400,
  slowLoad: 150,
} as const

const SCHEMA = `
create table numbers (id int primary key, number int not null);
create table versions (id int primary key, version int not null);
insert into numbers select id, 0 from generate_series(0, 999) id;
insert into versions select id, 0 from generate_series(0, 999) id;`

/** Four processes with one database, and one Redis behind a proxy. */
export interface World {
  readonly redis: RunningRedis
  readonly proxy: TcpProxy
  readonly fleet: Fleet
  /** An id of the slow report that nobody has asked for. */
  newId(): number
  stop(): Promise<void>
}

export async function startWorld(redisPath: string, changed: Partial<ProcessSettings> = {}): Promise<World> {
  const running: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const each of running.splice(0).reverse()) await each.stop()
  }
  const started = <T extends { stop(): Promise<void> }>(each: T): T => {
    running.push(each)
    return each
  }
  try {
    const [postgres, redis] = await Promise.all([startServer().then(started), startRedis(redisPath).then(started)])
    const proxy = started(await startProxy(redis.port))
    await postgres.pool.query(SCHEMA)
    const servers = { databaseUrl: postgres.url, redisPort: proxy.port }
    const settings = [1, 2, 3, 4].map((seed) => ({ ...settingsOf(seed), ...servers, ...changed }))
    const fleet = new Fleet(await bundleProcess())
    started(fleet)
    await fleet.start(settings)
    return { redis, proxy, fleet, newId: newIds(), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Both clients have part in it. */
function settingsOf(seed: number) {
  return { ...SETTINGS, client: seed % 2 === 0 ? 'redis' : 'ioredis', seed, codeVersion: '1' } as const
}

function newIds(): () => number {
  let last = -1
  return () => ++last
}

/** The names in Redis of what the reports of this name have stored; leases are not among them. */
export async function entriesIn(redis: RunningRedis, pattern: string): Promise<string[]> {
  const keys = (await redis.command('KEYS', pattern)) as string[]
  return keys.filter((key) => key.endsWith('}'))
}

/** A number that Redis tells of itself. */
export async function infoOf(redis: RunningRedis, section: string, field: string): Promise<number> {
  const info = String(await redis.command('INFO', section))
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1])
}
