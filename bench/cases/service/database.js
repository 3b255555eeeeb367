import pg from 'pg'
import { tsImport } from 'tsx/esm/api'

export const REGIONS = Array.from({ length: 20 }, (_, index) => `region-${index + 1}`)

/** Sales of each region at the beginning. Every write adds one, so a report tells by itself whether it is whole. */
export const FIRST_SALES = 5000

/** How long the database takes for a report, in seconds. */
const REPORT_SECONDS = 0.05

const TABLES = `
  create table regions (region text primary key, counter int not null);
  create table sales (id int generated always as identity primary key, region text, month int, amount int);
  insert into regions values ${REGIONS.map((region) => `('${region}', 0)`)};
  insert into sales (region, month, amount)
    select region, sale % 12 + 1, sale % 97 from regions, generate_series(1, ${FIRST_SALES}) as sale;
  create index on sales (region, month) include (amount);
`

/**
 * One statement, so one state of the data: the counter belongs to the sums. Adding up 5,000 rows takes a few
 * milliseconds; the database sleeps through what is left of the 50, which costs the others no processor.
 */
const REPORT = {
  name: 'report',
  text: `
    with months as materialized (
      select month, count(*)::int as sales, sum(amount)::int as total from sales where region = $1 group by month
    ), report as materialized (
      select sum(sales)::int as sales, sum(total)::int as total, json_agg(total order by month) as months from months
    )
    select region, counter, sales, total, months,
      pg_sleep(${REPORT_SECONDS} - extract(epoch from clock_timestamp() - statement_timestamp())) as slept
    from report, regions where region = $1`,
}

const CHECK = { name: 'check', text: 'select counter from regions where region = $1' }

/** @typedef {{ region: string, counter: number, sales: number, total: number, months: number[] }} Report */

/**
 * Runs the work with a PostgreSQL of its own, which is the one that the project's own tests use.
 *
 * @template T
 * @param {(url: string) => Promise<T>} work
 */
export async function withPostgres(work) {
  const { startPostgres } = await tsImport('../../../test/support/example-postgres.ts', import.meta.url)
  const { url, stop } = await startPostgres()
  try {
    await withClient(url, createTables)
    return await work(url)
  } finally {
    await stop()
  }
}

/**
 * @template T
 * @param {string} url
 * @param {(client: pg.Client) => Promise<T>} work
 */
export async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** @param {pg.Client} client */
async function createTables(client) {
  await client.query(TABLES)
  await client.query('vacuum analyze')
}

/**
 * What the service asks the database.
 *
 * @param {string} url
 */
export function openPool(url) {
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  return {
    /** @type {(region: string) => Promise<Report>} the costly one */
    load: async (region) => firstRow(await pool.query({ ...REPORT, values: [region] })),
    /** @type {(region: string) => Promise<number>} the cheap one: one row by its primary key */
    check: async (region) => firstRow(await pool.query({ ...CHECK, values: [region] })).counter,
  }
}

/** @param {pg.QueryResult} result */
function firstRow({ rows }) {
  if (rows.length !== 1) throw new Error('There is no such region: a cache handed its loader the wrong key.')
  return rows[0]
}
