import type { Graph } from './graph-build.ts'
import { DataError } from './graph-loader.ts'
import { ARGUMENTS, type GraphPlan } from './graph-plan.ts'
import { mayFail } from './graph-shape.ts'
import { quiet } from './history-enumerate.ts'

/** What calls gave, each by what it is called: an output, or how it failed. */
type Outcomes = ReadonlyMap<string, string>

/** What the functions of a graph give where there is no cache. */
export function uncachedOutcomes(graph: Graph): Outcomes {
  const outcomes = new Map<string, string>()
  for (const [call, fn, arg] of callsOf(graph)) {
    try {
      outcomes.set(call, `${graph.uncached(fn, arg).value}`)
    } catch (error) {
      outcomes.set(call, tell(error))
    }
  }
  return outcomes
}

/** What one session gets of everything, while nothing else goes on. */
export async function outcomesIn(graph: Graph, run: <R>(fn: () => R) => R): Promise<Outcomes> {
  const outcomes = new Map<string, string>()
  for (const [call, fn, arg] of callsOf(graph)) {
    void run(async () => graph.call(fn, arg)).then(
      ({ value }) => outcomes.set(call, `${value}`),
      (error) => outcomes.set(call, tell(error)),
    )
  }
  await quiet()
  return outcomes
}

/** What is wrong with what was found. */
export function differences(expected: Outcomes, found: Outcomes): string[] {
  const different = [...expected].filter(([call, outcome]) => found.get(call) !== outcome)
  return different.map(([call, outcome]) => `at rest: ${call} gave ${found.get(call)}, not ${outcome}`)
}

/** Whether no output is made of too much. */
export function canLook({ functions }: GraphPlan): boolean {
  return functions.every(({ maxStamps }) => maxStamps > 100)
}

/** Whether nothing that is good is ever loaded again. */
export function keepsAll(plan: GraphPlan): boolean {
  return canLook(plan) && plan.functions.every((one) => one.max > ARGUMENTS.length && !mayFail(one))
}

function* callsOf({ functions }: Graph): Iterable<[call: string, fn: number, arg: string]> {
  for (let fn = functions.length - 1; fn >= 0; fn--) {
    for (const arg of ARGUMENTS) yield [`f${fn}(${arg})`, fn, arg]
  }
}

function tell(error: unknown): string {
  return error instanceof DataError ? error.message : `unexpected: ${error instanceof Error ? error.stack : error}`
}
