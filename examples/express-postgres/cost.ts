import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestHandler } from 'express'
import type { Database } from './database.ts'

/** What was done on behalf of one request, with the milliseconds. */
export interface Cost {
  calls: number
  checks: number
  checkTime: number
  loads: number
  loadTime: number
  /** What was loaded, by name, where the load has one. */
  readonly loaded: Set<string>
}

/**
 * Checks and loads run in the async context of the request that set them off. Requests that come together share
 * them, and then all but one of these requests honestly count none.
 */
const costs = new AsyncLocalStorage<Cost>()

export function measureCost(): RequestHandler {
  return (_request, _response, next) => costs.run(nothing(), next)
}

function nothing(): Cost {
  return { calls: 0, checks: 0, checkTime: 0, loads: 0, loadTime: 0, loaded: new Set() }
}

/** What the running request has cost so far; it goes on counting. */
export function costOfThisRequest(): Cost {
  const cost = costs.getStore()
  if (cost === undefined) throw new Error('Nothing measures this request: put measureCost() before the routes.')
  return cost
}

export function countCall(): void {
  costOfThisRequest().calls++
}

/** Runs a check or a load, and puts it on the bill of the request that set it off. */
export async function charge<R>(what: 'check' | 'load', work: () => Promise<R>, name?: string): Promise<R> {
  const cost = costs.getStore()
  if (cost === undefined) return await work()
  const begun = performance.now()
  cost[`${what}s`]++
  if (name !== undefined) cost.loaded.add(name)
  try {
    return await work()
  } finally {
    cost[`${what}Time`] += performance.now() - begun
  }
}

/** A client for versions: each reading of them is charged to the request that needs it. */
export function chargeChecks({ query }: Database): {
  query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }>
} {
  return { query: (sql, values) => charge('check', async () => ({ rows: await query(sql, values) })) }
}
