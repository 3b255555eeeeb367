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
  left: number
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
  /** By the clock of the process: it is left alone until then. */
  #closedUntil = 0
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
   * @throws {RefusedEntryError | NotSharedError} when it answers, and says so.
   */
  async ask<T>(
    work: () => Promise<T>,
    { budget, stats, late }: { budget: Budget; stats: TierStats; late?: (answer: T) => void },
  ): Promise<T | typeof NO_ANSWER> {
    if (!(budget.left > 0) || !this.#isOpen()) {
      stats.skipped++
      return NO_ANSWER
    }
    const { left } = budget
    const started = performance.now()
    let isLate = false
    try {
      const asked = work()
      asked.then(
        (answer) => isLate && late?.(answer),
        () => undefined,
      )
      const answer = await withTimeout(asked, left, () => tooLate(this.#name, left))
      this.#succeed()
      return answer
    } catch (error) {
      if (error instanceof NotSharedError) {
        this.#isProbed = false // it was not asked at all
        throw error
      }
      if (error instanceof RefusedEntryError) {
        this.#succeed()
        throw error
      }
      isLate = true
      stats.errors++
      this.#fail(error)
      return NO_ANSWER
    } finally {
      budget.left = left - (performance.now() - started)
    }
  }

  /** When it was left alone for long enough, the first who comes tries it. */
  #isOpen(): boolean {
    if (this.#failures < MAX_FAILURES) return true
    if (this.#isProbed || performance.now() < this.#closedUntil) return false
    this.#isProbed = true
    return true
  }

  #succeed(): void {
    const wasDown = this.#failures >= MAX_FAILURES
    this.#failures = 0
    this.#isProbed = false
    this.#pause = FIRST_PAUSE
    if (wasDown) announce({ type: 'tierRecovered', tier: this.#name })
  }

  /** Calls that asked at the same time fail at the same time: that counts as one failure of one that is left alone. */
  #fail(error: unknown): void {
    this.#failures++
    const isDown = this.#failures >= MAX_FAILURES
    if (this.#isProbed) this.#pause = Math.min(2 * this.#pause, LAST_PAUSE)
    if (this.#isProbed || this.#failures === MAX_FAILURES) this.#closedUntil = performance.now() + this.#pause
    this.#isProbed = false
    announce({ type: 'tierFailed', tier: this.#name, error, isDown })
  }
}

function tooLate(name: string, timeout: number): TierTimeoutError {
  return new TierTimeoutError(
    `The tier ${name} did not answer within ${Math.ceil(timeout)} ms: the call went on without it.`,
  )
}
