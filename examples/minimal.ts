// The quick start, line by line: `npm run minimal`.
import { setTimeout as sleep } from 'node:timers/promises'
import { runInSession, versionedLruCache } from 'versioned-lru-cache'

// The data, which others may change at any moment. Each write takes a version that was never there before.
const stock = { apples: 12, version: 1 }

function sell(apples: number): void {
  stock.apples -= apples
  stock.version++
}

// The costly function: in real life an aggregate over a large table, or a slow service.
async function countApples(): Promise<string> {
  console.log('  load')
  await sleep(200)
  return `${stock.apples} apples`
}

// The cheap one: a counter, an ETag, the id of the newest event. It says which state of the data is the current one.
async function stockVersion(): Promise<number> {
  console.log('  check')
  return stock.version
}

// The loader comes back in a wrapper of the same type, so nobody who calls it has to change.
const report = versionedLruCache(countApples, { version: stockVersion })

// A session is one unit of work that must see one state, most often a request. Here is the first, with nothing kept.
console.log('First session')
await runInSession(async () => {
  console.log(`  ${await report()}`) // asks for the version, then loads
  sell(5) // somebody writes while the session runs
  console.log(`  ${await report()}`) // the same answer: a session never sees two states
})

// The version has moved, so what is kept is no good for a session that begins now. No one had to invalidate it.
console.log('Second session, after a write')
await runInSession(async () => {
  console.log(`  ${await report()}`)
})

// One cheap check, and the answer comes from memory.
console.log('Third session, nothing new')
await runInSession(async () => {
  console.log(`  ${await report()}`)
})

const { checks, loads } = report.stats()
console.log(`Altogether: ${checks} checks, ${loads} loads`)
