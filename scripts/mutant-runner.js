import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVitest } from 'vitest/node'

/** Milliseconds after which a run that has ended no test is stopped: more than four times what the slowest takes. */
const SILENCE = 60_000

/** Runs tests in a copy of the project. Vitest is started once for all mutants: that takes longer than most of their tests. */
export class Runner {
  copy
  #vitest
  #silence

  constructor(copy) {
    this.copy = copy
  }

  write(file, text) {
    writeFileSync(join(this.copy, file), text)
    this.#vitest?.invalidateFile(join(this.copy, file))
  }

  /** The first test that fails, of those that `file` or `file > test` names, or undefined when all pass. */
  async killerAmong(tests) {
    const [file, ...names] = tests.split(' > ')
    this.#vitest ??= await this.#start()
    const { state } = this.#vitest
    state.filesMap.clear() // what failed before counts for its `bail`, and among what it tells
    state.idMap.clear()
    let ends = true
    this.#silence = setTimeout(() => {
      ends = false
      this.#vitest.cancelCurrentRun('test-failure') // waits for the tests that run
      this.#vitest.cancelCurrentRun('test-failure') // the second time it kills them
    }, SILENCE)
    const testNamePattern = new RegExp(names.join(' ').replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
    const part = this.#vitest.getRootProject().createSpecification(join(this.copy, pathOf(file)), { testNamePattern })
    const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications([part])
    clearTimeout(this.#silence)
    if (!ends || unhandledErrors.length > 0) await this.close()
    const [failed] = testModules.flatMap(({ children }) => [...children.allTests('failed')])
    if (failed) return `${file} > ${failed.fullName}`
    if (!ends || unhandledErrors.length > 0) return `${file} > a run that did not end`
    const groups = testModules.flatMap((module) => [module, ...module.children.allSuites()])
    const [error] = groups.flatMap((group) => group.errors())
    if (error) console.error(`${pathOf(file)} fails outside of its tests, which kills nothing: ${error.message}`)
    return undefined
  }

  #start() {
    return createVitest('test', {
      root: this.copy,
      watch: false,
      cache: false,
      bail: 1,
      testTimeout: 10_000,
      env: { NO_SHRINKING: '1' },
      reporters: [{ onTestCaseResult: () => this.#silence.refresh() }],
    })
  }

  async close() {
    await this.#vitest?.close()
    this.#vitest = undefined
  }
}

/** Where a test is that `file` or `file > test` names. */
export function pathOf(test) {
  return `test/${test.split(' > ')[0]}.test.ts`
}
