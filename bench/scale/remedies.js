import { table } from '../harness/markdown.js'
import { fixed, short } from '../harness/numbers.js'
import { busy } from './costs.js'
import { rate, ratesOf } from './tables.js'

const MANY = { processes: 1000, writes: 10 }
const REPLICAS = 4
const LAG = 100
const SHARDS = 10
const shard = ({ keys, max }) => ({
  processes: MANY.processes / SHARDS,
  writes: MANY.writes / SHARDS,
  keys: keys / SHARDS,
  max: max / SHARDS,
})

/**
 * @typedef {object} Way
 * @property {string} name
 * @property {Partial<import('./settings.js').Settings>} settings
 * @property {'database' | 'replicas' | 'Redis'} [versions] where they are read; in the database, unless it is said
 * @property {string} [note]
 */

/**
 * @param {import('./settings.js').Settings} usual
 * @returns {Way[]}
 */
const waysOf = (usual) => [
  { name: 'no tier, checks by key', settings: { ...MANY, tier: false, checks: 'shared' } },
  { name: 'no tier, checks batched', settings: { ...MANY, tier: false } },
  { name: 'a tier, checks by key', settings: { ...MANY, checks: 'shared' } },
  { name: 'a tier, checks batched', settings: MANY },
  { name: 'and one version for all keys', settings: { ...MANY, coarse: true } },
  { name: 'and 100 processes of ten times the requests', settings: { ...MANY, processes: 100, requests: 1000 } },
  {
    name: `and ${REPLICAS} replicas for checks, ${LAG} ms behind`,
    settings: { ...MANY, lag: LAG },
    versions: 'replicas',
  },
  { name: 'and versions in Redis', settings: MANY, versions: 'Redis' },
  { name: `and ${SHARDS} shards by tenant: each of them`, settings: shard(usual) },
  { name: `no tier, and ${SHARDS} shards by tenant: each of them`, settings: { ...shard(usual), tier: false } },
]

/**
 * What can be done, at the upper end of the tables.
 *
 * @param {import('./settings.js').Settings} usual
 */
export function remediesTable(usual) {
  const head = [
    '1,000 processes, 10 writes per second',
    'checks',
    'loads',
    'operations of the tier',
    'busy: database',
    'each replica',
    'Redis',
    'stale calls per million',
  ]
  return table(head, waysOf(usual).map(rowOf))
}

/** @param {Way} way */
function rowOf({ name, settings, versions = 'database' }) {
  const rates = ratesOf(settings)
  const { checks, checksInRedis, loads, operations } = busy(rates)
  return [
    name,
    rate(rates.checks),
    rate(rates.loads),
    rate(rates.operations),
    short(loads + (versions === 'database' ? checks : 0)),
    versions === 'replicas' ? short(checks / REPLICAS) : '–',
    short(operations + (versions === 'Redis' ? checksInRedis : 0)),
    fixed((1e6 * rates.stale) / rates.calls, 0),
  ]
}
