import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { judge, newTally } from '../checker.js'
import { play } from '../interleaving.js'
import { levelsOn } from './candidates.js'
import { openDatabase } from './database.js'

const RUNS = 30

let database
before(async () => {
  database = await openDatabase()
})
after(() => database.close())

async function talliesOf(name) {
  const tallies = []
  for (const level of levelsOn(database).filter((level) => level.name === name)) {
    const tally = newTally()
    for (let run = 0; run < RUNS; run++) judge(tally, await play(level, { seed: `test/${run}`, turns: 2 }))
    assert.deepEqual([tally.errors, tally.hangs, tally.late], [0, 0, 0], level.shape.title)
    tallies.push(tally)
  }
  assert.equal(tallies.length, 3)
  return tallies
}

test('without a cache requests are mixed, and change', async () => {
  for (const tally of await talliesOf('no cache')) assert.ok(tally.mixed > 10 && tally.changed > 10)
})

test('what is pinned is mixed and fresh', async () => {
  for (const tally of await talliesOf('pinned')) assert.ok(tally.mixed > 3 && tally.stale === 0)
})

for (const name of ['readConsistently', 'runInSnapshot']) {
  test(`what ${name} gives is of one state, and as fresh as its versions`, async () => {
    for (const { readBoth, stale, staleAtRest, changed, mixed } of await talliesOf(name)) {
      assert.ok(readBoth > 50)
      assert.deepEqual({ stale, staleAtRest, changed, mixed }, { stale: 0, staleAtRest: 0, changed: 0, mixed: 0 })
    }
  })
}
