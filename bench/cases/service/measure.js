import { setTimeout as pause } from 'node:timers/promises'
import { withClient, withPostgres } from './database.js'
import { startLoad } from './load.js'
import { withService } from './service-process.js'
import { Tally } from './tally.js'
import { Writer } from './writer.js'

const WARM_UP = 2000
const DURATION = 5000

/** @typedef {{ regions: readonly string[], connections: number, writes: boolean }} Settings */
/** @typedef {{ commits: number, cpu: NodeJS.CpuUsage, service: import('./service-process.js').Usage }} Look */

/**
 * Every row has a database and a service of its own, whose start is not measured.
 *
 * @param {Settings} settings
 * @param {string} candidate
 */
export function measure(settings, candidate) {
  return withPostgres((databaseUrl) =>
    withService(candidate, databaseUrl, (service) =>
      withClient(databaseUrl, (client) => measureService(service, new Writer(client, settings.regions), settings)),
    ),
  )
}

/**
 * @param {import('./service-process.js').Service} service
 * @param {Writer} writer
 * @param {Settings} settings
 */
async function measureService(service, writer, { regions, connections, writes }) {
  const tally = new Tally(writer.acknowledged)
  const stopLoad = startLoad({ url: service.url, regions, connections, acknowledged: writer.acknowledged, tally })
  const measured = measureWindow(service, writer, tally).finally(() => writer.stop())
  const [metrics] = await Promise.all([measured, writes ? writer.run() : undefined])
  await stopLoad()
  return metrics
}

/**
 * The load goes on before, during and after, so the window shows the service as it is in the middle of its work.
 *
 * @param {import('./service-process.js').Service} service
 * @param {Writer} writer
 * @param {Tally} tally
 */
async function measureWindow(service, writer, tally) {
  /** @returns {Promise<Look>} */
  const look = async () => ({ commits: writer.commits, cpu: process.cpuUsage(), service: await service.usage() })
  await pause(WARM_UP)
  tally.begin()
  const before = await look()
  await pause(DURATION)
  tally.end()
  return metricsOf(tally, before, await look())
}

/**
 * @param {Tally} tally
 * @param {Look} before
 * @param {Look} after
 */
function metricsOf(tally, before, after) {
  const perRequest = (number) => number / tally.answers
  return {
    rps: tally.answers / tally.seconds,
    p50: tally.percentile(0.5),
    p99: tally.percentile(0.99),
    stale: tally.stale,
    stalePercent: perRequest(100 * tally.stale),
    checksPerRequest: perRequest(after.service.checks.runs - before.service.checks.runs),
    loadsPerRequest: perRequest(after.service.loads.runs - before.service.loads.runs),
    checksAtOnce: after.service.checks.mostAtOnce,
    serverCpu: perRequest(microseconds(after.service.cpu) - microseconds(before.service.cpu)),
    clientCpu: perRequest(microseconds(after.cpu) - microseconds(before.cpu)),
    commits: (after.commits - before.commits) / tally.seconds,
    errors: tally.errors,
  }
}

/** @param {NodeJS.CpuUsage} cpu */
function microseconds({ user, system }) {
  return user + system
}
