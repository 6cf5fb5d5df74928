import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultRetention } from '../../src/config/retention.ts'
import type { Outcome } from '../../src/connector/index.ts'
import { compact } from '../../src/state/compact.ts'
import type { Database } from '../../src/state/database.ts'
import { exportState } from '../../src/state/export.ts'
import { fold } from '../../src/state/fold.ts'
import { forget, knownActivations } from '../../src/state/forget.ts'
import { importState } from '../../src/state/import.ts'
import { inspect } from '../../src/state/inspect.ts'
import { hashOfKey } from '../../src/state/key-places.ts'
import { stateStore } from '../../src/state/open.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import type { StateStore } from '../../src/state/store.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, failure, lock, operation, unapplied, wholeSnapshot } from './builders.ts'

let folder: string
let file: string
let database: Database
let store: StateStore
let clock: VirtualClock

const claim = () => ({ now: clock.now(), hasEnded: () => false })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  file = join(folder, 'state.db')
  clock = new VirtualClock()
  database = await openSqlite(file)
  store = stateStore(database, clock)
})

afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

const rows = <Row extends object>(sql: string) => database.read((session) => session.all<Row>(sql))

async function count(table: 'snapshot' | 'confirmations', activation = 'people'): Promise<number> {
  const [row] = await rows<{ rows: number }>(
    `select count(*) as rows from ${table} where activation_id = (select id from activations where name = '${activation}')`,
  )
  return row?.rows ?? 0
}

/** Delivers a key as `version`. */
function delivered(ordinal: number, key: string, version: string, more: Partial<Outcome> = {}) {
  const record = { name: version }
  return applied(operation(ordinal, { key, record, fingerprint: version }), more)
}

/** A run that records groups of outcomes, one after the other. */
async function run(groups: readonly (readonly Outcome[])[], activation = 'people'): Promise<void> {
  const held = await lock(store, activation)
  const begun = await store.startRun(held, about())
  for (const group of groups) await begun.record(group)
  await begun.finish('done', clock.now(), '{}')
  await store.releaseLock(held)
}

/** What is known of each key: id, and version. */
async function known(keys: readonly string[], activation = 'people', of = store) {
  const entries = await of.snapshot(activation).entries(keys)
  return Object.fromEntries(
    [...entries].map(([key, { id, fingerprint }]) => [key, [id, fingerprint]]),
  )
}

async function foldAll(activation = 'people', into = database): Promise<void> {
  const [row] = await rows<{ id: number }>(
    `select id from activations where name = '${activation}'`,
  )
  await fold(into, row?.id ?? 0)
}

/** The same database, in which something happens before each step of a fold. */
function interrupted(before: (step: number) => Promise<void>): Database {
  let step = 0
  return {
    phrases: database.phrases,
    read: (work) => database.read(work),
    write: (work) => database.write(work),
    stage: async (work) => {
      await before(++step)
      return await database.stage(work)
    },
    close: () => database.close(),
  }
}

const many = Array.from({ length: 4_500 }, (_, index) => `key-${(index * 7_919) % 4_500}`)
const versions = (keys: readonly string[], version: string) =>
  keys.map((key, ordinal) => delivered(ordinal, key, version))

