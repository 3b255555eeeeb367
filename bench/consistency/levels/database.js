import pg from 'pg'
import { tsImport } from 'tsx/esm/api'
import { installSql, snapshotClient } from '../../../dist/integrations/postgres.js'
import { randomStream } from '../schedule.js'
import { World } from '../world.js'

const { startPostgres } = await tsImport('../../../test/support/example-postgres.ts', import.meta.url)

const ROWS = ['a', 'b']
/** One for each request that reads in a snapshot, and as many for what its functions ask outside of it. */
const CONNECTIONS = 10
const LOAD = 'select version from '

/**
 * A real PostgreSQL in the imaginary time of the runs. Each statement of a reader travels, is answered by the server,
 * and travels back; nothing else happens until the server has answered.
 */
export async function openDatabase() {
  const { url, stop } = await startPostgres()
  /** @type {DatabaseWorld | undefined} that of the run, since all runs share the connections */
  let current

  class TravellingClient extends pg.Client {
    /** As `pg` has it: with a callback, or for a promise. */
    query(...args) {
      const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined
      const answer = current === undefined ? super.query(...args) : current.travel(args[0], () => super.query(...args))
      if (callback === undefined) return answer
      answer.then((result) => callback(undefined, result), callback)
    }
  }

  const writer = new pg.Client({ connectionString: url })
  await writer.connect()
  for (const row of ROWS) await writer.query(`create table ${row} (version int); insert into ${row} values (0)`)
  await writer.query(installSql(ROWS))
  const pool = new pg.Pool({ Client: TravellingClient, connectionString: url, max: CONNECTIONS, idleTimeoutMillis: 0 })
  pool.on('error', () => {}) // the server ends connections that are about to close
  await connectAll(pool)
  const client = snapshotClient(pool)

  /** Its rows are a table each. */
  class DatabaseWorld extends World {
    pool = pool
    #schedule
    #seed
    #log
    #statements = 0

    constructor(keys, schedule, seed, log) {
      super(keys, schedule, seed, log)
      this.#schedule = schedule
      this.#seed = seed
      this.#log = log
    }

    async begin() {
      await writer.query(ROWS.map((row) => `update ${row} set version = 0`).join(';'))
      current = this
    }

    load = async (key) => {
      const random = randomStream(this.#seed, `load ${++this.loads} of ${key}`)
      const { rows } = await client.query(LOAD + key)
      if (random() < 0.5) await this.#schedule.pause(random, 3) // it works on what it read
      return { key, version: rows[0].version }
    }

    async write(keys) {
      const updates = keys.map((key) => `update ${key} set version = ${this.current(key) + 1}`)
      await this.#schedule.during(writer.query(['begin', ...updates, 'commit'].join(';')))
      return super.write(keys)
    }

    /**
     * @param {string} text
     * @param {() => Promise<unknown>} ask
     */
    async travel(text, ask) {
      const random = randomStream(this.#seed, `statement ${++this.#statements}`)
      if (!text.startsWith(LOAD)) this.checks++
      await this.#schedule.pause(random)
      const result = await this.#schedule.during(ask())
      this.#log(`the server has answered ${text.trim().slice(0, 40).trim()} …`)
      await this.#schedule.pause(random)
      return result
    }
  }

  const close = async () => {
    current = undefined
    await Promise.all([pool.end(), writer.end()])
    await stop()
  }
  return { World: DatabaseWorld, close }
}

/** @typedef {Awaited<ReturnType<typeof openDatabase>>} Database */

/** To connect takes real time, of which the schedule knows nothing. */
async function connectAll(pool) {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()))
  for (const client of clients) client.release()
}
