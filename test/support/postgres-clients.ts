import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import postgres from 'postgres'
import type { PostgresClient } from '../../src/integrations/postgres.ts'

export interface OpenClient {
  readonly client: PostgresClient
  /** Runs statements that have no values. */
  run(sql: string): Promise<unknown>
  close(): Promise<void>
}

/** Each kind of client, on a server of its own where it is one itself. */
export const CLIENTS: Record<string, (url: string) => Promise<OpenClient>> = {
  'a pool of pg': async (url) => {
    const client = new pg.Pool({ connectionString: url })
    return { client, run: (sql) => client.query(sql), close: () => client.end() }
  },
  'a client of pg': async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    return { client, run: (sql) => client.query(sql), close: () => client.end() }
  },
  postgres: async (url) => openPostgresJs(url, {}),
  'postgres, without types and with names of its own': async (url) =>
    openPostgresJs(url, { fetch_types: false, prepare: false, transform: postgres.camel }),
  'a PGlite': async () => {
    const client = await PGlite.create()
    return { client, run: (sql) => client.exec(sql), close: () => client.close() }
  },
}

function openPostgresJs(url: string, options: postgres.Options<Record<string, never>>): OpenClient {
  const client = postgres(url, { ...options, max: 2, onnotice: () => {} })
  return { client, run: async (sql) => client.unsafe(sql), close: () => client.end() }
}
