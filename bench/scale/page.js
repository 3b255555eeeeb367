import { readFile } from 'node:fs/promises'
import { CHECKED, checkTable } from './check/table.js'
import { COSTS } from './costs.js'
import { remediesTable } from './remedies.js'
import { USUAL } from './settings.js'
import {
  busyTable,
  checksTable,
  contestedTable,
  formulasTable,
  HAVE,
  lagTable,
  loadsTable,
  operationsTable,
} from './tables.js'

const whole = (number) => number.toLocaleString('en-US')

const SYSTEM = `Each process serves ${whole(USUAL.requests)} requests per second. Each request is a session and calls one cached function
${USUAL.calls} times at once, with keys of ${whole(USUAL.keys)} by Zipf's law; ${whole(USUAL.max)} fit into the LRU of a process, and the TTL is an hour. Writes
come at random, to keys by the same law: what is called most is written most. A check takes ${USUAL.check} ms, a load ${USUAL.load} ms, an
operation of the tier ${USUAL.operation} ms, however busy the servers are: where a server has more to do than it can, it is slower,
and no table shows that.`

const BUSY = `Processors of the servers that are busy all the time, if a check costs ${COSTS.check} µs and ${COSTS.checkedKey} µs for each key, a load ${COSTS.load / 1000} ms,
an operation of the tier ${COSTS.operation} µs, and a check in Redis ${COSTS.redisCheck} µs and ${COSTS.redisCheckedKey} µs for each key. The loads are an assumption; the others
were measured on the machine of the check, one at a time. What is bold is more than a database of ${HAVE.database} processors has, or one
Redis, which runs commands on one.`

/** All that there is to see. */
export async function page() {
  const checked = JSON.parse(await readFile(CHECKED, 'utf8'))
  return `${[
    '# Results of bench/scale',
    `What 1 to 1,000 processes ask of their database and of Redis, with a tier that they share and without. Written by
\`node bench/scale/run.js\`; \`node bench/scale/run.js --processes 40 --requests 200 --writes 5\` says it of a system of your own.
The last check against real processes is of \`node bench/scale/check.js\`.`,
    `## The system\n\n${SYSTEM}`,
    checkSection(checked),
    `## Loads per second, without the tier → with it\n\n${loadsTable()}\n\n${LOADS}`,
    `## Checks per second\n\nThe tier changes nothing here.\n\n${checksTable()}\n\n${CHECKS}`,
    `## Operations of the tier per second\n\n${operationsTable()}\n\n${OPERATIONS}`,
    `## A key that is written again while it is loaded\n\n${CONTESTED}\n\n${contestedTable()}`,
    `## What is busy\n\n${BUSY}\n\n${busyTables()}\n\n${MOVES}`,
    `## What to do\n\n${remediesTable(USUAL)}\n\n${REMEDIES}`,
    `## Checks on a replica: stale calls per million\n\n${lagTable()}\n\n${REPLICAS}`,
  ].join('\n\n')}\n`
}

/** For the page for users. */
export function summary() {
  return `Loads per second, without the tier → with it:

${loadsTable()}

Checks per second, with or without it:

${checksTable()}

Operations of the tier per second:

${operationsTable()}`
}

function checkSection({ date, node, machine, run, rows }) {
  return `## How far to trust it

Small systems are played, request by request, check by check and lease by lease, by the rules of the library. Larger ones
are calculated by formulas, key by key, except for keys that are written again while they are loaded: those are played.

**Real processes.** Each in a Node of its own, with one Redis for the tier and another one for the data; ${run.warmUp} s of warm-up, then
${run.seconds} s were counted. The simulation was told how long a check, a load and an operation took on average, and nothing else
(${date}, Node ${node}, ${machine}, which was busy with other work as well).

${checkTable(rows)}

${trust(rows)}

**Formulas.** 16 processes and 100 keys, else as above.

${formulasTable()}`
}

/** @param {import('./check/table.js').Row[]} rows */
function trust(rows) {
  const between = (what) => {
    const ratios = rows
      .filter(({ simulated }) => simulated[what] > 0)
      .map((row) => row.measured[what] / row.simulated[what])
    return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
  }
  return `So the real processes had ${between('loads')} times the loads of the simulated ones, ${between('operations')} times the operations of
the tier, and ${between('checks')} times the checks. Batches are fewer in reality: a process that is busy comes to its timers late,
requests begin in bursts, and all that is asked for in one turn is one batch. Who waits for the load of another process looks
less often, for the same reason.`
}

function busyTables() {
  return [1, 10, 100]
    .map((writes) => `${writes} write${writes === 1 ? '' : 's'} per second:\n\n${busyTable(writes)}`)
    .join('\n\n')
}

const LOADS = `Without the tier, each process loads for itself what is written, and what expires: 10,000 keys in an hour are nearly 3 a
second. With it, the number of processes makes no difference, as long as a key is not written again while it is loaded. At 100
writes per second, 10 are to one key, which takes 50 ms to load. Then several versions of it are under way at a time, and the
tier keeps one: a process that has waited for a version finds a newer one there, which its session may not use, and loads. The
more processes wait, the more often that happens.`

const CHECKS = `A check may serve only who asked before it began. By key, sessions of a process meet in a check only if they ask for the same
key within its 2 ms, which hardly ever happens here. A batch serves all that was asked for, and a process has one at a time: so
there are never more than processes / duration. When the database slows down, batches grow, and their number falls.`

const CONTESTED = `For each write of a key that is written 10 times a second, is asked for 40 times a second by each process, and takes 50 ms
to load.`

const OPERATIONS = `A process reads the tier when it has no entry, or one that is outdated; a load takes a lease and a write more; and who waits
for the load of another process looks after 4, 12, 27, 57 and 117 ms, and then every 75 ms, with two operations each time. So each
write costs about one read in each process that is asked for the key.`

const MOVES = `Without the tier, loads are what is too much first: they grow with the processes and with the writes. With it, they stay, and
checks take their place: they grow with the requests, whatever is written. Where much is written and there are many processes,
Redis comes next: each write is read by all of them.`

const REMEDIES = `Rows that begin with "and" are of a tier and batched checks, with one thing changed.

- **Fewer, larger processes** share more: half of the checks, and a fifth of the operations.
- **One version for all keys** does not save a single batch, and each write outdates everything.
- **Replicas** take the checks off the primary. What that costs in freshness is in the next table.
- **Versions in Redis** take all checks off the database. All keys of one \`redisVersions\` are on one node, which is busy with 33,000
  checks a second: give each a prefix, and a Redis, of its own.
- **Sharding by tenant**, each shard with its own processes, database and Redis, divides the checks by ten, and what a write costs
  by ten once more, since a key is used by a tenth of the processes. For that, it is enough to send each tenant to processes of
  its own: the loads without a tier are a tenth then.`

const REPLICAS = `Calls that go by a version which a write had already replaced when they asked, and which the replica did not know. Where writes are
as frequent as here, to keys by the same law as calls, the keys that are asked for most are the ones that are behind.`
