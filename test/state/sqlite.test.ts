import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { giveRoomBack } from '../../src/state/compact.ts'
import { openStateStore } from '../../src/state/index.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
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

it('is compacted where its folder has a quote in its name, and leaves nothing beside the file', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'millrace-state-')), "the team's")
  await mkdir(folder)
  const database = await openSqlite(join(folder, 'state.db'))
  await giveRoomBack(database)
  const [store] = await database.read((session) =>
    session.all<{ temp_store: number }>('pragma temp_store'),
  )
  await database.close()
  expect(store).toEqual({ temp_store: 0 })
  const others = (await readdir(folder)).filter((name) => !name.startsWith('state.db'))
  expect(others).toEqual([])
  await rm(join(folder, '..'), { recursive: true })
})
