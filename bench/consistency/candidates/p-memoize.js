import pMemoize, { pMemoizeClear } from 'p-memoize'

/**
 * Its cache could be told to forget one key, but a load in flight would put the key back. `pMemoizeClear` forgets
 * all keys and the loads in flight with them, so it is the call that is right. (Version 9 asks for Node 22, of which
 * npm warns on Node 20; it runs there.)
 */
export default {
  name: 'p-memoize',
  package: 'p-memoize',
  how: 'defaults; `pMemoizeClear(fn)`, which forgets all keys',
  make({ load }) {
    const read = pMemoize(load)
    return { read, invalidate: () => pMemoizeClear(read) }
  },
}