describe('what was confirmed and the snapshot has not taken in', () => {
  it('counts before the snapshot, the newest of a key first', async () => {
    await run([versions(['a', 'b', 'c'], '1')])
    await foldAll()
    expect([await count('snapshot'), await count('confirmations')]).toEqual([3, 0])
    await run([[delivered(0, 'a', '2'), delivered(1, 'a', '3')], [delivered(2, 'd', '2')]])
    await run([[delivered(0, 'b', '4', { id: 'other' })], [delivered(1, 'd', '5')]])
    expect([await count('snapshot'), await count('confirmations')]).toEqual([3, 5])
    const expected = {
      a: ['id-a', '3'],
      b: ['other', '4'],
      c: ['id-c', '1'],
      d: ['id-d', '5'],
    }
    expect(await known(['a', 'b', 'c', 'd', 'e'])).toEqual(expected)
    // Another process has not seen how they came.
    const other = await openSqlite(file)
    expect(await known(['d', 'c', 'b', 'a'], 'people', stateStore(other, clock))).toEqual(expected)
    await foldAll()
    expect([await count('snapshot'), await count('confirmations')]).toEqual([4, 0])
    expect(await known(['a', 'b', 'c', 'd'])).toEqual(expected)
    expect(await known(['a', 'b', 'c', 'd'], 'people', stateStore(other, clock))).toEqual(expected)
    await other.close()
  })

  it('is found where others have the same hash', async () => {
    const [one, other] = ['41e7637e', '32e7b56f']
    expect(hashOfKey(one)).toBe(hashOfKey(other))
    await run([[delivered(0, one, '1'), delivered(1, other, '2')]])
    expect(await known([one, other])).toEqual({
      [one]: [`id-${one}`, '1'],
      [other]: [`id-${other}`, '2'],
    })
    expect(await known([one])).toEqual({ [one]: [`id-${one}`, '1'] })
    await run([[unapplied(operation(0, { key: other }), 'failed')]])
    expect([await count('snapshot'), await count('confirmations')]).toEqual([1, 1])
    expect(await known([one, other])).toEqual({
      [one]: [`id-${one}`, '1'],
      [other]: [`id-${other}`, null],
    })
  })

  it('has each of many that are recorded together', async () => {
    for (const size of [1, 9, 10, 11, 23, 40]) {
      const keys = Array.from({ length: size }, (_, number) => `${number} of ${size}`)
      await run([
        keys.map((key, ordinal) => delivered(ordinal, key, `v ${key}`, { id: `id ${key}` })),
      ])
      expect(await known(keys)).toEqual(
        Object.fromEntries(keys.map((key) => [key, [`id ${key}`, `v ${key}`]])),
      )
    }
    expect(await count('confirmations')).toBe(1 + 9 + 10 + 11 + 23 + 40)
  })

  it('has the hash of a key on disk: it is what it was in other versions', () => {
    expect(['', 'a', 'key-1', 'ü\ud800'].map(hashOfKey)).toEqual([
      447_753_804, 187_503_396, 2_117_574_670, -495_908_616,
    ])
  })

  it('keeps an id that the target does not name again, wherever it is', async () => {
    await run([versions(['a', 'b'], '1')])
    await foldAll()
    await run([[delivered(0, 'b', '2', { id: 'newer' }), delivered(1, 'c', '2')]])
    await run([
      [
        delivered(0, 'a', '3', { id: undefined }),
        delivered(1, 'b', '3', { id: undefined }),
        delivered(2, 'c', '3', { id: undefined }),
        delivered(3, 'd', '3', { id: undefined }),
      ],
    ])
    expect(await known(['a', 'b', 'c', 'd'])).toEqual({
      a: ['id-a', '3'],
      b: ['newer', '3'],
      c: ['id-c', '3'],
      d: [null, '3'],
    })
  })

  it('is changed by failures as the snapshot is', async () => {
    const keys = ['learnt', 'forgotten', 'doubtful', 'partly', 'refused']
    await run([versions(keys, '1')])
    await run([versions(keys, '2')])
    await foldAll()
    await run([versions(keys, '3')])
    await run([versions(keys, '4')])
    const failed = (ordinal: number, status: 'rejected' | 'in_doubt', more: Partial<Outcome>) =>
      unapplied(operation(ordinal, { key: keys[ordinal] ?? '' }), status, more)
    await run([
      [
        failed(0, 'rejected', { id: 'new' }),
        failed(1, 'rejected', { id: null }),
        failed(2, 'in_doubt', {}),
        failed(3, 'rejected', { held: { name: 'half' } }),
        failed(4, 'rejected', {}),
      ],
    ])
    const expected = {
      learnt: ['new', '4'],
      forgotten: [null, '4'],
      doubtful: ['id-doubtful', null],
      partly: ['id-partly', null],
      refused: ['id-refused', '4'],
    }
    expect(await known(keys)).toEqual(expected)
    const entries = await store.snapshot('people').entries(keys)
    expect(entries.get('doubtful')?.unansweredSince).toBeDefined()
    expect(entries.get('partly')?.sent).toEqual({ name: 'half' })
    expect(entries.get('learnt')?.sent).toEqual({ name: '4' })
    await foldAll()
    expect(await known(keys)).toEqual(expected)
    await run([versions(['doubtful'], '5')])
    const [again] = (await store.snapshot('people').entries(['doubtful'])).values()
    expect(again).toMatchObject({ fingerprint: '5', id: 'id-doubtful' })
    expect(again?.unansweredSince).toBeUndefined()
  })

  it('is not what a transaction recorded that was rolled back', async () => {
    const held = await lock(store)
    const begun = await store.startRun(held, about())
    const a = operation(0, { key: 'a' })
    // The second outcome of an ordinal comes in a group of its own, which looks for the key.
    await expect(begun.record([applied(a), unapplied(a, 'failed')])).rejects.toThrow('already')
    await begun.record([delivered(1, 'b', '1')])
    expect(await known(['a', 'b'])).toEqual({ b: ['id-b', '1'] })
  })

  it('is of each activation by itself', async () => {
    await run([versions(['a', 'b'], '1')], 'people')
    await run([versions(['b', 'c'], '2')], 'others')
    await foldAll('people')
    expect([
      await count('confirmations', 'people'),
      await count('confirmations', 'others'),
    ]).toEqual([0, 2])
    await run([[unapplied(operation(0, { key: 'b' }), 'failed')]], 'others')
    expect(await known(['a', 'b', 'c'], 'people')).toEqual({ a: ['id-a', '1'], b: ['id-b', '1'] })
    expect(await known(['a', 'b', 'c'], 'others')).toEqual({ b: ['id-b', null], c: ['id-c', '2'] })
  })

  it('tells ids to other activations, and hides those of what was removed since', async () => {
    const keys = { target: 'intercom', object: 'contact', field: 'email' }
    await run([versions(['a', 'b'], '1')], 'people')
    await foldAll('people')
    const gone = delivered(0, 'b', '2', { kind: 'archive', removal: true })
    await run([[gone, delivered(1, 'c', '2', { id: 'older' })]], 'people')
    await clock.advance(5)
    await run([[delivered(0, 'c', '3', { id: 'newer' })]], 'others')
    expect(Object.fromEntries(await store.knownIds(keys, ['a', 'b', 'c', 'd']))).toEqual({
      a: 'id-a',
      c: 'newer',
    })
  })

  it('is counted, and goes with its activation', async () => {
    await run([versions(['a', 'b', 'c'], '1')])
    await foldAll()
    await run([versions(['b', 'd'], '2')])
    await run([versions(['d'], '3')])
    expect((await inspect(database, claim())).activations).toMatchObject([{ keys: 4 }])
    expect(await store.snapshot('people').count()).toBe(4)
    await run([versions(['e'], '4')])
    await rows('delete from runs where id = -1')
    expect(await knownActivations(database)).toEqual(['people'])
    expect(await forget(database, 'people', claim())).toEqual({ keys: 5 })
    expect([await count('snapshot'), await count('confirmations')]).toEqual([0, 0])
    expect(await known(['a', 'b', 'c', 'd', 'e'])).toEqual({})
  })

  it('replaces no id and links none where one was confirmed', async () => {
    await run([versions(['a'], '1')])
    const held = await lock(store)
    const adoption = await store.startAdoption(held, about())
    await adoption.link([
      { key: 'a', id: 'looked-up' },
      { key: 'b', id: 'looked-up-too' },
    ])
    expect(await adoption.known(['a', 'b', 'c'])).toEqual(new Set(['a', 'b']))
    await adoption.finish()
    expect(await known(['a', 'b'])).toEqual({ a: ['id-a', '1'], b: ['looked-up-too', null] })
  })

  it('has other fingerprints once the run tells them', async () => {
    await run([versions(['a', 'b'], '1')])
    await foldAll()
    await run([versions(['b', 'c'], '2')])
    const begun = await store.startRun(await lock(store), about())
    await begun.sink.renew([
      { key: 'a', fingerprint: 'new-a' },
      { key: 'c', fingerprint: 'new-c' },
    ])
    expect(await known(['a', 'b', 'c'])).toEqual({
      a: ['id-a', 'new-a'],
      b: ['id-b', '2'],
      c: ['id-c', 'new-c'],
    })
  })

  it('leaves no value behind where none are kept any more', async () => {
    await run([versions(['a', 'b'], 'legible')])
    const held = await lock(store)
    await store.startRun(held, { ...about(), keepValues: false })
    expect(await count('confirmations')).toBe(0)
    expect(await rows('select distinct sent from snapshot')).toEqual([{ sent: '{}' }])
  })
})

