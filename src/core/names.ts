import type { Inner } from './call-stamp.ts'
import { DuplicateNameError } from './errors.ts'
import type { SharedSource } from './shared-source.ts'

/** What is alive under which name: by that, processes tell each other what they mean. Held weakly. */
export class Names<T extends object> {
  readonly #byName = new Map<string, Set<WeakRef<T>>>()
  readonly #gone = new FinalizationRegistry<() => void>((forget) => forget())

  add(name: string, item: T): void {
    const ref = new WeakRef(item)
    const items = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, items.add(ref))
    this.#gone.register(item, () => {
      items.delete(ref)
      if (items.size === 0) this.#byName.delete(name)
    })
  }

  /** The one that has this name; undefined when none has it, or several do. */
  only(name: string): T | undefined {
    const all = this.#alive(name)
    return all.length === 1 ? all[0] : undefined
  }

  has(name: string): boolean {
    return this.#alive(name).length > 0
  }

  #alive(name: string): T[] {
    return [...(this.#byName.get(name) ?? [])].map((ref) => ref.deref()).filter((item) => item !== undefined)
  }
}

/** Those that were given a name; the methods of an instance have none that would tell which. */
export const cachedFunctions: Names<Inner> = new Names()

export const versionSources: Names<SharedSource> = new Names()

const namesInTiers: Names<object> = new Names()

/**
 * From now on the name stands for this cached function, as long as it lives.
 *
 * @throws {DuplicateNameError} when it stands for another one.
 */
export function claimName(name: string, cached: object): void {
  if (namesInTiers.has(name)) {
    throw new DuplicateNameError(
      `There is a cached function with a tier and the name "${name}" already, and each would get the outputs of the other: ` +
        'give this one another "name". (When code is loaded anew, as in development, keep the first one on globalThis.)',
    )
  }
  namesInTiers.add(name, cached)
}
