import './process-clock.ts'
import * as devalue from 'devalue'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { onCacheEvent } from '../../src/index.ts'
import { devalueCodec, redisTier } from '../../src/integrations/redis.ts'
import { now } from './faults-history.ts'
import { shiftClock } from './process-clock.ts'
import type { Answer, Counted, News, Order, ProcessSettings } from './process-messages.ts'
import { makeReports, type Reports } from './process-reports.ts'
import { Sessions } from './process-sessions.ts'

/** One of several processes that share a database and a tier. A test starts it, and tells it by messages what to do. */
const settings: ProcessSettings = JSON.parse(process.env['SETTINGS'] as string)
let told = { hits: 0, at: 0 }
const say = (what: News | Answer): void => void process.send?.(what)

const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: 4 })
const tier = redisTier(await connected(), {
  prefix: 'faults',
  codec: devalueCodec(devalue), // given, since all this is in one file when it runs
  lease: settings.lease,
  leaseWait: settings.leaseWait,
  maxClockSkew: settings.maxClockSkew,
})
const reports = makeReports({ pool, settings, tier, onSlowLoad: (id) => say({ loading: id }) })
const sessions = new Sessions(reports, pool, settings, tellOfHits)

const events: { [type: string]: number } = {}
onCacheEvent((event) => {
  events[event.type] = (events[event.type] ?? 0) + 1
  if (event.type === 'tierFailed' && event.isDown) say({ down: now() })
})

process.on('disconnect', () => process.exit()) // the test is over, or was cut short
process.on('message', async ({ number, order }: { number: number; order: Order }) => {
  say({ answerTo: number, answer: await obey(order) })
})
await pool.query('select 1')
say({ ready: true })

async function connected() {
  const { client: kind, redisPort: port } = settings
  if (kind === 'ioredis') {
    const client = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null })
    client.on('error', () => {}) // what is asked of it says what is wrong
    await client.ping()
    return client
  }
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: () => 20 } })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'run':
      return sessions.run(order.sessions, order.writers)
    case 'stop':
      return sessions.stop()
    case 'collect':
      return sessions.collect()
    case 'count':
      return counted(reports)
    case 'ask':
      return sessions.ask(order.of, order.key, order.callers)
    case 'write':
      return sessions.write(order.row)
    case 'shift':
      return shiftClock(order.clock)
  }
}

function counted(of: Reports): Counted {
  const all = Object.values(of).map((report) => report.stats())
  const sum = (pick: (stats: (typeof all)[number]) => number | undefined) =>
    all.reduce((total, stats) => total + (pick(stats) ?? 0), 0)
  return {
    loads: sum(({ loads }) => loads),
    hits: sum(({ tier }) => tier?.hits),
    misses: sum(({ tier }) => tier?.misses),
    refused: sum(({ tier }) => tier?.refused),
    errors: sum(({ tier }) => tier?.errors),
    skipped: sum(({ tier }) => tier?.skipped),
    waits: sum(({ tier }) => tier?.waits),
    writes: sum(({ tier }) => tier?.writes),
    unshared: sum(({ tier }) => tier?.unshared),
    events,
    wallClock: Date.now() - now(),
  }
}

/** The test wants to know when the tier has answered again, within some milliseconds. */
function tellOfHits(): void {
  const { hits } = counted(reports)
  const at = now()
  if (hits === told.hits || at - told.at < 10) return
  told = { hits, at }
  say({ hit: at })
}
