// Removes the given files and folders: `node scripts/clean.js dist coverage`.
import { rm } from 'node:fs/promises'

for (const path of process.argv.slice(2)) await rm(path, { recursive: true, force: true })
