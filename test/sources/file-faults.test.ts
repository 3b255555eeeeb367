import { cp, mkdtemp, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fileVersion } from '../../src/integrations/file.ts'
import { describeFaults } from '../contracts/source-faults.ts'

describeFaults('`fileVersion`', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'page')
  const backup = join(folder, 'backup')
  await writeFile(file, 'first')
  const read = () => readFile(file, 'utf8').catch(() => 'nothing')

  /** Writes when the clock of the file system has moved on, as it does every few milliseconds. */
  const write = async (text: string): Promise<void> => {
    const { mtimeNs } = await stat(file, { bigint: true })
    do await writeFile(join(folder, 'clock'), '')
    while ((await stat(join(folder, 'clock'), { bigint: true })).mtimeNs === mtimeNs)
    await writeFile(file, text)
  }

  return {
    read,
    version: fileVersion(file),
    faults: {
      deleted: async (look) => {
        await look()
        await rm(file)
        await look()
      },
      emptied: async (look) => {
        await look()
        await truncate(file)
        await look()
      },
      'two writes in one tick': async (look) => {
        const then = new Date(Date.now() - 500)
        for (const text of ['one', 'two']) {
          await writeFile(file, text)
          await utimes(file, then, then)
          await look()
        }
      },
      'backup restored': async (look) => {
        await cp(file, backup, { preserveTimestamps: true })
        await look.during(() => write('x'))
        await rename(backup, file)
        await look()
      },
      'old content again': async (look) => {
        await write('x')
        await look.during(() => write('y'))
        await write('x')
        await look()
      },
    },
  }
})
