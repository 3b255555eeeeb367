import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestHandler } from 'express'

/** What was done on behalf of one request, with the milliseconds. */
export interface Cost {
  calls: number
  checks: number
  checkTime: number
  loads: number
  loadTime: number
}

/**
 * Checks and loads run in the async context of the request that set them off. Requests that come together share
 * them, and then all but one of these requests honestly count none.
 */
const costs = new AsyncLocalStorage<Cost>()

export function measureCost(): RequestHandler {
  return (_request, _response, next) => costs.run({ calls: 0, checks: 0, checkTime: 0, loads: 0, loadTime: 0 }, next)
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
export async function charge<R>(what: 'check' | 'load', work: () => Promise<R>): Promise<R> {
  const cost = costs.getStore()
  if (cost === undefined) return await work()
  const begun = performance.now()
  cost[`${what}s`]++
  try {
    return await work()
  } finally {
    cost[`${what}Time`] += performance.now() - begun
  }
}
