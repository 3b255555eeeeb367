// One measurement in a process of its own: `node <flags> bench/harness/child.js <case> <variant> <candidate>`.
import { loadCase } from './case.js'

const [name, variant, candidate] = process.argv.slice(2)
const benchCase = await loadCase(name)
const metrics = await benchCase.measure(variant, candidate)
// Exits by itself, since a peer's timer or socket must not hold up the next row.
process.stdout.write(`${JSON.stringify(metrics)}\n`, () => process.exit())
