import { describe, expect, test } from 'vitest'
import type { Activation } from '../../src/config/activation.ts'
import { formerFingerprintOf } from '../../src/plan/content-key.ts'
import { fingerprintOf } from '../../src/plan/fingerprint.ts'
import type { SnapshotEntry } from '../../src/plan/interfaces.ts'
import { Scope } from '../../src/plan/scope.ts'
import {
  activation,
  Entries,
  field,
  Index,
  plan,
  type Row,
  type Sink,
  Snapshot,
} from './support.ts'

const ann: Row = ['1', 'Ann', 'pro']
const held = { external_id: '1', name: 'Ann', 'custom_attributes.plan': 'pro' }
const upserts = new Scope('contact', 'upsert')
const deletes = new Scope('contact', 'delete')

const former = upserts.sign(formerFingerprintOf(held))
const now = upserts.sign(fingerprintOf(held))

function known(parts: Partial<SnapshotEntry> = {}): Snapshot {
  const entry = { key: '1', fingerprint: former, id: 'x', sent: held, removed: null }
  return new Snapshot([{ ...entry, ...parts }])
}

/** Keeps what a plan found to have been made formerly. */
function renew(snapshot: Snapshot, { renewed }: Pick<Sink, 'renewed'>): void {
  for (const { key, fingerprint } of renewed) {
    snapshot.kept.set(key, { ...(snapshot.kept.get(key) as SnapshotEntry), fingerprint })
  }
}

const deleting: Partial<Activation> = { mode: 'delete', fields: [field('external_id', 'id')] }
const byId: Partial<Activation> = {
  mode: 'update',
  identifier: 'id',
  fields: [field('id', 'id'), { ...field('name', 'name'), when: 'create' }, field('email', 'plan')],
}

describe('a fingerprint that was made formerly', () => {
  test('is that of the JSON of the sorted fields', () => {
    expect(
      formerFingerprintOf({ a: 1.5, b: 'é"', c: null, d: true, tags: ['A', 'b'] }),
    ).toMatchInlineSnapshot(`"Pt3xNt9eo1d9nXlbIKcIXA"`)
  })

  test.each<[string, Partial<Activation>, Partial<SnapshotEntry>, string]>([
    ['with the values that were sent', {}, {}, now],
    ['without them', { keepValues: false }, { sent: {} }, now],
    ['in mode update', { mode: 'update' }, {}, now],
    [
      'in a mode that takes away',
      deleting,
      {
        fingerprint: deletes.sign(formerFingerprintOf({ external_id: '1' })),
        sent: { external_id: '1' },
      },
      deletes.sign(fingerprintOf({ external_id: '1' })),
    ],
    [
      'of a record with an id, and with fields for its creation',
      byId,
      {
        fingerprint: upserts.sign(formerFingerprintOf({ id: '1', email: 'pro' })),
        id: '1',
        sent: {},
      },
      upserts.sign(fingerprintOf({ id: '1', email: 'pro' })),
    ],
  ])('says that the record is unchanged, and is renewed: %s', async (_, parts, entry, renewed) => {
    const { operations, totals, sink } = await plan([ann], {
      activation: activation(parts),
      snapshot: known(entry),
    })
    expect(operations).toEqual([])
    expect(totals).toMatchObject({ unchanged: 1, update: 0, delete: 0 })
    expect(sink.renewed).toEqual([{ key: '1', fingerprint: renewed }])
  })

  test.each<[string, Partial<SnapshotEntry>, Partial<Activation>, readonly string[]]>([
    ['that has changed is sent in part', {}, {}, ['custom_attributes.plan']],
    ['that has changed is sent', { sent: {} }, { keepValues: false }, Object.keys(held)],
  ])('of a record %s', async (_, entry, parts, changed) => {
    const { operations, sink } = await plan([ann.with(2, 'free')], {
      activation: activation(parts),
      snapshot: known(entry),
    })
    expect(operations).toEqual([expect.objectContaining({ kind: 'update', changed })])
    expect(sink.renewed).toEqual([])
  })

  test('does not keep a record from being sent again', async () => {
    const { operations, sink } = await plan([ann], { snapshot: known({ again: true }) })
    expect(operations).toHaveLength(1)
    expect(sink.renewed).toEqual([])
  })

  test('of another effect proves nothing', async () => {
    const fingerprint = deletes.sign(formerFingerprintOf(held))
    const { operations } = await plan([ann], { snapshot: known({ fingerprint }) })
    expect(operations).toHaveLength(1)
  })

  test.each([
    ['hash', () => new Index()],
    ['merge', () => new Entries()],
  ] as const)('is read once: plan_by %s', async (_, made) => {
    const index = made()
    const snapshot = known()
    const first = await plan([ann], { snapshot, index })
    expect(first.read).toBe(1)
    renew(snapshot, first.sink)
    const content = (await first.draft?.content()) ?? null
    if (content !== null && 'keep' in content) await content.keep('token')
    else if (content !== null && index instanceof Index) await index.write(content)
    await first.draft?.close()
    const second = await plan([ann, ann], { snapshot, index })
    expect(second.read).toBe(0)
    expect(second.totals).toMatchObject({ unchanged: 1, repeated: 1 })
  })

  test('of a record that is delivered once is looked up once', async () => {
    const index = new Index()
    const snapshot = known()
    const looked: number[] = []
    for (let run = 0; run < 4; run += 1) {
      const before = snapshot.lookUps
      const parts = { activation: activation({ mode: 'insert' }), snapshot, index }
      const { operations, totals, sink, draft } = await plan([ann], parts)
      expect(operations).toEqual([])
      expect(totals).toMatchObject({ unchanged: 1 })
      looked.push(snapshot.lookUps - before)
      renew(snapshot, sink)
      const content = (await draft?.content()) ?? null
      if (content !== null && !('keep' in content)) await index.write(content)
      await draft?.close()
    }
    // As long as the snapshot is read whole, nothing is looked up; from the index it is, until the fingerprint is renewed.
    expect(looked).toEqual([0, 1, 0, 0])
  })
})
