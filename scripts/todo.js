// Lists what is marked as open in the source: `file:line: text`.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Put together here, so that this file is not in its own list. */
const MARK = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b:?\\s*(.*)`)

let open = 0
for (const folder of ['src', 'test', 'examples', 'scripts']) {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!/\.[jt]s$/.test(file)) continue
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      const marked = MARK.exec(line)
      if (marked === null) continue
      console.log(`${join(folder, file)}:${index + 1}: ${marked[1]}`)
      open++
    }
  }
}
console.log(open === 0 ? 'Nothing is marked as open.' : `${open} open.`)
