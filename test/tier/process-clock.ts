/** The wall clock of this process alone, which a test puts forward or back. Import it before all that reads the time. */
let shift = 0
const { now } = Date
Date.now = () => now() + shift

export function shiftClock(milliseconds: number): void {
  shift = milliseconds
}
