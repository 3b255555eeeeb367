import { table } from '../harness/markdown.js'
import { short } from '../harness/numbers.js'
import { calculate } from './calculate.js'
import { busy } from './costs.js'
import { rate } from './tables.js'

/**
 * Somebody's own system, with and without what helps.
 *
 * @param {import('./settings.js').Settings} settings
 */
export function ownTable(settings) {
  const rows = [false, true].flatMap((tier) =>
    ['shared', 'batched'].map((checks) => {
      const rates = calculate({ ...settings, tier, checks })
      const processors = busy(rates)
      return [
        `${tier ? 'a tier' : 'no tier'}, checks ${checks === 'shared' ? 'by key' : 'batched'}`,
        ...[rates.calls, rates.checks, rates.loads, rates.operations].map(rate),
        short(processors.checks),
        short(processors.loads),
        short(processors.operations),
      ]
    }),
  )
  const busyOf = ['busy: checks', 'busy: loads', 'busy: Redis']
  return table(['per second', 'calls', 'checks', 'loads', 'operations of the tier', ...busyOf], rows)
}
