import type { FunctionPlan, Read } from './graph-plan.ts'

/** The same functions, of which each calls only those before it, and a sync one nothing that gives a promise. */
export function feasible(plans: readonly FunctionPlan[], hasTier: boolean): FunctionPlan[] {
  const done: FunctionPlan[] = []
  for (const plan of plans) {
    const reads = feasibleReads(plan.reads, plan.loader === 'sync', done)
    done.push({ ...plan, isShared: hasTier && plan.isShared, reads })
  }
  return done
}

function feasibleReads(reads: readonly Read[], isSync: boolean, before: readonly FunctionPlan[]): Read[] {
  return reads.flatMap((read) => feasibleRead(read, isSync, before) ?? [])
}

function feasibleRead(read: Read, isSync: boolean, before: readonly FunctionPlan[]): Read | undefined {
  switch (read.do) {
    case 'call': {
      const callable = [...before.keys()].filter((fn) => !isSync || givesNow(before[fn] as FunctionPlan))
      const fn = callable[read.fn % callable.length]
      return fn === undefined ? undefined : { ...read, fn }
    }
    case 'current':
    case 'dependsOn':
      return isSync ? { ...read, source: 'plain' } : read
    case 'all':
      return { ...read, reads: feasibleReads(read.reads, isSync, before) }
    case 'either': {
      const [even, odd] = [read.even, read.odd].map((reads) => feasibleReads(reads, isSync, before)) as [Read[], Read[]]
      return { ...read, even, odd }
    }
    default:
      return read
  }
}

/** Whether it gives its output, and no promise. */
function givesNow({ loader, version, check, isShared }: FunctionPlan): boolean {
  if (isShared || loader !== 'sync' || version.includes('slow') || version.includes('batch')) return false
  return check === 'sync' || !version.includes('own')
}

/** Whether its loader reads data of the source itself. */
export function isReaderOf({ version, reads }: FunctionPlan, source: string): boolean {
  return someRead(reads, (read) => {
    if (read.do === 'data') return version.some((name) => name === source)
    return (read.do === 'current' || read.do === 'dependsOn') && read.source === source
  })
}

/** Whether some data lets its loader fail, or a part of it that it catches. */
export function mayFail({ reads }: FunctionPlan): boolean {
  return someRead(reads, (read) => read.do === 'fail')
}

function someRead(reads: readonly Read[], is: (read: Read) => boolean): boolean {
  return reads.some((read) => {
    if (read.do === 'all') return someRead(read.reads, is)
    return read.do === 'either' ? someRead([...read.even, ...read.odd], is) : is(read)
  })
}
