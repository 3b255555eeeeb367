import { counter } from '../../src/index.ts'
import { describeFaults, type VersionedSystem } from '../contracts/source-faults.ts'

describeFaults('`counter`', (): VersionedSystem => {
  const notes = counter({ name: 'notes' })
  let kept = ['a', 'b']
  const write = async (next: string[]): Promise<void> => {
    kept = next
    notes.bump()
  }
  return {
    read: async () => kept,
    version: notes.of(() => undefined),
    faults: {
      deleted: async (look) => {
        await look()
        await write(['b'])
        await look()
      },
      emptied: async (look) => {
        await look()
        await write([])
        await look()
      },
      'two writes in one tick': async (look) => {
        await write(['c'])
        await look()
        await write(['d'])
        await look()
      },
      'old content again': async (look) => {
        await write(['x'])
        await look.during(() => write(['y']))
        await write(['x'])
        await look()
      },
    },
  }
})
