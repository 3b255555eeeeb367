import type { Database } from '../../examples/express-postgres/database.ts'
import { FLIGHTS, FLIGHTS_VERSION } from '../../examples/express-postgres/schema.ts'

/** What is in a database, seen from outside of the example. */
export interface StoredState {
  readonly loaded: number
  readonly recorded: number
  readonly epoch: string
  readonly counter: number
}

export async function stateOf({ query }: Database): Promise<StoredState> {
  const [state] = await query<StoredState>(
    `select epoch, counter::int as counter,
       (select count(*)::int from ${FLIGHTS} where not recorded) as loaded,
       (select count(*)::int from ${FLIGHTS} where recorded) as recorded
     from ${FLIGHTS_VERSION}`,
  )
  if (state === undefined) throw new Error('There is no version.')
  return state
}

/** No number that a loading in chunks passes through. */
export const LOST = 123_457

export async function loseSome({ query }: Database): Promise<void> {
  await query(
    `delete from ${FLIGHTS} where ctid in (select ctid from ${FLIGHTS} where not recorded order by ctid limit ${LOST})`,
  )
}

class RolledBack extends Error {}

/** How far the counter is inside of a transaction that runs a statement, and is then rolled back. */
export async function counterAfter(database: Database, statement: string): Promise<number> {
  let counter = Number.NaN
  const attempt = database.transaction(async (query) => {
    await query(statement)
    counter =
      (await query<StoredState>(`select counter::int as counter from ${FLIGHTS_VERSION}`))[0]?.counter ?? counter
    throw new RolledBack()
  })
  await attempt.catch((error) => {
    if (!(error instanceof RolledBack)) throw error
  })
  return counter
}

export const WRITES: string[] = [
  `insert into ${FLIGHTS} (delay, distance, time) values (1, 2, 3), (4, 5, 6)`,
  `update ${FLIGHTS} set delay = 0 where recorded`,
  `delete from ${FLIGHTS} where recorded`,
  `truncate ${FLIGHTS}`,
]
