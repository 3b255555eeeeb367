import { describe, InvalidOptionError, refuseOthers } from '../core/errors.ts'
import { type PostgresClient, type QueryClient, rowsOf, type UnsafeClient } from './postgres-client.ts'
import { quoteAll } from './postgres-names.ts'
import { CHANNEL } from './postgres-schema.ts'

/** What a statement has written. */
export interface TableChange<Table extends string = string> {
  /** As it was named to {@link onTableChange}. */
  readonly table: Table
  /** The column whose values have versions, if it is such a change. */
  readonly column?: string
  /** The values that it was about, as text; undefined when it was about too many to tell. */
  readonly keys?: readonly (string | null)[]
}

export interface TableChangeOptions {
  /**
   * Called when changes may have been missed, since the connection was lost. A pool of `pg` tells nothing from then on:
   * call `onTableChange` again. A client of `postgres` has connected again.
   */
  onLost?: ((error: unknown) => void) | undefined
}

interface ListeningPgClient {
  query(text: string): Promise<unknown>
  on(event: string, listener: (...args: never[]) => void): unknown
  release(destroy: boolean): void
}

interface ListeningPool {
  connect(): Promise<ListeningPgClient>
  readonly totalCount: number
}

interface ListeningPGlite {
  listen(channel: string, hear: (payload: string) => void): Promise<() => Promise<void>>
}

interface ListeningPostgresJs {
  listen(
    channel: string,
    hear: (payload: string) => void,
    onListen: () => void,
  ): PromiseLike<{ unlisten(): Promise<void> }>
}

/** What can listen: a pool of `pg`, of which it takes one connection, a `PGlite`, or a client of `postgres`. */
export type ListeningDatabase = (QueryClient & (ListeningPool | ListeningPGlite)) | (UnsafeClient & ListeningPostgresJs)

type Stop = () => Promise<void>
type Hear = (payload: string) => void
type Lose = (error: unknown) => void

/**
 * Tells what is written to tables that were installed with `notify`, after each commit: a hint by which outputs can be
 * dropped early. It says nothing of what was written while it was not connected, so go by versions for what is right.
 *
 * @returns a function that ends it.
 * @throws {InvalidOptionError} for a client that cannot listen, for names that are none, and for a table that is not
 *   there.
 * @example
 * const stop = await onTableChange(pool, ['flights'], () => delays.clear(), { onLost: () => delays.clear() })
 */
export async function onTableChange<Table extends string>(
  database: ListeningDatabase,
  tables: readonly Table[],
  listener: (change: TableChange<Table>) => void,
  options: TableChangeOptions = {},
): Promise<Stop> {
  const { onLost = () => {}, ...others } = options
  refuseOthers(others, '"onLost"')
  admitListening(database)
  const names = await namesOf(database, tables)
  const hear: Hear = (payload) => {
    const { schema, table: name, ...change } = JSON.parse(payload) as Record<'schema' | 'table', string>
    const table = names.get(JSON.stringify([schema, name]))
    if (table !== undefined) listener({ ...change, table })
  }
  return listenOn(database, hear, onLost)
}

function admitListening(database: unknown): void {
  const given = (typeof database === 'object' || typeof database === 'function') && database ? database : {}
  if ('listen' in given || 'totalCount' in given) return
  throw new InvalidOptionError(
    `The database is ${describe(database)}: give a pool of "pg", a PGlite, or a client of "postgres", which can listen.`,
  )
}

const NAMES = `
select t.name, json_build_array(n.nspname, c.relname)::text as full
from json_array_elements_text($1::text::json) t (name)
left join pg_catalog.pg_class c on c.oid = to_regclass(t.name)
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace`

/** The names that were given, by schema and name. */
async function namesOf<Table>(client: PostgresClient, tables: readonly Table[]): Promise<Map<string, Table>> {
  const quoted = quoteAll(tables)
  const rows = (await rowsOf(client, NAMES, [JSON.stringify(quoted)])) as { name: string; full: string }[]
  return new Map(
    rows.map(({ name, full }) => {
      const parts = JSON.parse(full) as [string | null, string]
      if (parts[0] === null) throw new InvalidOptionError(`There is no table ${name}: name one as in "schema.table".`)
      return [JSON.stringify(parts), tables[quoted.indexOf(name)] as Table]
    }),
  )
}

async function listenOn(database: ListeningDatabase, hear: Hear, onLost: Lose): Promise<Stop> {
  if ('totalCount' in database) return listenOnPg(await database.connect(), hear, onLost)
  if ('query' in database) return database.listen(CHANNEL, hear)
  let listens = false
  const { unlisten } = await database.listen(CHANNEL, hear, () => {
    if (listens) onLost(new Error('The connection that listens was lost, and there is another one now.'))
    listens = true
  })
  return unlisten
}

async function listenOnPg(client: ListeningPgClient, hear: Hear, onLost: Lose): Promise<Stop> {
  let isOver = false
  const end = (): boolean => {
    if (isOver) return false
    isOver = true
    client.release(true)
    return true
  }
  const lose = (error: unknown): void => {
    if (end()) onLost(error)
  }
  client.on('notification', ({ payload }: { payload: string }) => hear(payload))
  client.on('error', lose)
  client.on('end', lose)
  try {
    await client.query(`listen ${CHANNEL}`)
  } catch (error) {
    end()
    throw error
  }
  return async () => void end()
}
