/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {string} [sides] of each column, `l` or `r`: the first to the left, the others to the right
 */
export function table(head, rows, sides = 'l'.padEnd(head.length, 'r')) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)))
  const pad = (text, column) => (sides[column] === 'l' ? text.padEnd(widths[column]) : text.padStart(widths[column]))
  const line = (cells) => `| ${cells.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) => (sides[column] === 'l' ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/**
 * A page with what stands between its two markers, `<!-- name: … -->` and `<!-- /name -->`, written anew.
 *
 * @param {string} page
 * @param {string} name
 * @param {string} section
 */
export function replaceSection(page, name, section) {
  const begin = page.indexOf(`<!-- ${name}: `)
  const end = page.indexOf(`<!-- /${name} -->`)
  if (begin < 0 || end < begin)
    throw new Error(`The page has lost its markers: <!-- ${name}: … --> and <!-- /${name} -->.`)
  return `${page.slice(0, page.indexOf('-->', begin) + 3)}\n\n${section}\n\n${page.slice(end)}`
}
