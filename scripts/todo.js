// Lists what is marked as open in the source: `file:line: text`.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

let open = 0
for (const folder of ['src', 'test', 'examples', 'scripts']) {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!/\.[jt]s$/.test(file)) continue
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      const marked = /\b(TO)?(DO|FIXME)\b:?\s(.*)/.exec(line)
      if (marked === null || (marked[1] === undefined && marked[2] === 'DO')) continue
      console.log(`${join(folder, file)}:${index + 1}: ${marked[3]}`)
      open++
    }
  }
}
console.log(open === 0 ? 'Nothing is marked as open.' : `${open} open.`)
