import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Activation } from '../../src/config/activation.ts'
import { type Column, removals } from '../../src/connector/index.ts'
import { type Contact, type Fate, ModelTarget } from './model.ts'
import { activation, field, plan, type Row, Snapshot } from './support.ts'

const wide: readonly Column[] = [
  { name: 'id', type: 'text', sourceType: 'text' },
  { name: 'name', type: 'text', sourceType: 'text' },
  { name: 'plan', type: 'text', sourceType: 'text' },
  { name: 'segments', type: 'text', sourceType: 'text' },
  { name: 'is_vip', type: 'boolean', sourceType: 'boolean' },
  { name: 'accounts', type: 'array', element: 'text', sourceType: 'text[]' },
]

function activationWith(onRemoved: Activation['onRemoved']): Activation {
  return activation({
    fields: [
      field('external_id', 'id'),
      field('name', 'name'),
      field('custom_attributes.plan', 'plan', 'skip'),
      {
        field: 'custom_attributes.first_plan',
        from: { column: 'plan' },
        onNull: 'clear',
        when: 'create',
      },
    ],
    tags: [
      { name: 'VIP', when: 'is_vip' },
      { column: 'segments', prefix: '', separator: ',' },
    ],
    companies: [{ column: 'accounts', separator: ',' }],
    onRemoved,
  })
}

const ids = ['1', '2', '3', '4', '5'] as const
const contentOf = fc.tuple(
  fc.constantFrom('Ann', 'Ben', null),
  fc.constantFrom('pro', 'free', null),
  fc.constantFrom('beta', 'Beta, vip', 'VIP', 'trial,beta', '', null),
  fc.constantFrom(true, false, null),
  fc.constantFrom(['a'], ['a', 'b'], ['b'], [], null),
)

/** One query result: some of the keys, in some order, each with one row. */
const resultOf: fc.Arbitrary<readonly Row[]> = fc
  .shuffledSubarray([...ids])
  .chain((some) => fc.tuple(...some.map((id) => contentOf.map((content): Row => [id, ...content]))))

const fateOf: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>('applied') },
  { weight: 3, arbitrary: fc.constantFrom<Fate>('failed', 'lost', 'partial') },
)
const runOf = fc.tuple(
  resultOf,
  fc.array(fateOf, { minLength: ids.length * 2, maxLength: ids.length * 2 }),
)

function seeded(): ModelTarget {
  const target = new ModelTarget(['custom_attributes.first_plan'])
  target.seed('1')
  target.seed('2')
  return target
}

const foreign = 'from before'

/** What an activation owns of a contact: not what others put there, nor the fields that are only set at creation. */
function owned(contact: Contact | undefined, names: readonly string[]) {
  if (contact === undefined) return undefined
  const { fields, tags, companies, archived } = contact
  return {
    fields: Object.fromEntries(names.map((name) => [name, fields[name]])),
    tags: [...tags].filter((name) => name !== foreign).sort(),
    companies: [...companies].filter((name) => name !== foreign).sort(),
    archived,
  }
}

