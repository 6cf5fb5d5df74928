import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/connector/index.ts'
import type { SnapshotEntry } from '../../src/plan/interfaces.ts'
import { openStateStore } from '../../src/state/index.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, failuresOf, lock, wholeSnapshot } from './builders.ts'

interface KnownFailure {
  readonly attempts: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly run: number
  readonly code: string
}

/** What the store promises, in maps. */
class Model {
  readonly snapshot = new Map<string, SnapshotEntry>()
  readonly failures = new Map<string, KnownFailure>()

  record(outcome: Outcome, run: number, started: number, now: number): void {
    const { key, kind, removal, status, id, held, fingerprint, failure, attempts } = outcome
    const known = this.snapshot.get(key)
    const keptId = id === undefined ? (known?.id ?? null) : id
    if (status === 'applied') {
      this.snapshot.set(key, {
        key,
        fingerprint: removal ? null : (fingerprint ?? null),
        id: keptId,
        sent: held ?? null,
        removed: removal ? (kind as 'archive') : null,
      })
      this.failures.delete(key)
      return
    }
    const doubtful = status === 'failed' || status === 'in_doubt'
    if (known !== undefined || typeof id === 'string' || held !== undefined || doubtful) {
      const unknown = doubtful || held !== undefined
      this.snapshot.set(key, {
        key,
        fingerprint: unknown ? null : (known?.fingerprint ?? null),
        id: keptId,
        sent: held ?? known?.sent ?? null,
        // Whoever has lists again is there again.
        removed: held === undefined ? (known?.removed ?? null) : null,
        ...(doubtful || known?.unansweredSince !== undefined
          ? { unansweredSince: known?.unansweredSince ?? started }
          : {}),
      })
    }
    const before = this.failures.get(key)
    this.failures.set(key, {
      attempts: (before?.attempts ?? 0) + attempts,
      firstSeen: before?.firstSeen ?? now,
      lastSeen: now,
      run,
      code: failure?.code ?? '',
    })
  }

  finish(run: number, completed: boolean): void {
    if (!completed) return
    for (const [key, { run: seen }] of this.failures) if (seen !== run) this.failures.delete(key)
  }
}

const everyKey = ['a', 'b', 'a\0', '\ud800', '\ufffd', '__proto__']
const keys = fc.constantFrom(...everyKey)
const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const ids = fc.option(fc.option(fc.string({ unit: 'binary' })), { nil: undefined })

const outcomeOf = fc.record({
  key: keys,
  status: fc.constantFrom('applied', 'rejected', 'failed', 'in_doubt', 'not_attempted'),
  id: ids,
  attempts: fc.nat(4),
  kind: fc.constantFrom('create', 'update', 'archive', 'delete', 'untag'),
  removal: fc.boolean(),
  partly: fc.boolean(),
  record: fc.dictionary(fc.constantFrom('email', '__proto__', 'name'), scalar, {
    noNullPrototype: true,
  }),
  fingerprint: fc.constantFrom('f1', 'f2', 'f3'),
  code: fc.constantFrom('timeout', 'conflict'),
})

const runs = fc.array(
  fc.record({
    calls: fc.array(
      // To scan a snapshot has it take in all that was confirmed.
      fc.record({ call: fc.array(outcomeOf, { maxLength: 8 }), scan: fc.boolean() }),
      { maxLength: 4 },
    ),
    status: fc.constantFrom('done', 'failures', 'stopped', 'refused'),
  }),
  { maxLength: 5 },
)

describe('recording outcomes', () => {
  it('moves snapshot and failures as the model says', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (planned) => {
        const clock = new VirtualClock()
        const store = await openStateStore({
          location: { kind: 'sqlite', file: '/nowhere/state.db' },
          clock,
          create: false,
        })
        const model = new Model()
        try {
          const held = await lock(store, 'people', 1_000_000)
          for (const { calls, status } of planned) {
            const started = clock.now()
            const run = await store.startRun(held, about(null))
            let ordinal = 0
            for (const { call, scan } of calls) {
              await clock.advance(1)
              const outcomes = call.map(({ code, record, partly, ...rest }) => {
                const failed = rest.status !== 'applied'
                const outcome: Outcome = {
                  ...rest,
                  ordinal: ordinal++,
                  held: !failed || partly ? record : undefined,
                  created: false,
                  failure: failed ? { code, message: 'no' } : undefined,
                }
                return outcome
              })
              await run.record(outcomes)
              for (const outcome of outcomes) model.record(outcome, run.run, started, clock.now())
              const reader = store.snapshot('people')
              expect(await reader.entries(everyKey)).toEqual(model.snapshot)
              if (scan) expect(await wholeSnapshot(reader)).toEqual(model.snapshot)
            }
            expect((await run.counts()).outcomes.applied).toBe(
              calls.flatMap(({ call }) => call).filter((outcome) => outcome.status === 'applied')
                .length,
            )
            await run.finish(status, clock.now(), '{}')
            model.finish(run.run, status === 'done' || status === 'failures')
          }
          expect(await wholeSnapshot(store.snapshot('people'))).toEqual(model.snapshot)
          const open = (await failuresOf(store)).map(
            ({ key, attempts, firstSeen, lastSeen, run, code }) =>
              [key, { attempts, firstSeen, lastSeen, run, code }] as const,
          )
          expect(new Map(open)).toEqual(model.failures)
        } finally {
          await store.close()
        }
      }),
      { numRuns: 150, seed: 20_261_121 },
    )
  })
})
