import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()

/** Ends a process when this one ends: a test that is cancelled does not stop what it has started. */
export function endsWithThis(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
process.once('SIGTERM', () => process.exit(143)) // which would otherwise end it without a word
