/**
 * What requests ask for.
 *
 * @typedef {object} Shape
 * @property {string} title
 * @property {(random: () => number) => { keys: string[], names: string[] }} draw the rows of a run, and what is read
 * @property {(name: string) => string[]} rowsOf the rows of which something is made, in the order of its outputs
 */

/**
 * A row each. A quarter of the runs has only one.
 *
 * @type {Shape}
 */
export const TWO_KEYS = {
  title: 'two keys of one source',
  draw(random) {
    const keys = random() < 0.25 ? ['a'] : ['a', 'b']
    return { keys, names: keys }
  },
  rowsOf: (name) => [name],
}

/** @type {Shape} */
export const TWO_SOURCES = { ...TWO_KEYS, title: 'two sources' }

const MADE_OF = { a: ['a'], b: ['b'], both: ['a', 'b'], page: ['a', 'b', 'b'] }

/**
 * Two that read a row, one that is made of these two, and one that is made of all three.
 *
 * @type {Shape}
 */
export const FOUR_FUNCTIONS = {
  title: 'four functions',
  draw: () => ({ keys: ['a', 'b'], names: Object.keys(MADE_OF) }),
  rowsOf: (name) => MADE_OF[name],
}
