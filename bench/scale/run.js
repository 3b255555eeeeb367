import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { replaceSection } from '../harness/markdown.js'
import { ownTable } from './own-table.js'
import { page, summary } from './page.js'
import { USUAL } from './settings.js'

const RESULTS = new URL('RESULTS.md', import.meta.url)
const PAGE = new URL('../../docs/scaling.md', import.meta.url)

const NUMBERS = Object.keys(USUAL).filter((name) => typeof USUAL[name] === 'number')

const USAGE = `node bench/scale/run.js [--processes N] [--requests N] …

Without options: writes bench/scale/RESULTS.md, and the table in docs/scaling.md. With any of them: what comes of your own
figures, and nothing is written. Rates are per second, durations are milliseconds; what is not given is as usual:

${NUMBERS.map((name) => `  --${name.padEnd(12)} (${USUAL[name]})`).join('\n')}

bench/scale/settings.js says what they mean.`

async function main() {
  const given = readOwn()
  if (given !== undefined) return console.log(ownTable({ ...USUAL, ...given }))
  await writeFile(RESULTS, await page())
  await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), 'scale', summary()))
}

/** @returns {Partial<import('./settings.js').Settings> | undefined} */
function readOwn() {
  const options = Object.fromEntries(NUMBERS.map((name) => [name, { type: 'string' }]))
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', default: false } } })
    if (values.help) return stop(USAGE, 0)
    const given = Object.entries(values).filter(([name]) => name !== 'help')
    return given.length === 0
      ? undefined
      : Object.fromEntries(given.map(([name, text]) => [name, numberIn(name, text)]))
  } catch (error) {
    return stop(`${error.message}\n\n${USAGE}`, 2)
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function numberIn(name, text) {
  const number = Number(text)
  if (text === '' || !(number >= 0)) throw new Error(`--${name} is ${text}: give a number that is not negative.`)
  return number
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function stop(message, code) {
  console[code === 0 ? 'log' : 'error'](message)
  process.exit(code)
}

await main()
