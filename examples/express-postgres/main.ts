// A delay report over 200,000 flights, and a page made of parts, on Express and PostgreSQL: `npm start`.
// PORT and HOST say where it listens; DATABASE_URL takes a real server instead of the embedded PostgreSQL.
import { once } from 'node:events'
import { constants } from 'node:os'
import { makeApp } from './app.ts'
import { type Database, openDatabase } from './database.ts'
import { prepareNetwork, readNetworkFiles } from './network-schema.ts'
import { progressLine } from './progress.ts'
import { prepareFlights, readFlightsFile } from './schema.ts'
import { addressOf, listen } from './server.ts'
import { readSettings, type Settings } from './settings.ts'

const stopping = new AbortController()

function stop(signal: 'SIGINT' | 'SIGTERM'): void {
  if (stopping.signal.aborted) process.exit(128 + constants.signals[signal]) // asked twice: do not wait any longer
  stopping.abort()
}

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  console.log(settings.databaseUrl === undefined ? 'Starting PostgreSQL in memory' : 'Connecting to DATABASE_URL')
  const database = await openDatabase(settings.databaseUrl)
  try {
    await serve(database, settings)
  } finally {
    await database.close()
  }
}

async function serve(database: Database, { port, host }: Settings): Promise<void> {
  const flights = await readFlightsFile()
  const onProgress = progressLine(`Loading ${flights.length.toLocaleString('en')} flights`)
  await prepareFlights(database, flights, { onProgress, signal: stopping.signal })
  await prepareNetwork(database, await readNetworkFiles())
  stopping.signal.throwIfAborted()
  const { server, close } = await listen(makeApp(database), port, host)
  console.log(addressOf(server))
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  await close()
}

process.on('SIGINT', stop).on('SIGTERM', stop)
try {
  await main()
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
