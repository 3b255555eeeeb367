/** Where counters and epochs are kept. */
export const SCHEMA = 'versioned_lru_cache'
export const TRIGGER: string = `${SCHEMA}_bump`
export const CHANNEL = 'versioned_lru_cache'
export const KEY_EVENTS = ['insert', 'update', 'delete', 'truncate'] as const

/** To be raised with each change of what is below, so that installing again brings it to where an older one is. */
const REVISION = 2

const TABLES = `
    create schema if not exists ${SCHEMA};
    create table if not exists ${SCHEMA}.epochs (relation regclass primary key, epoch uuid not null);
    create table if not exists ${SCHEMA}.shards (
      relation regclass, shard int, counter bigint not null, primary key (relation, shard)
    ) with (fillfactor = 50);
    create table if not exists ${SCHEMA}.key_epochs (
      relation regclass, attribute name, buckets int not null, epoch uuid not null, primary key (relation, attribute)
    );
    create table if not exists ${SCHEMA}.key_shards (
      relation regclass, attribute name, bucket int, shard int, counter bigint not null,
      primary key (relation, attribute, bucket, shard)
    ) with (fillfactor = 50);
    grant usage on schema ${SCHEMA} to public;
    grant select on all tables in schema ${SCHEMA} to public;`

const BUMP = `
    create or replace function ${SCHEMA}.bump() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $bump$
      begin
        insert into ${SCHEMA}.shards as kept (relation, shard, counter)
          values (tg_relid, pg_backend_pid() % tg_argv[0]::int, 1)
          on conflict (relation, shard) do update set counter = kept.counter + 1;
        if tg_nargs > 1 then
          perform pg_notify('${CHANNEL}', jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name)::text);
        end if;
        return null;
      end
    $bump$;`

/** Values that are equal have one hash, whatever their text: the type and the collation say what is equal. */
const bucketOf = (value: string, buckets: string): string =>
  `((hash_record_extended(row(${value}), 0) & 2147483647) %% ${buckets})::int`

/**
 * The arguments are the column, the buckets, the shards, and `notify` or nothing. The bucket -1 is part of the version of every key. The buckets
 * are locked in their order, so that two statements do not wait for each other in a circle.
 */
const BUMP_KEYS = `
    create or replace function ${SCHEMA}.bump_keys() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $bump$
      declare
        touched text := case tg_op
          when 'INSERT' then 'select %1$I as key from new_rows'
          when 'DELETE' then 'select %1$I as key from old_rows'
          when 'UPDATE' then 'select %1$I as key from old_rows union all select %1$I from new_rows'
        end;
        buckets text := 'select -1 as bucket';
        told text;
        note jsonb;
      begin
        if touched is not null and exists (
          select from pg_attribute a where a.attrelid = tg_relid and a.attname = tg_argv[0] and not a.attisdropped
        ) then
          touched := format(touched, tg_argv[0]);
          buckets := format('select distinct ${bucketOf('key', '%s')} as bucket from (%s) touched', tg_argv[1], touched);
        else
          touched := null;
        end if;
        execute format('insert into ${SCHEMA}.key_shards as kept (relation, attribute, bucket, shard, counter)
          select $1, $2, bucket, $3, 1 from (%s) buckets order by bucket
          on conflict (relation, attribute, bucket, shard) do update set counter = kept.counter + 1', buckets)
          using tg_relid, tg_argv[0], pg_backend_pid() % tg_argv[2]::int;
        if tg_nargs > 3 then
          if touched is not null then
            execute format('select case when count(*) <= 100 then coalesce(json_agg(key), ''[]'')::text end
              from (select distinct key::text as key from (%s) touched limit 101) keys', touched) into told;
          end if;
          note := jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'column', tg_argv[0]);
          if octet_length(told) < 7000 then
            note := note || jsonb_build_object('keys', told::jsonb);
          end if;
          perform pg_notify('${CHANNEL}', note::text);
        end if;
        return null;
      end
    $bump$;`

/** The bucket of a key that is given as text, or null where no row can have such a key. */
const BUCKET_OF = `
    create or replace function ${SCHEMA}.bucket_of(relation regclass, attribute name, buckets int, key text) returns int
      language plpgsql stable set search_path = pg_catalog, pg_temp as $bucket$
      declare
        statement text;
        bucket int;
      begin
        select format('select ${bucketOf('$1::%s%s', '$2')}', format_type(a.atttypid, -1), (
          select format(' collate %I.%I', n.nspname, c.collname)
            from pg_collation c join pg_namespace n on n.oid = c.collnamespace where c.oid = a.attcollation
        )) into statement
          from pg_attribute a where a.attrelid = relation and a.attname = attribute and not a.attisdropped;
        execute statement into bucket using key, buckets;
        return bucket;
      exception when data_exception or integrity_constraint_violation then
        return null;
      end
    $bucket$;`

/** Brings what all tables share to this revision. Where it is, or a later one, nothing is done. */
export const INFRASTRUCTURE: string = `
  if coalesce(substring(
    obj_description(to_regprocedure('${SCHEMA}.bump()'), 'pg_proc') from '[0-9]+'
  )::int, 0) < ${REVISION} then${TABLES}${BUMP}${BUMP_KEYS}${BUCKET_OF}
    comment on function ${SCHEMA}.bump() is 'Revision ${REVISION} of versioned-lru-cache';
  end if;`
