// Wrong-on-purpose builds: applies each small edit of the source that breaks one promise, and proves that the
// tests notice. `node scripts/mutants.js [word …]` takes those whose name has one of the words. Fails when a
// mutant survives, or no longer applies. With `--record` it writes down what killed each, to be tried first. With
// `--without-servers` it leaves out those whose tests start a server of a database: seconds for each of them.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mutants } from '../test/mutants/mutants.js'
import { pathOf, Runner } from './mutant-runner.js'

/** The tests of the core that need no server and no build; those that kill most come first, the slow ones last. */
const TESTS = [
  'races',
  'versioned-lru-cache',
  'pins',
  'work',
  'control',
  'entry',
  'version',
  'session',
  'stale',
  'freeze',
  'eviction',
  'key',
  'decorator',
  'with-ttl',
  'misuse',
  'cycle',
  'load',
]

/** For each mutant the test that killed it when that was recorded: it is tried first, and that is all it is used for. */
const RECORD = 'test/mutants/killers.json'
const recorded = existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : {}

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const named = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
const withoutServers = process.argv.includes('--without-servers')
const chosen = withoutServers ? named.filter(({ tests = [] }) => !tests.some(startsServer)) : named
if (chosen.length < named.length) console.log(`${named.length - chosen.length} mutants need a server: make mutants`)
for (const mutant of chosen) mutated('.', mutant) // before any time is spent on the others
const waiting = [...chosen]
const killers = new Map()

const workers = Math.min(availableParallelism(), 4)
await Promise.all(Array.from({ length: workers }, () => work()))

const survivors = chosen.filter(({ name }) => !killers.has(name))
const moved = chosen.filter(({ name }) => killers.has(name) && killers.get(name) !== recorded[name])
console.log(`mutants: ${killers.size} killed, ${survivors.length} survived`)
for (const { name } of survivors) console.log(`survived: ${name}`)
if (process.argv.includes('--record')) record()
else if (moved.length > 0) console.log(`${moved.length} killed by another test than recorded: --record is due`)
process.exitCode = survivors.length > 0 ? 1 : 0 // Vitest has set it as well, for the tests that failed

/** Takes one mutant after another, in a copy of the project of its own. */
async function work() {
  const copy = mkdtempSync(join(tmpdir(), 'versioned-lru-cache-mutants-'))
  try {
    for (const part of ['src', 'test', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(part, join(copy, part), { recursive: true })
    }
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
    const runner = new Runner(copy)
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) await tryOut(runner, mutant)
    await runner.close()
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function tryOut(runner, mutant) {
  const { name, file, tests = [] } = mutant
  const source = readFileSync(join(runner.copy, file), 'utf8')
  runner.write(file, mutated(runner.copy, mutant))
  const started = performance.now()
  let killer
  for (const test of new Set([recorded[name] ?? [], tests, TESTS].flat())) {
    if (existsSync(pathOf(test))) killer ??= await runner.killerAmong(test)
  }
  runner.write(file, source)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (killer === undefined) return console.log(`✗ SURVIVED ${name} (${seconds} s)`)
  killers.set(name, killer)
  console.log(`✓ killed ${name} (${seconds} s) by: ${killer}`)
}

/** The text of the file with the edits of the mutant, each of which has to apply exactly once. */
function mutated(root, { name, file, edits }) {
  return edits.reduce(
    (text, [from, to]) => {
      if (text.split(from).length === 2) return text.replace(from, () => to)
      throw new Error(`The mutant "${name}" does not apply: not exactly once in ${file}: ${from}`)
    },
    readFileSync(join(root, file), 'utf8'),
  )
}

function startsServer(test) {
  return /^(sources\/(postgres|redis|sqlite)|tier\/(redis|stores))/.test(test)
}

function record() {
  const all = mutants.map(({ name }) => [name, killers.get(name) ?? recorded[name]])
  writeFileSync(RECORD, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`)
}
