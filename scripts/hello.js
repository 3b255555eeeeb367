// Says something worth starting a day with: one thing about caches that is true every day.
const thoughts = [
  'A cache that may be stale is a rumour. Ask the source for its version, and it is news.',
  'The fastest query is the one whose answer you already have, and know to be right.',
  'Every TTL is too long for somebody and too short for somebody else. Let the data decide.',
  'Name things well today: the other hard problem is what this library is for.',
  'One request, one truth: what you read first is what you read last.',
  'Somewhere a thousand callers wait for one load. Make it a good one.',
  'An error is not an output. Forget it, and try again.',
  'Nobody ever remembered to call invalidate everywhere. Be kind: do not ask them to.',
]

const today = Math.floor(Date.now() / 86_400_000) % thoughts.length
console.log(`Good day! ${thoughts[today]}`)
console.log('Next: make test-example shows it at work, make test proves it, make help lists the rest.')
