import type pg from 'pg'
import { type PostgresServer, startServer } from '../support/postgres-server.ts'
import { type RunningRedis, startRedis } from '../support/redis-server.ts'
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { Fleet } from './faults-fleet.ts'
import type { ProcessSettings } from './process-messages.ts'

/** Short, so that what takes several of them does not take long. */
export const SETTINGS = {
  tierTimeout: 80,
  lease: 300,
  leaseWait: 2_000,
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
  readonly pool: pg.Pool
  readonly fleet: Fleet
  /** An id of the slow report that nobody has asked for. */
  newId(): number
  stop(): Promise<void>
}

export async function startWorld(redisPath: string, changed: Partial<ProcessSettings> = {}): Promise<World> {
  const [postgres, redis] = await Promise.all([startServer(), startRedis(redisPath)])
  const proxy = await startProxy(redis.port)
  await postgres.pool.query(SCHEMA)
  const settingsOf = (seed: number): ProcessSettings => ({
    ...SETTINGS,
    databaseUrl: postgres.url,
    redisPort: proxy.port,
    client: seed % 2 === 0 ? 'redis' : 'ioredis',
    seed,
    codeVersion: '1',
    ...changed,
  })
  const fleet = await Fleet.start([1, 2, 3, 4].map(settingsOf))
  return {
    redis,
    proxy,
    pool: postgres.pool,
    fleet,
    newId: newIds(),
    stop: () => stopAll(fleet, proxy, redis, postgres),
  }
}

function newIds(): () => number {
  let last = -1
  return () => ++last
}

async function stopAll(fleet: Fleet, proxy: TcpProxy, redis: RunningRedis, postgres: PostgresServer): Promise<void> {
  await fleet.stop()
  await Promise.all([proxy.stop(), redis.stop(), postgres.stop()])
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
