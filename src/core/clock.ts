/** Milliseconds on a clock that never goes back; only differences mean something. */
export type Clock = () => number

/** `performance.now`: unlike `Date.now`, it is not set back or forward while the process runs. */
export const monotonicClock: Clock = () => performance.now()

/** For where nobody has to know what time it is. */
export const timelessClock: Clock = () => 0