describe('folding', () => {
  beforeEach(async () => {
    await run([versions(many, '1')])
    await foldAll()
    await run([versions(many.slice(0, 3_000), '2')])
    await run([versions(many.slice(2_000, 4_400), '3')])
  })

  const expected = () =>
    Object.fromEntries(
      many.map((key, index) => {
        const version = index < 2_000 ? '2' : index < 4_400 ? '3' : '1'
        return [key, [`id-${key}`, version]]
      }),
    )

  it('changes nothing that a reader finds, at any of its steps', async () => {
    const other = await openSqlite(file)
    const reader = stateStore(other, clock)
    let steps = 0
    const token = await rows('select snapshot_token from activations')
    await foldAll(
      'people',
      interrupted(async (step) => {
        steps = step
        expect(await known(many, 'people', reader)).toEqual(expected())
      }),
    )
    expect(steps).toBeGreaterThan(2)
    expect(await count('confirmations')).toBe(0)
    expect(await known(many, 'people', reader)).toEqual(expected())
    expect(await rows('select snapshot_token from activations')).toEqual(token)
    await other.close()
  })

  it.each([1, 2, 3])('is begun anew where it was broken off before step %i', async (last) => {
    const broken = interrupted(async (step) => {
      if (step === last) throw new Error('killed')
    })
    await expect(foldAll('people', broken)).rejects.toThrow('killed')
    await database.close()
    database = await openSqlite(file)
    store = stateStore(database, clock)
    expect(await count('confirmations')).toBe(5_400)
    expect(await known(many)).toEqual(expected())
    expect((await wholeSnapshot(store.snapshot('people'))).size).toBe(4_500)
    expect(await count('confirmations')).toBe(0)
    expect(await known(many)).toEqual(expected())
  })

  it('takes nothing back that is confirmed or fails meanwhile', async () => {
    const failing = await openSqlite(file)
    const held = await lock(stateStore(failing, clock))
    const meanwhile = await stateStore(failing, clock).startRun(held, about())
    const [confirmed = '', failed = '', early = '', later = ''] = [
      many[0],
      many[1],
      many[10],
      many[11],
    ]
    await foldAll(
      'people',
      interrupted(async (step) => {
        if (step === 2) {
          await meanwhile.record([
            delivered(0, confirmed, '4'),
            unapplied(operation(1, { key: failed }), 'failed', { failure: failure('timeout') }),
          ])
        }
        if (step === 3) {
          await meanwhile.record([
            delivered(2, early, '5'),
            unapplied(operation(3, { key: later }), 'rejected', { id: 'learnt' }),
          ])
        }
      }),
    )
    const now = {
      ...expected(),
      [confirmed]: [`id-${confirmed}`, '4'],
      [failed]: [`id-${failed}`, null],
      [early]: [`id-${early}`, '5'],
      [later]: ['learnt', '2'],
    }
    expect(await known(many)).toEqual(now)
    expect(await count('confirmations')).toBe(2)
    await foldAll()
    expect(await known(many)).toEqual(now)
    await failing.close()
  })

  it('may be done by two at once', async () => {
    const second = await openSqlite(file)
    await foldAll(
      'people',
      interrupted(async (step) => {
        if (step === 2) await foldAll('people', second)
      }),
    )
    await second.close()
    expect(await known(many)).toEqual(expected())
    expect([await count('snapshot'), await count('confirmations')]).toEqual([4_500, 0])
  })

  it('is done by compacting', async () => {
    await compact(database, defaultRetention, claim())
    expect([await count('snapshot'), await count('confirmations')]).toEqual([4_500, 0])
    expect(await known(many)).toEqual(expected())
  })

  it('comes before an export, which another state reads', async () => {
    const lines: string[] = []
    for await (const text of exportState(database, ['people'], claim())) {
      lines.push(...text.trimEnd().split('\n'))
    }
    const read = async function* () {
      yield* lines
    }
    const other = await openSqlite(join(folder, 'other.db'))
    await importState(other, read(), { ...claim(), file: 'state.jsonl', replace: false })
    expect(await known(many, 'people', stateStore(other, clock))).toEqual(expected())
    await other.close()
    // What was confirmed since is replaced with the rest.
    await run([versions(['key-1', 'later'], '9')])
    await importState(database, read(), { ...claim(), file: 'state.jsonl', replace: true })
    expect(await count('confirmations')).toBe(0)
    expect(await known([...many, 'later'])).toEqual(expected())
  })
})

it('has what the snapshot has of a key that was confirmed', async () => {
  const columnsOf = async (table: string) =>
    (await rows<{ name: string }>(`select name from pragma_table_info('${table}')`))
      .map(({ name }) => name)
      .sort()
  expect(await columnsOf('confirmations')).toEqual(
    [...(await columnsOf('snapshot')), 'id', 'key_hash']
      // What was confirmed was answered.
      .filter((name) => name !== 'unanswered_since')
      .sort(),
  )
})

it('is folded by a run that confirms many', async () => {
  const keys = Array.from({ length: 20_500 }, (_, index) => `key-${(index * 7_919) % 20_500}`)
  const groups = Array.from({ length: 41 }, (_, group) =>
    keys
      .slice(group * 500, (group + 1) * 500)
      .map((key, index) => delivered(group * 500 + index, key, '1')),
  )
  await run(groups)
  expect(await count('snapshot')).toBe(20_000)
  expect(await count('confirmations')).toBe(500)
  expect(Object.keys(await known(keys))).toHaveLength(20_500)
})
