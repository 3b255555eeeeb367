import type { Lease } from './tier.ts'

/** A lease that is renewed as long as the load runs. */
export class KeptLease {
  readonly #lease: Lease
  readonly #timer: NodeJS.Timeout | undefined

  /** @param ask asks the tier, and says whether the lease is still ours. */
  constructor(lease: Lease, ask: (renew: () => Promise<boolean>) => Promise<boolean>) {
    this.#lease = lease
    const { renew, renewEvery } = lease
    if (renew === undefined) return
    this.#timer = setInterval(async () => {
      if (!(await ask(renew))) clearInterval(this.#timer)
    }, renewEvery)
    this.#timer.unref()
  }

  /** The load has ended. */
  end(): Lease {
    clearInterval(this.#timer)
    return this.#lease
  }
}
