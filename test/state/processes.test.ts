import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStateStore } from '../../src/state/index.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, failuresOf, lock, operation, pendingOrdinals } from './builders.ts'
import { groupSize, startRecorder } from './child.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  file = join(folder, 'deeper', 'state.db')
})

afterEach(() => rm(folder, { recursive: true }))

describe('a state file and several processes', () => {
  it.each([1, 4, 9, 17])('holds whole groups only after a kill past group %i', async (groups) => {
    const recorder = startRecorder(file, 'people', 4_000)
    expect(await recorder.line()).toBe('open')
    recorder.begin()
    let said = 0
    while (said < groups * groupSize) said = Number(await recorder.line())
    await recorder.kill()

    const database = new Sqlite(file)
    const one = (sql: string) => Object.values(database.prepare(sql).all([])[0] as object)[0]
    expect(one('pragma integrity_check')).toBe('ok')
    const failed = one('select count(*) from outcomes') as number
    const outcomes =
      failed + Number(one('select sum(last_ordinal - first_ordinal + 1) from applied') ?? 0)
    expect(outcomes % groupSize).toBe(0)
    expect(outcomes).toBeGreaterThanOrEqual(said)
    expect(failed).toBe(outcomes * 0.1)
    expect(one('select count(distinct key) from confirmations')).toBe(outcomes * 0.9)
    expect(one('select count(*) from failures')).toBe(outcomes * 0.1)
    database.close()

    const store = await openStateStore({
      location: { kind: 'sqlite', file },
      clock: new VirtualClock(),
      create: true,
    })
    const run = await store.startRun(await lock(store), about())
    expect((await store.runs(null, 9)).map(({ status }) => status)).toEqual([
      'running',
      'interrupted',
    ])
    // Every key that was tried is known, if only as one whose state is not.
    expect(await run.snapshot.count()).toBeGreaterThanOrEqual(outcomes)
    expect(await failuresOf(store, { run: 1 })).toHaveLength(outcomes * 0.1)
    await run.sink.add([operation(0)])
    expect(await pendingOrdinals(run)).toEqual([0])
    await store.close()
  })

  it('loses nothing when it is killed while the snapshot takes in what was confirmed', async () => {
    const recorder = startRecorder(file, 'people', 30_000)
    await recorder.line()
    recorder.begin()
    let said = 0
    while (said < 19_950) said = Number(await recorder.line())
    const database = new Sqlite(file)
    const count = (sql: string) =>
      Object.values(database.prepare(sql).all([])[0] as object)[0] as number
    while (count('select count(*) from snapshot where fingerprint is not null') === 0) {
      await setImmediate()
    }
    await recorder.kill()
    expect(count("select count(*) from pragma_integrity_check where integrity_check = 'ok'")).toBe(
      1,
    )
    const settled =
      count('select count(*) from outcomes') +
      count('select sum(last_ordinal - first_ordinal + 1) from applied')
    expect(settled).toBeGreaterThanOrEqual(20_000)
    database.close()

    const store = await openStateStore({
      location: { kind: 'sqlite', file },
      clock: new VirtualClock(),
      create: true,
    })
    const keys = Array.from({ length: settled }, (_, ordinal) => `key-${ordinal}`)
    const expected = keys.map((_, ordinal) => (ordinal % 10 === 9 ? null : `f${ordinal}`))
    const reader = store.snapshot('people')
    const found = async () => {
      const entries = await reader.entries(keys)
      return keys.map((key) => entries.get(key)?.fingerprint)
    }
    expect(await found()).toEqual(expected)
    expect(await reader.count()).toBe(settled)
    expect(await found()).toEqual(expected)
    await store.close()
  })

  it('is made by whoever comes first when several open it at once', async () => {
    const recorders = ['a', 'b', 'c'].map((activation) => startRecorder(file, activation, 100))
    for (const recorder of recorders) expect(await recorder.line()).toBe('open')
    for (const recorder of recorders) await recorder.kill()
  })

  it('takes the writes of all of them', async () => {
    const recorders = ['a', 'b'].map((activation) => startRecorder(file, activation, 1_000))
    for (const recorder of recorders) await recorder.line()
    for (const recorder of recorders) recorder.begin()
    const store = await openStateStore({
      location: { kind: 'sqlite', file },
      clock: new VirtualClock(),
      create: true,
    })
    const run = await store.startRun(await lock(store, 'c'), about(null))
    await run.sink.add(Array.from({ length: 1_000 }, (_, ordinal) => operation(ordinal)))
    for await (const batch of run.pending(groupSize)) {
      await run.record(batch.map((each) => applied(each)))
    }
    for (const recorder of recorders) await recorder.end()
    for (const [activation, count] of Object.entries({ a: 1_000, b: 1_000, c: 1_000 })) {
      expect(await store.snapshot(activation).count()).toBe(count)
    }
    await store.close()
  })
})
