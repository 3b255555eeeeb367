import { describe, InvalidKeyError, InvalidVersionError } from '../core/errors.ts'
import type { Version } from '../core/version.ts'
import { databaseVersionSource, type VersionSource } from '../core/version-source.ts'
import { admitClient, type PostgresClient, rowsOf } from './postgres-client.ts'
import { type KeyColumn, quoteKeyColumn } from './postgres-names.ts'
import { type PostgresVersionOptions, WRITING } from './postgres-options.ts'
import { KEY_EVENTS, SCHEMA } from './postgres-schema.ts'
import { askIn, databaseOf } from './postgres-snapshot-client.ts'
import { HAS_RELATIVES, keyTrigger } from './postgres-triggers.ts'

/** A value of a column. What its type makes equal is one key. */
export type PostgresKey = string | number | bigint | boolean | null

const EVENTS = `unnest(array[${KEY_EVENTS.map((event) => `'${event}'`).join(', ')}])`

/** `materialized` keeps the planner from finding out for each key, and wherever it is named, what is found out once. */
const KEYS = `
with t as materialized (
  select c.oid, a.attname, e.buckets, a.attname is not null as found,
    c.relkind = 'r' and e.epoch is not null and not ${HAS_RELATIVES} and (
      select count(*) = ${KEY_EVENTS.length} from pg_catalog.pg_trigger g
        where g.tgrelid = c.oid and g.tgenabled in ('O', 'A')
        and g.tgname in (select ${keyTrigger('event', 'a.attname::text')} from ${EVENTS} event)
    ) as counted,
    concat_ws(
      ' ', e.epoch, c.oid, a.attnum, a.atttypid, a.attcollation, extract(epoch from pg_postmaster_start_time())::text
    ) as identity
  from (select to_regclass($2::text) as relation) n
  left join pg_catalog.pg_class c on c.oid = n.relation
  left join pg_catalog.pg_attribute a
    on a.attrelid = c.oid and a.attname = $3::text and a.attnum > 0 and not a.attisdropped
  left join ${SCHEMA}.key_epochs e on e.relation = c.oid and e.attribute = a.attname
), asked as materialized (
  select k.position, case when t.counted then ${SCHEMA}.bucket_of(t.oid, t.attname, t.buckets, k.key) end as bucket
  from t, json_array_elements_text($1::text::json) with ordinality as k (key, position)
)
select t.found, t.counted, pg_current_xact_id_if_assigned() is not null as writing, asked.bucket,
  concat_ws(' ', t.identity, asked.bucket, (
    select string_agg(s.bucket || '.' || s.shard || ':' || s.counter, ',' order by s.bucket, s.shard)
      from ${SCHEMA}.key_shards s where s.relation = t.oid and s.attribute = t.attname and s.bucket in (asked.bucket, -1)
  )) as version
from asked, t
order by asked.position`

interface KeyRow {
  found: boolean
  counted: boolean | null
  writing: boolean
  bucket: number | null
  version: string
}

/**
 * The versions of the values of a column that `installSql` has prepared, as a version source whose key is the value. A
 * write gives a new version to the keys of the rows it touches: as they were before it, and as they are after it. All
 * that is asked for at the same time is read by one query.
 *
 * @throws {InvalidOptionError} for names that are none, and for an option that is unknown or cannot be used.
 * @example
 * const tenants = keyVersions(pool, { table: 'flights', column: 'tenant' })
 * const delays = versionedLruCache((tenant: string) => readDelays(tenant), { version: tenants })
 */
export function keyVersions<Key extends PostgresKey = PostgresKey>(
  client: PostgresClient,
  keys: KeyColumn,
  { name, ...others }: PostgresVersionOptions = {},
): VersionSource<Key, Promise<Version>> {
  admitClient(client)
  const { table, column } = quoteKeyColumn(keys)
  const database = databaseOf(client)
  const readMany = async (asked: readonly Key[]): Promise<unknown[]> => {
    const texts = asked.filter(isKey).map((key) => (key === null ? null : String(key)))
    const rows = texts.length === 0 ? [] : await readKeys(database, { table, column }, texts)
    let next = 0
    return asked.map((key) => versionOf(key, isKey(key) ? rows[next++] : undefined, { table, column }))
  }
  return databaseVersionSource<Key>(database, { ...others, name: name ?? `postgres keys ${table}.${column}`, readMany })
}

/** PostgreSQL has no text with a zero or half a surrogate pair in it, and would refuse all that is asked for with it. */
const NO_TEXT = /\0|\p{Surrogate}/u

function isKey(key: unknown): key is PostgresKey {
  return key === null || (['string', 'number', 'bigint', 'boolean'].includes(typeof key) && !NO_TEXT.test(String(key)))
}

async function readKeys(client: PostgresClient, keys: KeyColumn, texts: (string | null)[]): Promise<KeyRow[]> {
  try {
    const values = [JSON.stringify(texts), keys.table, keys.column]
    return (await askIn(client, (asked) => rowsOf(asked, KEYS, values))) as KeyRow[]
  } catch (error) {
    if ((error as { code?: unknown } | undefined)?.code !== '42P01') throw error
    throw new InvalidVersionError(`No key of this database has versions: run ${install(keys)}.`, { cause: error })
  }
}

function versionOf(key: unknown, row: KeyRow | undefined, keys: KeyColumn): string | Error {
  if (row === undefined) {
    return new InvalidKeyError(`A key of ${keys.table} is ${describe(key)}: ask for a value of the column.`)
  }
  if (!row.found) return new InvalidVersionError(`There is no column "${keys.column}" in a table ${keys.table}.`)
  if (row.writing) return new InvalidVersionError(WRITING)
  if (!row.counted) {
    return new InvalidVersionError(
      `The column "${keys.column}" of ${keys.table} has no working triggers for versions: run ${install(keys)}.`,
    )
  }
  if (row.bucket !== null) return row.version
  return new InvalidKeyError(`${describe(key)} is no value of the column "${keys.column}" of ${keys.table}.`)
}

const install = (keys: KeyColumn): string => `the SQL that installSql([${JSON.stringify(keys)}]) gives`
