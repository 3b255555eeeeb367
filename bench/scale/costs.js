/**
 * Processor time of the servers, in microseconds: of PostgreSQL for `where key = any($1)` on a primary key, of Redis for the
 * scripts of the tier and of `redisVersions`, measured one at a time on the machine of the check; and what a load is taken
 * to be, of the 50 ms that it takes.
 */
export const COSTS = { check: 70, checkedKey: 3, load: 20_000, operation: 30, redisCheck: 30, redisCheckedKey: 0.5 }

/**
 * Processors that are busy all the time.
 *
 * @param {import('./calculate.js').Rates} rates
 */
export function busy({ checks, checkedKeys, loads, operations }) {
  return {
    checks: (checks * COSTS.check + checkedKeys * COSTS.checkedKey) / 1e6,
    loads: (loads * COSTS.load) / 1e6,
    operations: (operations * COSTS.operation) / 1e6,
    checksInRedis: (checks * COSTS.redisCheck + checkedKeys * COSTS.redisCheckedKey) / 1e6,
  }
}
