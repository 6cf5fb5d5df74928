import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lock, RunState, StateStore } from '../../src/state/store.ts'
import {
  about,
  applied,
  failure,
  failuresOf,
  lock,
  operation,
  pendingOrdinals,
  unapplied,
  wholeSnapshot,
} from '../state/builders.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** A place where state is kept. */
export interface StateHarness {
  /** Opens the state, each time over a connection of its own. */
  open(clock: VirtualClock): Promise<StateStore>
  /** Removes it, once every store was closed. */
  remove(): Promise<void>
}

/** What every backend of the state store has to do. */
export function stateConformance(name: string, create: () => Promise<StateHarness>): void {
  describe(`state store: ${name}`, () => {
    let harness: StateHarness
    let clock: VirtualClock
    let store: StateStore
    let opened: StateStore[]

    const open = async () => {
      const another = await harness.open(clock)
      opened.push(another)
      return another
    }
    /** A run that has the given operations in its plan. */
    const startRun = async (held: Lock, count: number): Promise<RunState> => {
      const run = await store.startRun(held, about())
      await run.sink.add(Array.from({ length: count }, (_, ordinal) => operation(ordinal)))
      return run
    }
    const finish = (
      run: RunState,
      status: 'done' | 'failures' | 'stopped' | 'refused' | 'interrupted',
    ) => run.finish(status, clock.now(), '{}')

    beforeEach(async () => {
      opened = []
      clock = new VirtualClock()
      harness = await create()
      store = await open()
    })

    afterEach(async () => {
      for (const one of opened) await one.close()
      await harness.remove()
    })

    describe('without values', () => {
      const withoutValues = { ...about(), keepValues: false }
      const start = async () => store.startRun(await lock(store), withoutValues)

      it('knows what was delivered, and no more of it', async () => {
        const run = await start()
        await run.sink.add([operation(0), operation(1)])
        await run.record([
          applied(operation(0)),
          unapplied(operation(1), 'rejected', { held: { tags: ['VIP'] } }),
        ])
        await finish(run, 'failures')
        const known = await wholeSnapshot(store.snapshot('people'))
        expect(known.get('key-0')).toMatchObject({ fingerprint: 'fingerprint-0', sent: {} })
        expect(known.get('key-1')).toMatchObject({ fingerprint: null, sent: {} })
        for await (const page of store.snapshot('people').fingerprints()) {
          expect(page).toMatchObject([{ delivered: true }, { delivered: true }])
        }
      })

      it('hands the writer the plan as it was, and nobody who comes later', async () => {
        const run = await start()
        const planned = Array.from({ length: 1_200 }, (_, ordinal) =>
          operation(ordinal, { record: { name: `Näme ${ordinal}\n"\u2028`, none: null } }),
        )
        await run.sink.add(planned)
        const pending = []
        for await (const batch of run.pending(100)) pending.push(...batch)
        expect(pending).toEqual(planned)
        await run.sending(planned.slice(0, 3))
        await run.record([applied(operation(1))])
        // Killed here: what it was sending is in doubt, and told by its keys.
        const next = await store.startRun({ activation: 'people', token: 1 }, withoutValues)
        const known = await wholeSnapshot(next.snapshot)
        expect([...known].filter(([, entry]) => entry.unansweredSince !== undefined)).toHaveLength(
          2,
        )
        await next.sink.add([operation(0), operation(1)])
        for await (const _ of next.pending(10)) break
        await next.abandon(2, failure('not_attempted'))
        await finish(next, 'stopped')
        expect((await failuresOf(store, { run: next.run })).map(({ key }) => key)).toEqual([
          'key-0',
          'key-1',
        ])
      })

      it('removes what was kept before, once, and keeps again where it shall', async () => {
        const kept = await startRun(await lock(store), 3)
        await kept.record([0, 1, 2].map((ordinal) => applied(operation(ordinal))))
        await finish(kept, 'done')
        const again = { activation: 'people', token: 1 }
        const without = await store.startRun(again, withoutValues)
        const cleared = await wholeSnapshot(without.snapshot)
        expect([...cleared.values()].map(({ sent }) => sent)).toEqual([{}, {}, {}])
        expect([...cleared.values()].map(({ id }) => id)).toEqual([
          'id-key-0',
          'id-key-1',
          'id-key-2',
        ])
        await finish(without, 'done')
        const back = await store.startRun(again, about())
        await back.sink.add([operation(0)])
        await back.record([applied(operation(0))])
        await finish(back, 'done')
        const entries = await store.snapshot('people').entries(['key-0', 'key-1'])
        expect(entries.get('key-0')?.sent).toEqual({ name: 'Name 0' })
        expect(entries.get('key-1')?.sent).toEqual({})
        const third = await store.startRun(again, withoutValues)
        expect((await third.snapshot.entries(['key-0'])).get('key-0')?.sent).toEqual({})
      })
    })

    describe('linking to what exists', () => {
      const adopt = async () => store.startAdoption(await lock(store), about())
      const release = () => store.releaseLock({ activation: 'people', token: 1 })
      const entryOf = async (key: string) =>
        (await store.snapshot('people').entries([key])).get(key)
      const adopted = (id: string) => ({ fingerprint: null, sent: null, id, adopted: true })

      it('keeps ids, counts nothing as delivered, and leaves no run behind', async () => {
        const adoption = await adopt()
        await adoption.sink.add([0, 1, 2].map((ordinal) => operation(ordinal)))
        await adoption.sink.reject([
          { ordinal: 1, key: 'key-1', kind: 'create', failure: failure('duplicate_key') },
        ])
        const pending = []
        for await (const batch of adoption.pending(10)) pending.push(...batch)
        expect(pending.map(({ key }) => key)).toEqual(['key-0', 'key-2'])
        await adoption.link([{ key: 'key-0', id: 'id-0' }])
        expect(await adoption.known(['key-0', 'key-2'])).toEqual(new Set(['key-0']))
        await adoption.finish()
        expect(await entryOf('key-0')).toMatchObject(adopted('id-0'))
        for await (const page of store.snapshot('people').fingerprints()) {
          expect(page).toMatchObject([{ key: 'key-0', fingerprint: null, delivered: false }])
        }
        expect(await store.runs(null, 10)).toEqual([])
        expect(await store.openFailures()).toEqual([])
        expect(await failuresOf(store, { run: 1 })).toEqual([])
      })

      it('is gone on with after a crash', async () => {
        const killed = await adopt()
        await killed.sink.add([operation(0), operation(1)])
        await killed.link([{ key: 'key-0', id: 'id-0' }])
        await release()
        const again = await store.startAdoption(await lock(store), about())
        expect(await again.known(['key-0', 'key-1'])).toEqual(new Set(['key-0']))
        const pending = []
        for await (const batch of again.pending(10)) pending.push(...batch)
        expect(pending).toEqual([])
        await again.finish()
        expect((await store.runs(null, 10)).map(({ status }) => status)).toEqual(['interrupted'])
      })

      it('may be written by nobody who lost the lock', async () => {
        const paused = await adopt()
        await clock.advance(61_000)
        await lock(store)
        await expect(paused.link([{ key: 'key-0', id: 'id-0' }])).rejects.toThrow(/took over/)
        expect(await entryOf('key-0')).toBeUndefined()
      })

      it('replaces no id, and changes nothing of what was delivered', async () => {
        const run = await startRun(await lock(store), 2)
        await run.record([applied(operation(0)), applied(operation(1), { id: null })])
        await finish(run, 'done')
        await release()
        const before = await entryOf('key-0')
        const second = await store.startAdoption(await lock(store), about())
        await second.link([
          { key: 'key-0', id: 'another' },
          { key: 'key-1', id: 'found' },
        ])
        await second.finish()
        expect(await entryOf('key-0')).toEqual(before)
        expect(await entryOf('key-1')).toMatchObject({
          id: 'found',
          fingerprint: 'fingerprint-1',
          sent: { name: 'Name 1' },
        })
        expect(await entryOf('key-1')).not.toHaveProperty('adopted')
      })

      it.each([
        ['refused', { status: 'rejected', id: undefined }, adopted('id-0')],
        ['refused by the same record', { status: 'rejected', id: 'id-0' }, adopted('id-0')],
        ['left unanswered', { status: 'failed', id: undefined }, adopted('id-0')],
        ['led to another record', { status: 'rejected', id: 'other' }, { id: 'other' }],
        ['led nowhere', { status: 'rejected', id: null }, { id: null }],
      ] as const)('knows what is left of a link that was %s', async (_, ended, left) => {
        const adoption = await adopt()
        await adoption.link([{ key: 'key-0', id: 'id-0' }])
        await adoption.finish()
        await release()
        const run = await startRun(await lock(store), 1)
        const { status, id } = ended
        await run.record([unapplied(operation(0), status, { id })])
        await finish(run, 'failures')
        const entry = await entryOf('key-0')
        expect(entry).toMatchObject(left)
        expect(entry?.adopted ?? false).toBe('adopted' in left)
      })

      it('does not take an id that a refusal has taught for one that was looked up', async () => {
        const adoption = await adopt()
        await adoption.link([{ key: 'key-0', id: 'id-0' }])
        await adoption.finish()
        await release()
        const again = { activation: 'people', token: 1 }
        for (const id of [null, 'id-0']) {
          const run = await startRun(id === null ? await lock(store) : { ...again, token: 2 }, 1)
          await run.record([unapplied(operation(0), 'rejected', { id })])
          await finish(run, 'failures')
        }
        expect(await entryOf('key-0')).toMatchObject({ id: 'id-0' })
        expect(await entryOf('key-0')).not.toHaveProperty('adopted')
      })
    })

    describe('what the target holds', () => {
      const removal = (kind: 'archive' | 'untag') =>
        operation(0, { kind, removal: true, id: 'id-key-0', record: { email: 'a@b.c' } })

      it('remembers a removal until the row is delivered again', async () => {
        const run = await startRun(await lock(store), 1)
        await run.record([applied(operation(0))])
        await finish(run, 'done')
        const second = await store.startRun({ activation: 'people', token: 1 }, about())
        await second.sink.add([removal('archive')])
        await second.record([applied(removal('archive'))])
        const removed = (await second.snapshot.entries(['key-0'])).get('key-0')
        expect(removed).toEqual({
          key: 'key-0',
          fingerprint: null,
          id: 'id-key-0',
          sent: { email: 'a@b.c' },
          removed: 'archive',
        })
        for await (const page of second.snapshot.fingerprints()) {
          expect(page).toEqual([
            { key: 'key-0', fingerprint: null, removed: 'archive', delivered: true, again: false },
          ])
        }
        await finish(second, 'done')
        const third = await startRun({ activation: 'people', token: 1 }, 1)
        await third.record([applied(operation(0))])
        const back = (await third.snapshot.entries(['key-0'])).get('key-0')
        expect(back).toMatchObject({ removed: null, fingerprint: 'fingerprint-0' })
      })

      it('remembers what it rests on, for each activation, while its run holds the lock', async () => {
        const nothing = { keysFrom: null, workspace: null, login: null }
        expect(await store.basis('people')).toEqual(nothing)
        const held = await lock(store)
        const run = await startRun(held, 1)
        expect(await store.basis('people')).toEqual(nothing)
        const basis = { keysFrom: '{"of":"all"}', workspace: 'one', login: 'salt:digest' }
        await run.restOn(basis)
        await finish(run, 'done')
        await store.releaseLock(held)
        expect(await store.basis('people')).toEqual(basis)
        expect(await store.basis('others')).toEqual(nothing)
        await store.startRun(await lock(store), about())
        expect(await store.basis('people')).toEqual(basis)
        await expect(run.restOn({ ...basis, workspace: 'two' })).rejects.toThrow('took over')
        expect(await store.basis('people')).toEqual(basis)
      })

      it('has other fingerprints once it is told them, for what it has one for', async () => {
        const held = await lock(store)
        const run = await startRun(held, 2)
        await run.record([applied(operation(0)), unapplied(operation(1), 'in_doubt')])
        await finish(run, 'done')
        const second = await startRun(held, 1)
        const keys = ['key-0', 'key-1', 'key-2']
        await second.sink.renew(keys.map((key) => ({ key, fingerprint: 'newer' })))
        const entries = await second.snapshot.entries(keys)
        expect(entries.get('key-0')).toMatchObject({ fingerprint: 'newer', id: 'id-key-0' })
        expect(entries.get('key-1')).toMatchObject({ fingerprint: null })
        expect(entries.has('key-2')).toBe(false)
      })

      it('keeps the lists of a delivery that failed halfway, without a fingerprint', async () => {
        const held = await lock(store)
        const run = await startRun(held, 1)
        await run.record([applied(operation(0))])
        await finish(run, 'done')
        const second = await startRun(held, 1)
        await second.record([unapplied(operation(0), 'rejected', { held: { tags: ['VIP'] } })])
        expect((await second.snapshot.entries(['key-0'])).get('key-0')).toMatchObject({
          fingerprint: null,
          sent: { tags: ['VIP'] },
          id: 'id-key-0',
        })
      })

      it('finds the ids that other activations learnt, the last confirmed one first', async () => {
        const keys = { target: 'intercom', object: 'contact', field: 'email' }
        const deliver = async (activation: string, id: string, field: string | null = 'email') => {
          const run = await store.startRun(await lock(store, activation), about(field))
          await run.sink.add([operation(0), operation(1)])
          await run.record([applied(operation(0), { id })])
          return run
        }
        await clock.advance(1_000)
        const run = await deliver('one', 'older')
        await run.record([unapplied(operation(1), 'rejected', { id: 'learnt' })])
        await clock.advance(1_000)
        await deliver('two', 'newer')
        await clock.advance(1_000)
        await deliver('other field', 'wrong', 'external_id')
        expect(await store.knownIds(keys, ['key-0', 'key-1', 'key-2'])).toEqual(
          new Map([
            ['key-0', 'newer'],
            ['key-1', 'learnt'],
          ]),
        )
        const three = await deliver('three', 'confirmed')
        await three.record([applied(operation(1), { id: 'confirmed' })])
        expect(await store.knownIds(keys, ['key-1'])).toEqual(new Map([['key-1', 'confirmed']]))
        expect(await store.knownIds({ ...keys, object: 'company' }, ['key-0'])).toEqual(new Map())
      })
    })

    describe('plan', () => {
      it('gives back every operation in order, exactly as it was spooled', async () => {
        const record = JSON.parse(
          '{"__proto__":"x","constructor":"y","emoji":"😀","lone":"\\ud83d","nul":"a\\u0000b","line":"a\\nb","n":0.1,"t":true,"z":null}',
        )
        const run = await store.startRun(await lock(store), about(null))
        const odd = operation(0, { record, key: 'a\0b', id: '\udc00\\u0000', changed: [] })
        const rest = Array.from({ length: 1_999 }, (_, index) => operation(index * 3 + 1))
        await run.sink.add([odd, ...rest.slice(0, 700)])
        await run.sink.add(rest.slice(700))
        const operations = []
        for await (const batch of run.pending(300)) {
          expect(batch.length).toBeLessThanOrEqual(300)
          operations.push(...batch)
        }
        expect(operations).toEqual([odd, ...rest])
        expect(Object.keys(operations[0]?.record ?? {})).toContain('__proto__')
      })

      it('gives each pending operation once while outcomes are recorded', async () => {
        const run = await startRun(await lock(store), 2_500)
        const seen: number[] = []
        for await (const batch of run.pending(70)) {
          seen.push(...batch.map(({ ordinal }) => ordinal))
          await run.record(batch.slice(0, 35).map((one) => applied(one)))
        }
        expect(seen).toEqual(Array.from({ length: 2_500 }, (_, ordinal) => ordinal))
        expect(await pendingOrdinals(run)).toHaveLength(2_500 - 36 * 35)
      })

      it('replaces an operation and an earlier rejection by a rejection', async () => {
        const run = await startRun(await lock(store), 3)
        const row = { ordinal: 1, key: 'key-1', kind: 'create' as const }
        await run.sink.reject([{ ...row, failure: failure('invalid_value') }])
        await run.sink.reject([
          { ...row, failure: failure('duplicate_key') },
          { ...row, ordinal: 7, failure: failure('duplicate_key') },
        ])
        expect(await pendingOrdinals(run)).toEqual([0, 2])
        expect((await run.counts()).outcomes.rejected).toBe(2)
        expect((await run.counts()).codes).toEqual({ duplicate_key: 2 })
        const [only, ...others] = await failuresOf(store)
        expect(others).toEqual([])
        expect(only).toMatchObject({ key: 'key-1', code: 'duplicate_key', attempts: 1 })
        expect(await failuresOf(store, { run: run.run })).toHaveLength(1)
      })
    })

    describe('outcomes', () => {
      it('moves the snapshot when applied, and only then', async () => {
        const held = await lock(store)
        const run = await startRun(held, 4)
        await run.record([
          applied(operation(0)),
          unapplied(operation(1), 'rejected', { id: 'learnt' }),
          unapplied(operation(2), 'failed'),
          unapplied(operation(3), 'not_attempted'),
        ])
        expect(await run.counts()).toEqual({
          outcomes: { applied: 1, rejected: 1, failed: 1, in_doubt: 0, not_attempted: 1 },
          codes: { server_error: 3 },
        })
        expect(await wholeSnapshot(store.snapshot('people'))).toEqual(
          new Map([
            [
              'key-0',
              {
                key: 'key-0',
                fingerprint: 'fingerprint-0',
                id: 'id-key-0',
                sent: { name: 'Name 0' },
                removed: null,
              },
            ],
            ['key-1', { key: 'key-1', fingerprint: null, id: 'learnt', sent: null, removed: null }],
            [
              'key-2',
              {
                key: 'key-2',
                fingerprint: null,
                id: null,
                sent: null,
                removed: null,
                unansweredSince: clock.now(),
              },
            ],
          ]),
        )
        expect(await store.snapshot('people').count()).toBe(3)
      })

      it('keeps or forgets ids as told, and loses the fingerprint of what may have been changed', async () => {
        const held = await lock(store)
        const first = await startRun(held, 5)
        await first.record([0, 1, 2, 3, 4].map((ordinal) => applied(operation(ordinal))))
        await finish(first, 'done')
        const second = await startRun(held, 5)
        await second.record([
          unapplied(operation(0), 'in_doubt'),
          unapplied(operation(1), 'failed', { id: null }),
          unapplied(operation(2), 'rejected', { id: 'other' }),
          applied(operation(3), { id: undefined, fingerprint: 'new' }),
          applied(operation(4), { id: null }),
        ])
        const entries = await wholeSnapshot(store.snapshot('people'))
        const shown = [...entries.values()].map(({ fingerprint, id, sent }) => ({
          fingerprint,
          id,
          sent,
        }))
        expect(shown).toEqual([
          { fingerprint: null, id: 'id-key-0', sent: { name: 'Name 0' } },
          { fingerprint: null, id: null, sent: { name: 'Name 1' } },
          { fingerprint: 'fingerprint-2', id: 'other', sent: { name: 'Name 2' } },
          { fingerprint: 'new', id: 'id-key-3', sent: { name: 'Name 3' } },
          { fingerprint: 'fingerprint-4', id: null, sent: { name: 'Name 4' } },
        ])
      })

      it('refuses a second outcome, and then records nothing of the call', async () => {
        const run = await startRun(await lock(store), 3)
        await run.record([applied(operation(0))])
        const calls = [
          [applied(operation(1)), applied(operation(0))],
          [applied(operation(1)), unapplied(operation(1), 'failed')],
        ]
        for (const outcomes of calls) {
          await expect(run.record(outcomes)).rejects.toThrow('has an outcome already')
        }
        expect(await pendingOrdinals(run)).toEqual([1, 2])
        expect(await store.snapshot('people').count()).toBe(1)
        expect(await failuresOf(store)).toEqual([])
      })

      it('keeps any string as a key, and any record', async () => {
        const run = await store.startRun(await lock(store), about(null))
        const keys = [
          '',
          '\0',
          'a\0b',
          'a',
          '\ud800',
          '\udc00',
          '\ufffd',
          '\\u0000',
          '😀',
          "'%_",
          'Ä',
        ]
        const record = JSON.parse('{"__proto__":"x","lone":"\\ud83d","nul":"\\u0000"}')
        const operations = keys.map((key, ordinal) => operation(ordinal, { key, record }))
        await run.sink.add(operations)
        await run.record(operations.map((one) => applied(one, { id: one.key })))
        const entries = await store.snapshot('people').entries(keys)
        expect([...entries.keys()].sort()).toEqual([...keys].sort())
        for (const [key, entry] of entries) {
          expect(entry.id).toBe(key)
          expect(JSON.stringify(entry.sent)).toBe(JSON.stringify(record))
        }
        expect([...(await wholeSnapshot(run.snapshot)).keys()].sort()).toEqual([...keys].sort())
      })

      it('names the keys of some ids, and all keys', async () => {
        const ids = ['a', "b'", 'a', null, null, "b'", 'c', '\u0000"😀']
        const held = await lock(store)
        const run = await startRun(held, ids.length)
        await run.record(ids.map((id, ordinal) => applied(operation(ordinal), { id })))
        const keysOf = async (activation: string, ...wanted: readonly string[]) => {
          const found: string[] = []
          for await (const page of store.snapshot(activation).keysOf(wanted)) {
            found.push(...page.map(({ key, id }) => `${key} ${id}`))
          }
          return found
        }
        expect(await keysOf('people', "b'", 'a', 'x')).toEqual([
          'key-0 a',
          "key-1 b'",
          'key-2 a',
          "key-5 b'",
        ])
        expect(await keysOf('people', '\u0000"😀')).toEqual(['key-7 \u0000"😀'])
        expect(await keysOf('people')).toEqual([])
        expect(await keysOf('nobody', 'a')).toEqual([])
        const all: string[] = []
        for await (const page of store.snapshot('people').keys()) all.push(...page)
        expect(all).toEqual(ids.map((_, ordinal) => `key-${ordinal}`))
        for await (const _ of store.snapshot('nobody').keys()) throw new Error('there is none')
      })

      it('scans a snapshot of many pages', async () => {
        const run = await startRun(await lock(store), 4_321)
        for await (const batch of run.pending(1_000)) {
          await run.record(batch.map((one) => applied(one)))
        }
        const seen = new Map<string, string | null>()
        for await (const batch of run.snapshot.fingerprints()) {
          for (const { key, fingerprint } of batch) seen.set(key, fingerprint)
        }
        expect(seen.size).toBe(4_321)
        expect(seen.get('key-4320')).toBe('fingerprint-4320')
        expect((await run.snapshot.entries([...seen.keys(), 'unknown'])).size).toBe(4_321)
      })
    })

    describe('the order of a snapshot', () => {
      it('is that of the UTF-8 of its keys, from any key on', async () => {
        const keys = [
          'a',
          'B',
          'ab',
          'a b',
          'a\\',
          'a\\b',
          'a]',
          'é',
          '\uffff',
          '\u{10000}',
          '-1',
          '10',
        ]
        const run = await startRun(await lock(store), 0)
        await run.record(keys.map((key, ordinal) => applied(operation(ordinal, { key }))))
        const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        for (const after of [undefined, ...keys, 'a a']) {
          const found: string[] = []
          for await (const page of run.snapshot.fingerprints(after)) {
            found.push(...page.map(({ key }) => key))
          }
          const isBehind = (key: string) =>
            after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0
          expect(found).toEqual(sorted.filter(isBehind))
        }
      })
    })

    describe('failures', () => {
      it('counts a failure up until the key is delivered, and keeps what each run left', async () => {
        const held = await lock(store)
        const begun = clock.now()
        const details = {
          code: 'rejected' as const,
          message: 'no\0\ud800',
          field: 'email',
          httpStatus: 422,
          requestId: 'r1',
          hint: 'mend it',
        }
        const first = await startRun(held, 1)
        await first.record([unapplied(operation(0), 'rejected', { attempts: 2, failure: details })])
        await finish(first, 'failures')
        await clock.advance(1_000)
        const second = await startRun(held, 1)
        await second.record([unapplied(operation(0), 'failed', { attempts: 5 })])
        await finish(second, 'failures')
        expect(await failuresOf(store)).toEqual([
          {
            activation: 'people',
            run: second.run,
            key: 'key-0',
            identifier: 'email',
            operation: 'create',
            status: 'failed',
            code: 'server_error',
            message: 'it was server_error',
            field: null,
            httpStatus: null,
            requestId: null,
            hint: null,
            attempts: 7,
            firstSeen: begun,
            lastSeen: begun + 1_000,
            nextRetry: begun + 1_000 + 120_000,
            waitsForChange: false,
          },
        ])
        expect(await store.openFailures()).toEqual([
          { activation: 'people', code: 'server_error', count: 1 },
        ])
        await clock.advance(1_000)
        const third = await startRun(held, 1)
        await third.record([applied(operation(0))])
        expect(await failuresOf(store)).toEqual([])
        expect(await store.openFailures()).toEqual([])
        const [left] = await failuresOf(store, { run: first.run })
        expect(left).toMatchObject({
          ...details,
          message: 'no\ufffd\ufffd',
          attempts: 2,
          firstSeen: begun,
          lastSeen: begun,
        })
        expect(await failuresOf(store, { run: second.run })).toHaveLength(1)
        expect(await failuresOf(store, { run: third.run })).toEqual([])
        await finish(third, 'done')
        const fourth = await startRun(held, 1)
        await fourth.record([unapplied(operation(0), 'failed')])
        const [anew] = await failuresOf(store)
        expect(anew).toMatchObject({ attempts: 1, firstSeen: begun + 2_000 })
      })

      it('resolves what a completed run did not meet again, and nothing when a run ends early', async () => {
        const held = await lock(store)
        const reject = (run: RunState, keys: string[]) =>
          run.sink.reject(
            keys.map((key, ordinal) => ({
              ordinal,
              key,
              kind: 'update' as const,
              failure: failure('invalid_value'),
            })),
          )
        const first = await store.startRun(held, about(null))
        await reject(first, ['cured', 'still'])
        await finish(first, 'failures')
        for (const status of ['stopped', 'refused'] as const) {
          await finish(await store.startRun(held, about(null)), status)
          expect(await failuresOf(store)).toHaveLength(2)
        }
        const other = await lock(store, 'companies')
        await finish(await store.startRun(other, about(null)), 'done')
        expect(await failuresOf(store)).toHaveLength(2)
        const last = await store.startRun(held, about(null))
        await reject(last, ['still'])
        await finish(last, 'failures')
        expect(await failuresOf(store)).toMatchObject([{ key: 'still', attempts: 2 }])
      })

      it('holds back what failed until its time, what was refused for good, and nothing after a stop', async () => {
        const held = await lock(store)
        const waiting = async () => {
          const keys: string[] = []
          for await (const page of store.snapshot('people').waiting()) {
            for (const { key, fingerprint, settings } of page) {
              keys.push(`${key} ${fingerprint} ${settings}`)
            }
          }
          return keys
        }
        const fail = (run: RunState) =>
          run.record([
            unapplied(operation(0), 'rejected', { failure: failure('rejected') }),
            unapplied(operation(1), 'failed', { failure: failure('timeout') }),
            unapplied(operation(2), 'not_attempted', { failure: failure('not_attempted') }),
          ])
        const first = await store.startRun(held, about(null))
        await fail(first)
        expect(await first.trend('failures')).toEqual({ began: 3, persisting: 0, cured: 0 })
        await finish(first, 'failures')
        const refused = 'key-0 fingerprint-0 settings'
        const late = 'key-1 fingerprint-1 settings'
        await clock.advance(59_999)
        expect(await waiting()).toEqual([refused, late])
        await clock.advance(1)
        expect(await waiting()).toEqual([refused])

        const second = await store.startRun(held, about(null))
        await second.sink.wait(['key-0'])
        await second.record([unapplied(operation(1), 'failed', { failure: failure('timeout') })])
        expect(await second.trend('failures')).toEqual({ began: 0, persisting: 2, cured: 1 })
        await finish(second, 'failures')
        expect((await failuresOf(store)).map(({ key }) => key)).toEqual(['key-0', 'key-1'])
        await clock.advance(119_999)
        expect(await waiting()).toEqual([refused, late])

        const third = await store.startRun(held, about(null))
        await third.record([unapplied(operation(1), 'failed', { failure: failure('timeout') })])
        expect(await third.trend('stopped')).toEqual({ began: 0, persisting: 2, cured: 0 })
        await finish(third, 'stopped')
        expect(await waiting()).toEqual([refused])
        expect(await store.release('people', null)).toEqual({ released: 1, unknown: [] })
        expect(await waiting()).toEqual([])
      })

      it('sends again in a full pass what an earlier run has confirmed', async () => {
        const held = await lock(store)
        const pass = (full: 'failures' | 'everything') =>
          store.startRun(held, { ...about(null), full })
        const again = async (run: RunState) =>
          [...(await run.snapshot.entries(['key-0', 'key-1'])).values()].map(
            (entry) => entry.again ?? false,
          )
        const first = await store.startRun(held, about(null))
        await first.record([applied(operation(0)), applied(operation(1))])
        await finish(first, 'done')
        const begun = await pass('everything')
        expect(await again(begun)).toEqual([true, true])
        await begun.record([applied(operation(0))])
        const gone = await pass('everything')
        expect(await again(gone)).toEqual([false, true])
        await finish(gone, 'done')
        const anew = await pass('everything')
        expect(await again(anew)).toEqual([true, true])
        await finish(anew, 'done')
        expect(await again(await pass('failures'))).toEqual([false, false])
        expect(await again(await store.startRun(held, about(null)))).toEqual([false, false])
      })

      it('streams failures in the order of activation and key', async () => {
        const wanted: string[] = []
        for (const activation of ['b', 'a']) {
          const run = await store.startRun(await lock(store, activation), about(null))
          const rows = Array.from({ length: 1_203 }, (_, ordinal) => ({
            ordinal,
            key: `k${String((ordinal * 7) % 1_203).padStart(5, '0')}`,
            kind: 'create' as const,
            failure: failure('invalid_value'),
          }))
          await run.sink.reject(rows)
          await finish(run, 'failures')
          wanted.unshift(...rows.map(({ key }) => `${activation} ${key}`).sort())
          expect((await failuresOf(store, { run: run.run })).map(({ key }) => key)).toEqual(
            rows.map(({ key }) => key).sort(),
          )
        }
        const shown = (await failuresOf(store)).map(({ activation, key }) => `${activation} ${key}`)
        expect(shown).toEqual(wanted)
        expect(await failuresOf(store, { activation: 'b' })).toHaveLength(1_203)
        expect(await failuresOf(store, { activation: 'a', run: 1 })).toEqual([])
      })
    })

    describe('runs', () => {
      it('keeps what a stopped run did not attempt as a number, and as a list until the next run', async () => {
        const held = await lock(store)
        const run = await startRun(held, 1_200)
        expect(await pendingOrdinals(run)).toHaveLength(1_200)
        await run.record([applied(operation(0)), unapplied(operation(1), 'failed')])
        await run.abandon(1_198, failure('not_attempted', 'it was interrupted'))
        await finish(run, 'interrupted')
        expect(await run.counts()).toMatchObject({
          outcomes: { applied: 1, failed: 1, not_attempted: 1_198 },
          codes: { server_error: 1, not_attempted: 1_198 },
        })
        expect(await failuresOf(store)).toHaveLength(1)
        const listed = await failuresOf(store, { run: run.run })
        expect(listed).toHaveLength(1_199)
        expect(listed.at(-1)).toMatchObject({
          run: run.run,
          key: 'key-1199',
          status: 'not_attempted',
          code: 'not_attempted',
          message: 'it was interrupted',
          attempts: 0,
        })
        expect(await failuresOf(store, { run: run.run, activation: 'companies' })).toEqual([])
        const next = await startRun(held, 1)
        expect(await failuresOf(store, { run: run.run })).toHaveLength(1)
        expect((await run.counts()).outcomes.not_attempted).toBe(1_198)
        await finish(next, 'done')
      })

      it('lists the last runs of each activation, newest first', async () => {
        const people = await lock(store)
        const companies = await lock(store, 'companies')
        for (const held of [people, companies, people, people]) {
          await (await store.startRun(held, about(null))).finish(
            'done',
            clock.now() + 5,
            '{"rows":1}',
          )
        }
        const open = await store.startRun(companies, about(null))
        const runs = await store.runs(null, 2)
        expect(runs.map(({ run, activation, status }) => [run, activation, status])).toEqual([
          [open.run, 'companies', 'running'],
          [4, 'people', 'done'],
          [3, 'people', 'done'],
          [2, 'companies', 'done'],
        ])
        expect(runs[1]).toMatchObject({
          startedAt: clock.now(),
          finishedAt: clock.now() + 5,
          summary: '{"rows":1}',
        })
        expect(await store.runs(['people'], 1)).toHaveLength(1)
        expect(await store.runs(['nobody'], 1)).toEqual([])
        expect(await store.runs([], 1)).toEqual([])
      })

      it('ends a run once', async () => {
        const run = await startRun(await lock(store), 1)
        await finish(run, 'done')
        await expect(finish(run, 'stopped')).rejects.toThrow('has ended already')
        expect(await pendingOrdinals(run)).toEqual([])
      })

      it('makes the keys in flight of an interrupted run unknown, and keeps its outcomes', async () => {
        const held = await lock(store)
        const first = await startRun(held, 1_300)
        for await (const batch of first.pending(650)) {
          await first.record(batch.map((one) => applied(one)))
        }
        await finish(first, 'done')
        const second = await startRun(held, 1_300)
        const all: ReturnType<typeof operation>[] = []
        for await (const batch of second.pending(1_300)) all.push(...batch)
        await second.sending(all.slice(490, 510))
        await second.sending([all[3], all[5], all[1_299]].flatMap((one) => one ?? []))
        await second.record(all.slice(490, 505).map((one) => applied(one)))
        await second.record([unapplied(operation(3), 'rejected')])
        const third = await store.startRun(held, about())
        const unknown: string[] = []
        for await (const batch of third.snapshot.fingerprints()) {
          for (const { key, fingerprint } of batch) if (fingerprint === null) unknown.push(key)
        }
        expect(unknown.sort()).toEqual(
          ['key-5', 'key-505', 'key-506', 'key-507', 'key-508', 'key-509', 'key-1299'].sort(),
        )
        const [entry] = (await third.snapshot.entries(['key-5'])).values()
        expect(entry).toMatchObject({ id: 'id-key-5', sent: { name: 'Name 5' } })
        const [, interrupted] = await store.runs(['people'], 2)
        expect(interrupted).toMatchObject({ run: second.run, status: 'interrupted', summary: null })
        expect(await failuresOf(store, { run: second.run })).toHaveLength(1)
        expect((await second.counts()).outcomes.applied).toBe(15)
        expect(await pendingOrdinals(second)).toEqual([])
      })

      it('keeps the outcomes of the last hundred runs', async () => {
        const held = await lock(store)
        const runs: number[] = []
        for (let count = 0; count < 103; count += 1) {
          const run = await startRun(held, 2)
          await run.record([applied(operation(0)), unapplied(operation(1), 'failed')])
          await finish(run, 'failures')
          runs.push(run.run)
          await clock.advance(1_000)
        }
        const left = await Promise.all(
          runs.map(async (run) => (await failuresOf(store, { run })).length),
        )
        expect(left.slice(0, 3)).toEqual([0, 0, 0])
        expect(left.slice(3).every((count) => count === 1)).toBe(true)
        expect(await store.runs(null, 1_000)).toHaveLength(103)
        expect(await failuresOf(store)).toMatchObject([{ attempts: 103 }])
      })
    })

    describe('lock', () => {
      it('has one holder, also over two connections', async () => {
        const other = await open()
        const answers = await Promise.all([
          store.acquireLock('people', 'one', 1_000),
          other.acquireLock('people', 'two', 1_000),
        ])
        expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
        expect(answers.filter((answer) => 'holder' in answer)).toEqual([
          {
            holder: 'token' in answers[0] ? 'one' : 'two',
            since: clock.now(),
            expiresAt: clock.now() + 1_000,
          },
        ])
        expect(await other.acquireLock('companies', 'two', 1_000)).toHaveProperty('token')
      })

      it('is taken over at once from a holder that is known to have ended', async () => {
        const held = await lock(store, 'people', 60_000)
        const other = await open()
        const asked: string[] = []
        const take = (ended: boolean) =>
          other.acquireLock('people', 'two', 60_000, (holder) => {
            asked.push(holder)
            return ended
          })
        expect(await take(false)).toHaveProperty('holder', 'test')
        expect(await take(true)).toHaveProperty('token', held.token + 1)
        expect(asked).toEqual(['test', 'test'])
        expect(await store.renewLock(held, 60_000)).toBe(false)
      })

      it('is kept by renewing, and free again once released', async () => {
        const held = await lock(store, 'people', 1_000)
        await clock.advance(900)
        expect(await store.renewLock(held, 1_000)).toBe(true)
        await clock.advance(900)
        expect(await store.acquireLock('people', 'two', 1_000)).toHaveProperty('holder', 'test')
        await store.releaseLock(held)
        expect(await store.renewLock(held, 1_000)).toBe(false)
        const next = await store.acquireLock('people', 'two', 1_000)
        expect(next).toEqual({ activation: 'people', token: held.token + 1 })
        await store.releaseLock(held)
        expect(await store.acquireLock('people', 'three', 1_000)).toHaveProperty('holder', 'two')
      })

      it('that was taken over lets the former holder write nothing', async () => {
        const held = await lock(store, 'people', 1_000)
        const run = await startRun(held, 2)
        expect(await pendingOrdinals(run)).toEqual([0, 1])
        await clock.advance(1_000)
        const other = await open()
        const theirs = await lock(other, 'people', 1_000)
        const next = await other.startRun(theirs, about(null))
        const writes = [
          () => run.sending([operation(0)]),
          () => run.record([applied(operation(0))]),
          () => run.sink.reject([{ ...operation(1), failure: failure('duplicate_key') }]),
          () => finish(run, 'done'),
          () => store.startRun(held, about(null)),
          async () => {
            await run.sink.add([operation(2)])
            await pendingOrdinals(run)
          },
        ]
        for (const write of writes) {
          await expect(write()).rejects.toMatchObject({
            name: 'StopRunError',
            message: expect.stringContaining('took over'),
          })
        }
        expect(await store.renewLock(held, 1_000)).toBe(false)
        expect(await store.snapshot('people').count()).toBe(0)
        expect((await store.runs(null, 9)).map(({ status }) => status)).toEqual([
          'running',
          'interrupted',
        ])
        await next.record([])
        await finish(next, 'done')
      })
    })

    it('knows nothing of an activation that never ran', async () => {
      const snapshot = store.snapshot('nobody')
      expect(await snapshot.count()).toBe(0)
      expect(await wholeSnapshot(snapshot)).toEqual(new Map())
      expect(await failuresOf(store, { activation: 'nobody' })).toEqual([])
    })

    it('lets two connections write side by side', async () => {
      const other = await open()
      const mine = await startRun(await lock(store), 200)
      const theirs = await other.startRun(await lock(other, 'companies'), about(null))
      await theirs.sink.add(Array.from({ length: 200 }, (_, ordinal) => operation(ordinal)))
      const write = async (run: RunState) => {
        for await (const batch of run.pending(10)) {
          await run.sending(batch)
          await run.record(batch.map((one) => applied(one)))
        }
        await finish(run, 'done')
      }
      await Promise.all([write(mine), write(theirs)])
      expect(await store.snapshot('companies').count()).toBe(200)
      expect(await other.snapshot('people').count()).toBe(200)
    })
  })
}
