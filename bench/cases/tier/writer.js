// Fills the tier, in a process of its own: `writer.js <candidate> <port of Redis> <bytes> <keys>`.
import { candidates } from './candidates.js'
import { Source } from './source.js'

const [name, port, bytes, keys] = process.argv.slice(2)
const { load } = new Source(Number(bytes))
const cache = await candidates[name].open({ port: Number(port), max: 1, load })
for (let number = 0; number < Number(keys); number++) {
  await cache.call(`key${number}`)
  await cache.settled?.()
}
process.exit()
