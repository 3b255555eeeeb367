/** A clock that moves when the test says so. */
export interface ManualClock {
  (): number
  advance(milliseconds: number): void
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start
  return Object.assign(() => now, {
    advance(milliseconds: number) {
      now += milliseconds
    },
  })
}
