// Everything that has to hold, in the order in which it fails fastest. Arguments go to the test runner.
import { spawnSync } from 'node:child_process'

const steps = [
  ['types', ['npm', 'run', '--silent', 'types']],
  ['lint and format', ['npm', 'run', '--silent', 'lint']],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['tests', ['npx', '--no-install', 'vitest', 'run', ...reporters(), ...process.argv.slice(2)]],
]

function reporters() {
  return ['--reporter=default', '--reporter=json', '--outputFile.json=.reports/vitest.json']
}

for (const [name, [command, ...args]] of steps) {
  const started = performance.now()
  console.log(`\n── ${name}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`\n✗ ${name} failed.`)
    process.exit(status ?? 1)
  }
  console.log(`✓ ${name}, ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
