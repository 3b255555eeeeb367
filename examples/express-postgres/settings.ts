export interface Settings {
  readonly port: number
  readonly host: string
  /** Undefined for the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
}

/** A variable that is set to nothing counts as absent. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: readPort(env['PORT'] || '3000'),
    host: env['HOST'] || '127.0.0.1',
    databaseUrl: env['DATABASE_URL'] || undefined,
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new Error(`PORT is ${JSON.stringify(text)}: give a whole number from 0 to 65535, 0 for any that is free.`)
}
