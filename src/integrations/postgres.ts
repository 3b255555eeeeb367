import { describe, InvalidOptionError, InvalidVersionError } from '../core/errors.ts'
import type { Version } from '../core/version.ts'
import { databaseVersionSource, type VersionSource } from '../core/version-source.ts'
import { admitClient, type PostgresClient, rowsOf } from '../sources/postgres-client.ts'
import { quoteAll } from '../sources/postgres-names.ts'
import { type PostgresVersionOptions, WRITING } from '../sources/postgres-options.ts'
import { SCHEMA, TRIGGER } from '../sources/postgres-schema.ts'
import { askIn, databaseOf } from '../sources/postgres-snapshot-client.ts'
import { HAS_RELATIVES } from '../sources/postgres-triggers.ts'

export type { PostgresClient } from '../sources/postgres-client.ts'
export type { SnapshotDatabase } from '../sources/postgres-connection.ts'
export { onTableChange, type TableChange, type TableChangeOptions } from '../sources/postgres-hint.ts'
export {
  type InstallOptions,
  installSql,
  removeSql,
  renewEpochSql,
  type Versioned,
} from '../sources/postgres-install.ts'
export { keyVersions, type PostgresKey } from '../sources/postgres-keys.ts'
export type { KeyColumn } from '../sources/postgres-names.ts'
export type { PostgresVersionOptions } from '../sources/postgres-options.ts'
export { runInSnapshot, type SnapshotOptions } from '../sources/postgres-run-in-snapshot.ts'
export { type SnapshotClient, snapshotClient } from '../sources/postgres-snapshot-client.ts'

/** A shard is locked from a write until its commit: each counter says exactly which commits are seen, a sum would not. */
const TABLES = `
select t.name, c.oid is not null as found,
  c.relkind = 'r' and g.tgenabled in ('O', 'A') and e.epoch is not null and not ${HAS_RELATIVES} as counted,
  pg_current_xact_id_if_assigned() is not null as writing,
  concat_ws(' ', e.epoch, c.oid, extract(epoch from pg_postmaster_start_time())::text, (
    select string_agg(s.shard || ':' || s.counter, ',' order by s.shard) from ${SCHEMA}.shards s where s.relation = c.oid
  )) as version
from json_array_elements_text($1::text::json) t (name)
left join pg_catalog.pg_class c on c.oid = to_regclass(t.name)
left join pg_catalog.pg_trigger g on g.tgrelid = c.oid and g.tgname = '${TRIGGER}'
left join ${SCHEMA}.epochs e on e.relation = c.oid`

interface TableRow {
  name: string
  found: boolean
  counted: boolean | null
  writing: boolean
  version: string
}

/**
 * The versions of tables that `installSql` has prepared, as a version source whose key is the table's name. All that is
 * asked for at the same time is read by one query.
 *
 * @throws {InvalidOptionError} for names that are none, and for an option that is unknown or cannot be used.
 * @example
 * const tables = tableVersions(pool, ['flights', 'airports'])
 * const delays = versionedLruCache(readDelays, { version: [tables.of(() => 'flights'), tables.of(() => 'airports')] })
 */
export function tableVersions<Table extends string>(
  client: PostgresClient,
  tables: readonly Table[],
  { name = 'postgres tables', ...others }: PostgresVersionOptions = {},
): VersionSource<Table, Promise<Version>> {
  admitClient(client)
  const database = databaseOf(client)
  const quoted = new Map(quoteAll(tables).map((name, index) => [tables[index] as Table, name]))
  const readMany = async (keys: readonly Table[]): Promise<unknown[]> => {
    const asked = keys.flatMap((key) => quoted.get(key) ?? [])
    const rows = await readTables(database, asked)
    const byName = new Map(rows.map((row) => [row.name, row]))
    return keys.map((key) => versionOf(key, byName.get(quoted.get(key) ?? '')))
  }
  return databaseVersionSource<Table>(database, { ...others, name, readMany })
}

async function readTables(client: PostgresClient, names: string[]): Promise<TableRow[]> {
  try {
    return (await askIn(client, (asked) => rowsOf(asked, TABLES, [JSON.stringify(names)]))) as TableRow[]
  } catch (error) {
    if ((error as { code?: unknown } | undefined)?.code !== '42P01') throw error
    throw new InvalidVersionError(`No table of this database has versions: run ${install(names)}.`, { cause: error })
  }
}

function versionOf(key: string, row: TableRow | undefined): string | Error {
  if (row === undefined) {
    return new InvalidOptionError(`The table ${describe(key)} was not named: add it to the list of tableVersions.`)
  }
  if (!row.found) return new InvalidVersionError(`There is no table ${row.name}: name one as in "schema.table".`)
  if (row.writing) return new InvalidVersionError(WRITING)
  if (row.counted) return row.version
  return new InvalidVersionError(
    `The table ${row.name} has no working triggers for versions: run ${install([row.name])}.`,
  )
}

const install = (names: readonly string[]): string => `the SQL that installSql(${JSON.stringify(names)}) gives`

/** On a standby the snapshot's text does not say which transactions are running. */
const SNAPSHOT = `
select pg_is_in_recovery() as standby, pg_current_xact_id_if_assigned() is not null as writing,
  concat_ws(' ', s.system_identifier, c.timeline_id, extract(epoch from pg_postmaster_start_time())::text,
    pg_current_snapshot()::text) as version
from pg_control_system() s, pg_control_checkpoint() c`

/**
 * The version of all that a server keeps: another one after each commit that wrote, in any table of any database of it.
 * Needs no triggers.
 *
 * @throws {InvalidOptionError} for an option that is unknown or cannot be used.
 * @example
 * const report = versionedLruCache(buildReport, { version: snapshotVersion(pool).of() })
 */
export function snapshotVersion(
  client: PostgresClient,
  { name = 'postgres snapshot', ...others }: PostgresVersionOptions = {},
): VersionSource<undefined, Promise<Version>> {
  admitClient(client)
  const database = databaseOf(client)
  const readMany = async (): Promise<unknown[]> => {
    const [row] = (await askIn(database, (asked) => rowsOf(asked, SNAPSHOT, []))) as {
      standby: boolean
      writing: boolean
      version: string
    }[]
    if (row?.standby) throw new InvalidVersionError('A standby cannot tell its snapshots apart: ask the primary.')
    if (row?.writing) throw new InvalidVersionError(WRITING)
    return [row?.version]
  }
  return databaseVersionSource(database, { ...others, name, readMany })
}
