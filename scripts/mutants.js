// Wrong-on-purpose builds: applies each small edit of the source that breaks one promise, and proves that the
// tests notice. `node scripts/mutants.js [word …]` takes those whose name has one of the words. Fails when a
// mutant survives, or no longer applies.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mutants } from '../test/mutants/mutants.js'

/** The tests of the core that need no server and no build; those that kill most come first. */
const FIRST = ['races', 'versioned-lru-cache']
const REST = [
  'pins',
  'work',
  'control',
  'entry',
  'version',
  'session',
  'stale',
  'cycle',
  'freeze',
  'eviction',
  'key',
  'decorator',
  'with-ttl',
  'misuse',
]

const words = process.argv.slice(2)
const chosen = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
const waiting = [...chosen]
const survivors = []

const workers = Math.min(availableParallelism(), 4)
await Promise.all(Array.from({ length: workers }, () => work()))
console.log(`mutants: ${chosen.length - survivors.length} killed, ${survivors.length} survived`)
for (const name of survivors) console.log(`survived: ${name}`)
if (survivors.length > 0) process.exitCode = 1

/** Takes one mutant after another, in a copy of the project of its own. */
async function work() {
  const copy = mkdtempSync(join(tmpdir(), 'versioned-lru-cache-mutants-'))
  try {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(part, join(copy, part), { recursive: true })
    }
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) await tryOut(copy, mutant)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function tryOut(copy, mutant) {
  const path = join(copy, mutant.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    mutant.edits.reduce((text, edit) => applied(text, edit, mutant), source),
  )
  const started = performance.now()
  const first = mutant.tests ?? FIRST
  const rest = [...FIRST, ...REST].filter((name) => !first.includes(name))
  const killer = (await killedBy(copy, first)) ?? (await killedBy(copy, rest))
  writeFileSync(path, source)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `${killer === undefined ? '✗ SURVIVED' : '✓ killed'} ${mutant.name} (${seconds} s)${killer === undefined ? '' : ` by: ${killer}`}`,
  )
  if (killer === undefined) survivors.push(mutant.name)
}

function applied(text, [from, to], { name, file }) {
  if (text.split(from).length === 2) return text.replace(from, () => to)
  throw new Error(`The mutant "${name}" does not apply: not exactly once in ${file}: ${from}`)
}

/** The first test that fails, or undefined when all pass. */
async function killedBy(copy, tests) {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const files = tests.map((name) => `test/${name}.test.ts`)
  const options = [
    '--bail=1',
    '--no-isolate',
    '--maxWorkers=1',
    '--testTimeout=5000',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const vitest = resolve('node_modules/vitest/vitest.mjs')
  const env = { ...process.env, NO_SHRINKING: '1' }
  const run = spawn(process.execPath, [vitest, 'run', ...options, ...files], { cwd: copy, env, stdio: 'ignore' })
  const limit = setTimeout(() => run.kill('SIGKILL'), 120_000)
  const status = await new Promise((done) => run.on('exit', done))
  clearTimeout(limit)
  return status === 0 ? undefined : (firstFailure(report) ?? 'a run that did not end')
}

function firstFailure(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const failed = testResults.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed')
    return failed?.fullName ?? testResults.find(({ status }) => status === 'failed')?.message.split('\n')[0]
  } catch {
    return undefined
  }
}
