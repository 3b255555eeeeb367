import { TierTimeoutError } from './errors.ts'
import { announce } from './events.ts'
import type { TierStats } from './stats.ts'
import { NotSharedError, RefusedEntryError, type Tier } from './tier.ts'
import { withTimeout } from './timeout.ts'

/** Failures in a row after which a tier is left alone. */
const MAX_FAILURES = 3
/** For how many milliseconds; twice as long each time that it fails again, up to the last. */
const [FIRST_PAUSE, LAST_PAUSE] = [1000, 30_000]

/** What stands for an answer where there is none. */
export const NO_ANSWER: unique symbol = Symbol('no answer')

/** How many milliseconds a call may wait for its tier, whatever it asks of it. */
export interface Budget {
  readonly all: number
  left: number
}

export function budgetOf(milliseconds: number): Budget {
  return { all: milliseconds, left: milliseconds }
}

/**
 * Asks a tier, and goes on without it when it does not answer. One that fails again and again is left alone for a while
 * (a circuit breaker), and then tried by one call, while the others go on without it.
 */
export class TierGuard {
  static readonly #all = new WeakMap<Tier, TierGuard>()
  readonly #name: string
  #failures = 0
  #pause = FIRST_PAUSE
  /** By the clock of the process. */
  #leftAloneUntil = 0
  #isProbed = false

  /** The same for all functions whose tier it is. */
  static of(tier: Tier): TierGuard {
    const guard = TierGuard.#all.get(tier) ?? new TierGuard(tier.name)
    TierGuard.#all.set(tier, guard)
    return guard
  }

  private constructor(name: string) {
    this.#name = name
  }

  /**
   * Gives what it answers, within what is left of the time. What comes too late is left to `late`.
   *
   * @throws {RefusedEntryError} when what it answers is no entry of ours.
   * @throws {NotSharedError} when there is nothing to ask it for, since an output cannot be carried.
   */
  async ask<T>(
    work: () => Promise<T>,
    { budget, stats, late }: { budget: Budget; stats: TierStats; late?: (answer: T) => void },
  ): Promise<T | typeof NO_ANSWER> {
    const isProbe = this.#isDown
    if (!(budget.left > 0) || (isProbe && !this.#mayProbe())) {
      stats.skipped++
      return NO_ANSWER
    }
    this.#isProbed ||= isProbe
    const { left } = budget
    const started = performance.now()
    let isLate = false
    try {
      const asked = work()
      asked.then(
        (answer) => isLate && late?.(answer),
        () => undefined,
      )
      const answer = await withTimeout(asked, left, () => tooLate(this.#name, left), setImmediate)
      this.#succeed()
      return answer
    } catch (error) {
      if (error instanceof NotSharedError) throw error // before it was asked
      if (error instanceof RefusedEntryError) {
        this.#succeed()
        throw error
      }
      isLate = true
      stats.errors++
      const isShort = error instanceof TierTimeoutError && left < budget.all
      if (!isShort) this.#fail(isProbe)
      announce({ type: 'tierFailed', tier: this.#name, error, isDown: this.#isDown })
      return NO_ANSWER
    } finally {
      if (isProbe) this.#isProbed = false
      budget.left = left - (performance.now() - started)
    }
  }

  /** Whether it is left alone. */
  get #isDown(): boolean {
    return this.#failures >= MAX_FAILURES
  }

  /** When it was left alone for long enough, one call tries it, while the others go on without it. */
  #mayProbe(): boolean {
    return !this.#isProbed && performance.now() >= this.#leftAloneUntil
  }

  #succeed(): void {
    const wasDown = this.#isDown
    this.#failures = 0
    this.#pause = FIRST_PAUSE
    if (wasDown) announce({ type: 'tierRecovered', tier: this.#name })
  }

  /**
   * Calls that asked at the same time fail at the same time: it is left alone for as long as after the first of them. What
   * has had a part of the time only, since the rest was used up, may be slow, and does not count: it is not down.
   */
  #fail(isProbe: boolean): void {
    this.#failures++
    if (isProbe) this.#pause = Math.min(2 * this.#pause, LAST_PAUSE)
    if (isProbe || this.#failures === MAX_FAILURES) this.#leftAloneUntil = performance.now() + this.#pause
  }
}

function tooLate(name: string, timeout: number): TierTimeoutError {
  return new TierTimeoutError(
    `The tier ${name} did not answer within ${Math.ceil(timeout)} ms: the call went on without it.`,
  )
}
