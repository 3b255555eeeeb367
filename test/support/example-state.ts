import type { Version } from 'versioned-lru-cache'
import type { Database } from '../../examples/express-postgres/database.ts'
import { flightsVersions } from '../../examples/express-postgres/flights.ts'
import { FLIGHTS } from '../../examples/express-postgres/schema.ts'

/** What is in a database, seen from outside of the example. */
export interface StoredState {
  readonly loaded: number
  readonly recorded: number
  readonly version: Version
}

export async function stateOf(database: Database): Promise<StoredState> {
  const [counts] = await database.query<{ loaded: number; recorded: number }>(
    `select count(*) filter (where not recorded)::int as loaded, count(*) filter (where recorded)::int as recorded
     from ${FLIGHTS}`,
  )
  if (counts === undefined) throw new Error('Nothing was counted.')
  return { ...counts, version: await flightsVersions(database)(FLIGHTS) }
}

/** No number that a loading in chunks passes through. */
export const LOST = 123_457

export async function loseSome({ query }: Database): Promise<void> {
  await query(
    `delete from ${FLIGHTS} where ctid in (select ctid from ${FLIGHTS} where not recorded order by ctid limit ${LOST})`,
  )
}

class RolledBack extends Error {}

/** Runs a statement in a transaction, and takes it back. */
export async function rollBack(database: Database, statement: string): Promise<void> {
  const attempt = database.transaction(async (query) => {
    await query(statement)
    throw new RolledBack()
  })
  await attempt.catch((error) => {
    if (!(error instanceof RolledBack)) throw error
  })
}
