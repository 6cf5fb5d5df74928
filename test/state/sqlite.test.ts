import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStateStore } from '../../src/state/index.ts'
import { stateConformance } from '../conformance/state.ts'

stateConformance('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  return {
    open: (clock) =>
      openStateStore({
        location: { kind: 'sqlite', file: join(folder, 'state.db') },
        clock,
        create: true,
      }),
    remove: () => rm(folder, { recursive: true }),
  }
})
