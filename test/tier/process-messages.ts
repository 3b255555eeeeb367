import type { ReportName } from './faults-history.ts'

/** What a process is started with. */
export interface ProcessSettings {
  readonly databaseUrl: string
  readonly redisPort: number
  readonly client: 'redis' | 'ioredis'
  readonly seed: number
  /** Its reports go by their time alone, as they must not. */
  readonly withoutVersions?: boolean
  /** Undefined for a process that has no code version. */
  readonly codeVersion?: string | undefined
  readonly tierTimeout: number
  readonly lease: number
  readonly leaseWait: number
  readonly maxClockSkew: number
  /** Of the reports that go by their time alone. */
  readonly ttl: number
  /** How long the slow report takes. */
  readonly slowLoad: number
}

/** What the test asks a process for. Each is answered when it is done. */
export type Order =
  | { readonly do: 'run'; readonly sessions: number; readonly writers: number }
  | { readonly do: 'stop' }
  | { readonly do: 'collect' }
  | { readonly do: 'count' }
  | { readonly do: 'ask'; readonly of: ReportName; readonly key: number; readonly callers: number }
  | { readonly do: 'write'; readonly row: number }
  | { readonly do: 'shift'; readonly clock: number }

/** What the caches of a process have counted, all reports together. */
export interface Counted {
  readonly loads: number
  readonly hits: number
  readonly misses: number
  readonly refused: number
  readonly errors: number
  readonly skipped: number
  readonly waits: number
  readonly writes: number
  readonly unshared: number
  /** By event. */
  readonly events: { readonly [type: string]: number }
  /** What its wall clock says, less the clock of the machine. */
  readonly wallClock: number
}

/** What a process says by itself. */
export type News =
  | { readonly ready: true }
  /** The slow report begins to load. */
  | { readonly loading: number }
  /** Something came from the tier: when. */
  | { readonly hit: number }
  /** It begins to leave the tier alone: when. */
  | { readonly down: number }

export type Answer = { readonly answerTo: number; readonly answer: unknown }
