// The service, in a process of its own: `server.js <candidate> <url of the database>`, started by service-process.js.
import Fastify from 'fastify'
import { candidates } from './candidates.js'
import { openPool } from './database.js'
import { QueryCount } from './query-count.js'

const REPORT_SCHEMA = {
  type: 'object',
  properties: {
    region: { type: 'string' },
    counter: { type: 'integer' },
    sales: { type: 'integer' },
    total: { type: 'integer' },
    months: { type: 'array', items: { type: 'integer' } },
  },
}

/** Says where it listens, tells what it has used whenever it is asked, and ends with the process that started it. */
async function main() {
  const [name, databaseUrl] = process.argv.slice(2)
  const candidate = candidates.find((each) => each.name === name)
  const database = openPool(databaseUrl)
  const loads = new QueryCount(database.load)
  const checks = new QueryCount(database.check)
  const app = serviceOf(candidate, { load: loads.query, check: checks.query })
  process.on('message', () => process.send({ loads: loads.sum, checks: checks.sum, cpu: process.cpuUsage() }))
  process.on('disconnect', () => process.exit())
  process.send({ url: await app.listen({ host: '127.0.0.1', port: 0 }) })
}

/**
 * @param {import('./candidates.js').Candidate} candidate
 * @param {import('./candidates.js').Queries} queries
 */
function serviceOf({ make, inSession }, queries) {
  const app = Fastify()
  const report = make(queries)
  if (inSession !== undefined) app.addHook('onRequest', (_request, _reply, done) => inSession(done))
  const options = { schema: { response: { 200: REPORT_SCHEMA } } }
  app.get('/reports/:region', options, ({ params }) => report(params.region))
  return app
}

await main()