describe('whatever queries return and whatever fails', () => {
  test('the target ends as a fresh sync of the last result leaves it, and nothing is left to do', async () => {
    let removed = 0
    let returned = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...removals),
        fc.array(runOf, { minLength: 1, maxLength: 7 }),
        async (onRemoved, runs) => {
          const options = { activation: activationWith(onRemoved), columns: wide }
          const target = seeded()
          const snapshot = new Snapshot()
          // Came back after a removal, perhaps: like records whose creation nobody confirmed, these are left alone.
          const unconfirmed = new Set<string>()
          for (const [rows, fates] of runs) {
            const { operations } = await plan(rows, { ...options, snapshot })
            for (const [index, operation] of operations.entries()) {
              if (operation.removal) removed += 1
              if (operation.archivedByUs) returned += 1
              const { key, removal } = operation
              const fate = fates[index] ?? 'applied'
              if (removal || snapshot.kept.get(key)?.removed === null) unconfirmed.delete(key)
              else if (fate === 'lost') unconfirmed.add(key)
              target.deliver(operation, fate, snapshot)
            }
          }
          const last = runs.at(-1)?.[0] ?? []
          const clean = await plan(last, { ...options, snapshot })
          for (const operation of clean.operations) target.deliver(operation, 'applied', snapshot)

          const fresh = seeded()
          const sync = await plan(last, options)
          for (const operation of sync.operations)
            fresh.deliver(operation, 'applied', new Snapshot())
          for (const [id, , plan] of last) {
            const names = [
              'external_id',
              'name',
              ...(plan === null ? [] : ['custom_attributes.plan']),
            ]
            const found = owned(target.byExternalId(id), names)
            expect(found).toEqual(owned(fresh.byExternalId(id), names))
          }
          const wanted = new Set(last.map(([id]) => id))
          for (const id of ids) {
            const known = snapshot.kept.get(id)
            if (wanted.has(id) || unconfirmed.has(id) || (known?.sent ?? null) === null) continue
            const contact = target.byExternalId(id)
            if (onRemoved === 'delete') expect(contact).toBe(undefined)
            if (onRemoved === 'archive') expect(contact?.archived).toBe(true)
            if (onRemoved === 'untag') {
              expect(owned(contact, [])).toMatchObject({ tags: [], companies: [] })
            }
          }
          for (const { fields, tags, companies } of target.contacts.values()) {
            if (!fields[foreign]) continue
            expect(tags).toContain(foreign)
            expect(companies).toContain(foreign)
          }

          const again = await plan(last, { ...options, snapshot })
          expect(again.operations).toEqual([])
        },
      ),
      { numRuns: 400 },
    )
    // Else the generator has lost what this is about.
    expect(removed).toBeGreaterThan(100)
    expect(returned).toBeGreaterThan(10)
  })

  test('fields of creation are sent to those that were created, with the values of that time', async () => {
    const options = { activation: activationWith('keep'), columns: wide }
    const target = seeded()
    const snapshot = new Snapshot()
    for (const tariff of ['pro', 'free']) {
      const rows: Row[] = [
        ['1', 'Ann', tariff, null, null, null],
        ['5', 'Eve', tariff, null, null, null],
      ]
      const { operations } = await plan(rows, { ...options, snapshot })
      for (const operation of operations) target.deliver(operation, 'applied', snapshot)
    }
    expect(target.byExternalId('1')?.fields['custom_attributes.first_plan']).toBe(undefined)
    expect(target.byExternalId('5')?.fields).toMatchObject({
      'custom_attributes.plan': 'free',
      'custom_attributes.first_plan': 'pro',
    })
  })

  test.each(['insert', 'delete', 'archive'] as const)('%s acts once per key', async (mode) => {
    const once = activation({
      mode,
      identifier: mode === 'insert' ? null : 'external_id',
      fields: mode === 'insert' ? activation().fields : [field('external_id', 'id')],
    })
    const options = { activation: once, columns: wide }
    await fc.assert(
      fc.asyncProperty(fc.array(runOf, { maxLength: 6 }), async (runs) => {
        const snapshot = new Snapshot()
        const done = new Set<string>()
        for (const [rows, fates] of runs) {
          const { operations, totals } = await plan(rows, { ...options, snapshot })
          expect(new Set(operations.map(({ key }) => key))).toEqual(
            new Set(rows.map(([id]) => String(id)).filter((id) => !done.has(id))),
          )
          for (const [index, operation] of operations.entries()) {
            expect(operation.kind).toBe(mode === 'insert' ? 'create' : mode)
            if (mode !== 'insert') expect(operation.record).toEqual({ external_id: operation.key })
            if (fates[index] !== 'applied') continue
            done.add(operation.key)
            for (const [key, entry] of snapshot.after([operation]).kept)
              snapshot.kept.set(key, entry)
          }
          expect(totals.unchanged).toBe(rows.length - operations.length)
        }
      }),
    )
  })
})
