/**
 * How many requests find their entry if what is evicted is always what will be asked for last (Belady 1966). What is
 * loaded is kept at first, as by the other policies.
 *
 * The cache is the set of the times at which what it holds will be asked for next: request `now` is a hit when `now`
 * is one of them. A time that has passed needs no removing, since it never again is the latest.
 *
 * @param {ArrayLike<number>} trace
 * @param {number} capacity
 */
export function optimumHits(trace, capacity) {
  const next = nextRequests(trace)
  const held = new Uint8Array(2 * trace.length)
  const latest = new MaxHeap()
  let [count, hits] = [0, 0]
  for (let now = 0; now < trace.length; now++) {
    if (held[now] === 1) hits++
    else if (count === capacity) held[latest.pop()] = 0
    else count++
    held[next[now]] = 1
    latest.push(next[now])
  }
  return hits
}

/**
 * When the key of each request is asked for again; if never, a time of its own after the end.
 *
 * @param {ArrayLike<number>} trace
 */
function nextRequests(trace) {
  const next = new Uint32Array(trace.length)
  const seen = new Map()
  for (let now = trace.length - 1; now >= 0; now--) {
    next[now] = seen.get(trace[now]) ?? trace.length + now
    seen.set(trace[now], now)
  }
  return next
}

/** Gives the largest number first: a binary tree in a list, in which no child is larger than its parent. */
class MaxHeap {
  /** @type {number[]} */
  #numbers = []

  /** @param {number} number */
  push(number) {
    const numbers = this.#numbers
    let place = numbers.length
    while (place > 0) {
      const parent = (place - 1) >>> 1
      if (numbers[parent] >= number) break
      numbers[place] = numbers[parent]
      place = parent
    }
    numbers[place] = number
  }

  /** @returns {number} the largest, which is taken out */
  pop() {
    const numbers = this.#numbers
    const largest = numbers[0]
    const last = numbers.pop()
    if (numbers.length > 0) this.#sink(last)
    return largest
  }

  /** @param {number} number takes the place at the top, and goes down to where it belongs */
  #sink(number) {
    const numbers = this.#numbers
    let place = 0
    for (let child = this.#largerChild(place); numbers[child] > number; child = this.#largerChild(place)) {
      numbers[place] = numbers[child]
      place = child
    }
    numbers[place] = number
  }

  /** @param {number} place */
  #largerChild(place) {
    const left = 2 * place + 1
    return this.#numbers[left + 1] > this.#numbers[left] ? left + 1 : left
  }
}
