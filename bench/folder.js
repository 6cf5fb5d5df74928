// A folder for what is measured, which goes at the end of the process at the latest.
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a folder. `remove` takes it away. */
export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const removeNow = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeNow)
  const remove = async () => {
    await rm(folder, { recursive: true, force: true })
    process.removeListener('exit', removeNow)
  }
  return { folder, remove }
}
