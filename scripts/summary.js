// The closing line of a CI run, counted from the test runner's own report.
import { readFile } from 'node:fs/promises'

const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, success: false }
const report = await readFile('.reports/vitest.json', 'utf8').then(JSON.parse, () => none)
// A test file that cannot even be loaded has no test that failed.
const failed = report.success ? report.numFailedTests : Math.max(1, report.numFailedTests)
console.log(
  `tests: ${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
)
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1
