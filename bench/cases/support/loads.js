/**
 * That everything was a hit, nobody can see in the figures: a load more would only make them a little worse.
 *
 * @param {{ loads: number }} counted
 * @param {number} loads as many as there are keys
 */
export function requireLoads(counted, loads) {
  if (counted.loads !== loads) throw new Error(`It has loaded ${counted.loads} times instead of ${loads} times.`)
}
