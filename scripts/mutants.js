// Wrong-on-purpose builds: applies each small edit of the source that breaks one promise, and proves that the
// tests notice. `node scripts/mutants.js [name …]`; fails when a mutant survives, or no longer applies.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mutants } from '../test/mutants/mutants.js'

const wanted = process.argv.slice(2)
const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
const survivors = []
const copy = mkdtempSync(join(tmpdir(), 'versioned-lru-cache-mutants-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'README.md']) {
  cpSync(part, join(copy, part), { recursive: true })
}
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))

for (const [index, mutant] of chosen.entries()) {
  const path = join(copy, mutant.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    mutant.edits.reduce((text, edit) => applied(text, edit, mutant), source),
  )
  const started = performance.now()
  const killer = killedBy()
  writeFileSync(path, source)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `${index + 1}/${chosen.length} ${killer === undefined ? '✗ SURVIVED' : '✓ killed'} ${mutant.name} (${seconds} s) ${killer ?? ''}`,
  )
  if (killer === undefined) survivors.push(mutant.name)
}

console.log(`mutants: ${chosen.length - survivors.length} killed, ${survivors.length} survived`)
if (survivors.length > 0) process.exitCode = 1

function applied(text, [from, to], { name, file }) {
  if (text.split(from).length === 2) return text.replace(from, () => to)
  throw new Error(`The mutant "${name}" does not apply: not exactly once in ${file}: ${from}`)
}

/** The first test that fails, or undefined when all pass. */
function killedBy() {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const args = [
    '--no-install',
    'vitest',
    'run',
    '--bail=1',
    '--reporter=json',
    `--outputFile=${report}`,
    ...testFiles(),
  ]
  const { status } = spawnSync('npx', args, { cwd: copy, stdio: 'ignore', timeout: 120_000, killSignal: 'SIGKILL' })
  if (status === 0) return undefined
  return firstFailure(report) ?? 'the run did not end'
}

/** The tests of the core, the quick ones: everything that needs no server and no build. */
function testFiles() {
  return [
    'versioned-lru-cache',
    'races',
    'entry',
    'version',
    'session',
    'key',
    'lru',
    'options',
    'decorator',
    'with-ttl',
  ].map((name) => `test/${name}.test.ts`)
}

function firstFailure(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const failed = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .find(({ status }) => status === 'failed')
    return failed?.fullName ?? testResults.find(({ status }) => status === 'failed')?.message.split('\n')[0]
  } catch {
    return undefined
  }
}
