/** Runs statements at `DATABASE_URL`, or where the variables of PostgreSQL's own programs lead. */
export async function applySql(sql: string): Promise<void> {
  const url = process.env['DATABASE_URL']
  const pg = await ifInstalled(import('pg'))
  if (pg !== undefined) return applyByPg(new pg.default.Client(url === undefined ? {} : { connectionString: url }), sql)
  const postgres = await ifInstalled(import('postgres'))
  if (postgres === undefined) {
    throw new Error(
      'There is neither the package "pg" nor "postgres": install one of them, or leave out --apply and give what is printed to psql.',
    )
  }
  const options = { max: 1, onnotice: () => {} }
  const client = url === undefined ? postgres.default(options) : postgres.default(url, options)
  try {
    await client.unsafe(sql)
  } finally {
    await client.end()
  }
}

async function applyByPg(client: import('pg').Client, sql: string): Promise<void> {
  try {
    await client.connect()
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function ifInstalled<Module>(imported: Promise<Module>): Promise<Module | undefined> {
  try {
    return await imported
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
