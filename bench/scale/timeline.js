/** @typedef {{ at: number, order: number, action: () => void }} Event */

/** Imaginary time, in milliseconds, and what is going to happen in it: a heap with what comes next on top. */
export class Timeline {
  now = 0
  #order = 0
  /** @type {Event[]} */
  #heap = []

  /**
   * @param {number} delay
   * @param {() => void} action
   */
  after(delay, action) {
    const event = { at: this.now + delay, order: this.#order++, action }
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (isBefore(heap[parent], event)) break
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = event
  }

  /** @param {number} end */
  run(end) {
    while (this.#heap.length > 0 && this.#heap[0].at <= end) {
      const { at, action } = this.#take()
      this.now = at
      action()
    }
    this.now = end
  }

  #take() {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (heap.length > 0) this.#sink(last)
    return first
  }

  /** @param {Event} event that takes the place of the first */
  #sink(event) {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (isBefore(event, heap[child])) break
      heap[index] = heap[child]
      index = child
    }
    heap[index] = event
  }
}

/** Of two at the same moment, the one that was planned first: a run is always the same. */
function isBefore(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
