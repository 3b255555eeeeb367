import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Another one whenever the code in a folder is, as then the same report may be shown in other words. A start alone does
 * not change it, so what browsers have stays good. (A service would take the commit that it was built from.)
 */
export function buildOf(folder: URL): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const hash = createHash('sha256')
  for (const name of files.sort()) hash.update(`${name}\n`).update(readFileSync(new URL(name, folder)))
  return hash.digest('base64url')
}
