import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readBasis, writeBasis } from '../../src/state/basis.ts'
import type { Database } from '../../src/state/database.ts'
import { exportState } from '../../src/state/export.ts'
import { forget } from '../../src/state/forget.ts'
import { importState } from '../../src/state/import.ts'
import { activationNumber } from '../../src/state/lock.ts'
import { openDatabase } from '../../src/state/open.ts'

const claim = { now: 0, hasEnded: () => false }
const basis = { keysFrom: '{"of":"all","parts":[]}', workspace: 'one', login: 'salt:digest' }
const nothing = { keysFrom: null, workspace: null, login: null }

let folder: string
let database: Database

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-basis-'))
  const opened = await openDatabase({
    location: { kind: 'sqlite', file: join(folder, 'state.db') },
    create: true,
  })
  if (opened === null) throw new Error('no state was made')
  database = opened
  await database.write(async (session) => {
    await writeBasis(session, await activationNumber(session, 'people'), basis)
  })
})

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

async function exported(): Promise<string> {
  let text = ''
  for await (const piece of exportState(database, ['people'], claim)) text += piece
  return text
}

async function* linesOf(text: string): AsyncGenerator<string> {
  yield* text.trimEnd().split('\n')
}

const importing = (text: string) =>
  importState(database, linesOf(text), { ...claim, file: 'state.jsonl', replace: true })

it('is carried over with the snapshot, but for what was logged in with', async () => {
  const text = await exported()
  expect(text).not.toContain('digest')
  await importing(text)
  expect(await readBasis(database, 'people')).toEqual({ ...basis, login: null })
})

it('is not known after the import of a file that does not tell it', async () => {
  const text = (await exported())
    .replace(/,"keys_from":.*?"workspace":"one"/, '')
    .replace(/,"sha256":"\w+"/, '')
  expect(text).not.toContain('workspace')
  await importing(text)
  expect(await readBasis(database, 'people')).toEqual(nothing)
})

it('is forgotten with the activation', async () => {
  await forget(database, 'people', claim)
  expect(await readBasis(database, 'people')).toEqual(nothing)
})
