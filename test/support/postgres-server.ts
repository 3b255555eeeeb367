import pg from 'pg'
import { type RunningPostgres, startPostgres } from './example-postgres.ts'

export interface PostgresServer extends RunningPostgres {
  readonly pool: pg.Pool
  /** A pool whose broken idle connections are no news: what is asked of it next says what is wrong. */
  poolOf(options?: pg.PoolConfig): pg.Pool
  /** Two connections of their own, for transactions that overlap. */
  withTwo(work: (a: pg.PoolClient, b: pg.PoolClient) => Promise<void>): Promise<void>
  /** A number of shards at which two connections have one each. */
  shardsApart(a: pg.PoolClient, b: pg.PoolClient): Promise<number>
}

/** A real server, and pools that end with it. */
export async function startServer(): Promise<PostgresServer> {
  const { url, restart, stop } = await startPostgres()
  const pools: pg.Pool[] = []
  const poolOf = (options: pg.PoolConfig = {}): pg.Pool => {
    const made = new pg.Pool({ connectionString: url, lock_timeout: 5_000, ...options })
    made.on('error', () => {})
    made.on('connect', (client) => client.on('error', () => {}))
    pools.push(made)
    return made
  }
  const pool = poolOf()
  return {
    url,
    pool,
    poolOf,
    restart,
    withTwo: async (work) => {
      const [a, b] = await Promise.all([pool.connect(), pool.connect()])
      try {
        await work(a, b)
      } finally {
        a.release(true)
        b.release(true)
      }
    },
    shardsApart: async (a, b) => {
      const [one, other] = await Promise.all([pidOf(a), pidOf(b)])
      return [2, 3, 5, 7, 11, 13, 17].find((count) => (one - other) % count !== 0) as number
    },
    stop: async () => {
      await Promise.all(pools.map((made) => made.end()))
      await stop()
    },
  }
}

async function pidOf(client: pg.PoolClient): Promise<number> {
  return (await client.query('select pg_backend_pid() as pid')).rows[0].pid
}
