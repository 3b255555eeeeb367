import type { Edges } from './history-backend.ts'
import { HistoryWorld, type Plan } from './history-world.ts'

interface Edge {
  readonly label: string
  readonly run: () => void
}

/** Edges that wait until one of them is chosen. */
class WaitingEdges implements Edges {
  readonly waiting: Edge[] = []

  later(label: string, run: () => void): () => void {
    const edge = { label, run }
    this.waiting.push(edge)
    return () => this.#takeOut(edge)
  }

  /** Lets one of those that wait happen. */
  take(index: number): void {
    const edge = this.waiting[index] as Edge
    this.#takeOut(edge)
    edge.run()
  }

  #takeOut(edge: Edge): void {
    const index = this.waiting.indexOf(edge)
    if (index !== -1) this.waiting.splice(index, 1)
  }
}

/** Which of the waiting edges was taken at a step, and of how many. */
interface Choice {
  readonly taken: number
  readonly of: number
}

export interface Enumerated {
  readonly schedules: number
  readonly edges: number
}

/**
 * Runs a plan once for every order in which its edges can happen. An order is a list of choices; each run
 * follows the choices of the one before it up to the last that has an alternative left, takes that, and
 * from there on always the first.
 *
 * @throws when there are more orders than the cap, since some would then go unseen.
 */
export async function everySchedule(
  plan: Plan,
  visit: (world: HistoryWorld) => void,
  cap: number,
): Promise<Enumerated> {
  let prefix: readonly Choice[] | undefined = []
  const counts = { schedules: 0, edges: 0 }
  while (prefix !== undefined) {
    if (counts.schedules === cap) throw new Error(`There are more than ${cap} orders.`)
    const edges = new WaitingEdges()
    const world = new HistoryWorld(plan, edges)
    const choices: Choice[] = []
    await world.run(() => follow(prefix as readonly Choice[], edges, world, choices))
    visit(world)
    counts.schedules++
    counts.edges += choices.length
    prefix = nextPrefix(choices)
  }
  return counts
}

async function follow(prefix: readonly Choice[], edges: WaitingEdges, world: HistoryWorld, choices: Choice[]) {
  await quiet()
  while (edges.waiting.length > 0) {
    const planned = prefix[choices.length]
    const of = edges.waiting.length
    if (planned !== undefined && planned.of !== of) throw new Error('The same choices led elsewhere.')
    const taken = planned?.taken ?? 0
    choices.push({ taken, of })
    edges.take(taken)
    await quiet()
    world.afterStep()
  }
}

function nextPrefix(choices: readonly Choice[]): readonly Choice[] | undefined {
  const last = choices.findLastIndex(({ taken, of }) => taken + 1 < of)
  if (last === -1) return undefined
  const { taken, of } = choices[last] as Choice
  return [...choices.slice(0, last), { taken: taken + 1, of }]
}

/** Resolves when everything has run that needs no edge: the platform empties its queue of microtasks before. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
