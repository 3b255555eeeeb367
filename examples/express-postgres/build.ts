import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

const HERE = new URL('.', import.meta.url)

/**
 * Another one whenever a file of the example is, as then the same report may be shown in other words. A start alone
 * does not change it, so what browsers have stays good. (A service would take the commit that it was built from.)
 */
export const BUILD: string = readdirSync(HERE)
  .sort()
  .reduce((hash, file) => hash.update(file).update(readFileSync(new URL(file, HERE))), createHash('sha256'))
  .digest('base64url')
