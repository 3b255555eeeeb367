import { expect, test } from 'vitest'
import { runExample } from './support/example-process.ts'

test('the quick start checks once for each session, and loads only after a write', async () => {
  const example = runExample('examples/minimal.ts')
  expect(await example.ended).toBe(0)
  expect(example.output().split('\n')).toEqual([
    'First session',
    '  check',
    '  load',
    '  12 apples',
    '  12 apples',
    'Second session, after a write',
    '  check',
    '  load',
    '  7 apples',
    'Third session, nothing new',
    '  check',
    '  7 apples',
    'Altogether: 3 checks, 2 loads',
    '',
  ])
})
