import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'

/** Grace periods and soft timeouts serve old values on purpose: both are left off, as they are by default. */
export default {
  name: 'bentocache',
  package: 'bentocache',
  how: '`getOrSet`, memory as the only layer, `ttl: null` (none), no grace; `delete({ key })`',
  make({ load }) {
    const stores = { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 100 })) }
    const cache = new BentoCache({ default: 'memory', stores, ttl: null })
    return {
      read: (key) => cache.getOrSet({ key, factory: () => load(key) }),
      invalidate: (key) => cache.delete({ key }),
    }
  },
}
