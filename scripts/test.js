// Everything that has to hold, in the order in which it fails fastest. `--long` gives schedules, keys and sessions
// a larger budget; other arguments go to the test runner.
import { spawnSync } from 'node:child_process'

const long = process.argv.includes('--long')
const passedOn = process.argv.slice(2).filter((argument) => argument !== '--long')
const reports = ['--coverage', '--reporter=default', '--reporter=json', '--outputFile.json=.reports/vitest.json']

const steps = [
  ['build', ['npm', 'run', '--silent', 'build']], // the examples import the package as users do, from dist
  ['types', ['npm', 'run', '--silent', 'types']],
  ['lint and format', ['npm', 'run', '--silent', 'lint']],
  ['tests', ['npx', '--no-install', 'vitest', 'run', ...reports, ...passedOn]],
  ['mutants', ['npm', 'run', '--silent', 'mutants', '--', ...(long ? [] : ['--without-servers'])]],
]

for (const [name, [command, ...args]] of steps) {
  const started = performance.now()
  console.log(`\n── ${name}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...(long && { LONG: '1' }) } })
  if (status !== 0) {
    console.error(`\n✗ ${name} failed.`)
    process.exit(status ?? 1)
  }
  console.log(`✓ ${name}, ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
