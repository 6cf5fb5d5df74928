import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Operation, operationKinds } from '../../src/connector/index.ts'
import { digestRoom, formatDigest } from '../../src/plan/digest.ts'
import type { PackableUpdate } from '../../src/plan/interfaces.ts'
import type { PackedBytes } from '../../src/plan/packed-bytes.ts'
import { OperationPacker } from '../../src/state/operation-packer.ts'
import { operationsIn } from '../../src/state/packed-operations.ts'
import { Seal } from '../../src/state/seal.ts'
import { headsOf, openChunk, operationsOf, sealedChunk } from '../../src/state/spool-chunks.ts'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('\0', '\ud83d', 'a\udc00b', 'é'.repeat(120), 'x'.repeat(70_000)),
)
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1e21, 5e-324),
)
const record = fc.dictionary(
  fc.constantFrom('email', 'name', 'tags', 'a "quoted" one', '7', '__proto__', 'constructor'),
  fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(text)),
  { noNullPrototype: true },
)

/** A record's first field with another value. */
function other(record: Operation['record']): Operation['record'] {
  const [name] = Object.keys(record)
  return name === undefined ? {} : { [name]: 'another "value"' }
}

const operation: fc.Arbitrary<Omit<Operation, 'ordinal'>> = fc
  .record({
    key: text,
    kind: fc.constantFrom(...operationKinds),
    removal: fc.boolean(),
    id: fc.option(text),
    record,
    held: fc.option(record),
    isWhole: fc.boolean(),
    unansweredSince: fc.option(fc.nat()),
    archivedByUs: fc.boolean(),
    fingerprint: text,
    isUsual: fc.boolean(),
    isHeldAlike: fc.boolean(),
    request: fc.option(text),
    again: fc.option(fc.boolean()),
  })
  .map(({ isWhole, isUsual, isHeldAlike, request, again, ...rest }) => ({
    ...rest,
    ...(isHeldAlike && { held: { ...rest.record, ...other(rest.record) } }),
    ...(request !== null && { unansweredRequest: request }),
    ...(again !== null && { again }),
    changed: isWhole ? Object.keys(rest.record) : Object.keys(rest.record).slice(1).reverse(),
    ...(isUsual && {
      removal: false,
      id: null,
      held: null,
      unansweredSince: null,
      archivedByUs: false,
    }),
  }))

const operations = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 20 }), operation), { minLength: 1, maxLength: 6 })
  .map((some) => {
    let ordinal = -1
    return some.map(([step, one]): Operation => {
      ordinal += step
      return { ordinal, ...one }
    })
  })

function packed(some: readonly Operation[], packer = new OperationPacker()): Buffer {
  packer.restart()
  const start = packer.bytes.length
  for (const one of some) packer.add(one)
  return packer.bytes.view(start)
}

/** As text, which unlike `toEqual` also tells what has the same fields in another order. */
function inOrder(some: Iterable<Operation>): string {
  return JSON.stringify([...some].map(({ record, held }) => [record, held]))
}

const create: Operation = {
  ordinal: 1,
  key: 'k',
  kind: 'create',
  removal: false,
  id: null,
  record: { email: 'a@b.c', tags: ['x'] },
  held: null,
  changed: ['email', 'tags'],
  unansweredSince: null,
  archivedByUs: false,
  fingerprint: 'f',
}

describe('packed operations', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(operations, (some) => {
        const found = [...operationsIn(packed(some))]
        // Of what is held, JSON has no negative zero.
        expect(found.map(withoutNegativeZero)).toEqual(some.map(withoutNegativeZero))
        expect(inOrder(found)).toBe(inOrder(some))
      }),
      { numRuns: 500 },
    )
  })

  it('come back where their records have the same fields', () => {
    fc.assert(
      fc.property(operations, operations, (some, others) => {
        const [one] = some as [Operation]
        const alike = others.map((another) => ({
          ...another,
          record: one.record,
          held: null,
          changed: [],
        }))
        expect([...operationsIn(packed(alike))]).toEqual(alike)
      }),
    )
  })

  it('name their fields once, and need a byte for one that is missing', () => {
    const size = (...some: Operation[]) => packed(some).length
    const names = size(create) - size(create, create) + size(create)
    expect(size(create, create, create)).toBe(names + 3 * (size(create) - names))
    const { email, ...rest } = { ...create.record, email: 'a@b.c' }
    const without = { ...create, record: rest, changed: ['tags'] }
    expect(size(create, without)).toBe(size(create, create) - email.length)
    expect([...operationsIn(packed([create, without]))]).toEqual([create, without])
  })

  it('say of what is held what is different', () => {
    const size = (held: Operation['held'], ...changed: string[]) =>
      packed([{ ...create, held, changed }]).length - packed([create]).length
    expect(size(create.record)).toBe(2)
    // What changes follows from it.
    expect(size({ ...create.record, email: 'old' }, 'email')).toBe(1 + 'old'.length + 1)
    expect(size({ ...create.record, email: 'old' }, 'email', 'tags')).toBeGreaterThan(20)
  })

  it('begin anew with every chunk', () => {
    const packer = new OperationPacker(8)
    const first = Buffer.from(packed([create, { ...create, ordinal: 7 }], packer))
    expect(packed([create, { ...create, ordinal: 7 }], packer)).toEqual(first)
  })

  it('take creations that are bytes already', () => {
    const digest = digestRoom().fill(-5)
    const names = ['email', 'name', 'tags']
    const record = {
      names,
      find: (key: string) => (key === 'a@b.c' ? 0 : -1),
      pack: (into: PackedBytes) => {
        into.text(new DataView(new TextEncoder().encode('<a@b.c>').buffer), 1, 6)
        into.value(undefined)
        into.value(['x'])
      },
    }
    const packer = new OperationPacker()
    packer.create(0, 'a@b.c', digest, 'sign', record)
    packer.add({ ...create, ordinal: 2 })
    packer.create(3, 'other', digest, 'sign', record)
    packer.add({ ...create, ordinal: 9, record: { phone: 1 }, changed: ['phone'] })
    packer.create(300, 'other', digest, 'else', record)
    const fingerprint = `${formatDigest(digest)}sign`
    expect([...operationsIn(packer.bytes.view())]).toEqual([
      { ...create, ordinal: 0, key: 'a@b.c', fingerprint },
      { ...create, ordinal: 2 },
      { ...create, ordinal: 3, key: 'other', fingerprint },
      { ...create, ordinal: 9, record: { phone: 1 }, changed: ['phone'] },
      { ...create, ordinal: 300, key: 'other', fingerprint: `${formatDigest(digest)}else` },
    ])
  })

  it('take updates that are bytes already', () => {
    const digest = digestRoom().fill(7)
    const packer = new OperationPacker()
    packer.update(4, 'a@b.c', digest, 'sign', 'id-1', update)
    packer.update(5, 'other', digest, 'sign', null, { ...update, find: () => -1 })
    const expected: Operation = {
      ...create,
      ordinal: 4,
      key: 'a@b.c',
      kind: 'update',
      id: 'id-1',
      record: { email: 'a@b.c', name: 'Ann', tags: ['x'] },
      held: { email: 'old', tags: ['x'] },
      changed: ['email', 'name'],
      fingerprint: `${formatDigest(digest)}sign`,
    }
    expect([...operationsIn(packer.bytes.view())]).toEqual([
      expected,
      { ...expected, ordinal: 5, key: 'other', id: null },
    ])
  })
})

/** An update that is bytes already, in which the list is the same. */
const update: PackableUpdate = {
  names: ['email', 'name', 'tags'],
  find: () => 0,
  pack(into) {
    into.value('a@b.c')
    into.value('Ann')
    into.value(['x'])
  },
  packHeld(into) {
    into.value('old')
    into.value(undefined)
    into.same()
  },
}

function withoutNegativeZero(operation: Operation): Operation {
  return { ...operation, held: JSON.parse(JSON.stringify(operation.held)) }
}

describe('a chunk', () => {
  const some = [create, { ...create, ordinal: 2, key: 'ä\ud83d\0', kind: 'update' as const }]
  const heads = some.map(({ ordinal, key, kind }) => ({ ordinal, key, kind }))
  const packer = new OperationPacker()
  packer.bytes.byte(openChunk)
  const open = Buffer.from(packer.bytes.view(0, 1))
  const content = { packed: Buffer.concat([open, packed(some)]), lines: '' }

  it('is read as bytes of either database', () => {
    const { buffer, byteOffset, length } = content.packed
    const copy = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer
    for (const one of [content, { ...content, packed: copy }]) {
      expect([...operationsOf(one, null)]).toEqual(some)
      expect(headsOf(one)).toMatchObject(heads)
    }
  })

  it('shows its heads where it is sealed, and nothing else', () => {
    const seal = new Seal()
    const sealed = { packed: sealedChunk(heads, content.packed, seal), lines: '' }
    expect(headsOf(sealed)).toEqual(heads)
    expect(sealed.packed.includes('a@b.c')).toBe(false)
    expect([...operationsOf(sealed, seal)]).toEqual(some)
    expect(() => operationsOf(sealed, null)).toThrow('sealed')
    expect(() => operationsOf(sealed, new Seal())).toThrow()
  })

  it('is read where a version before this one wrote it', () => {
    const lines = heads.map((head) => JSON.stringify(head)).join('\n')
    expect(headsOf({ packed: null, lines })).toEqual(heads)
    expect(headsOf({ packed: null, lines: `${lines}\n{"sealed":"AAAA"}` })).toEqual(heads)
    expect(() => operationsOf({ packed: null, lines }, null)).toThrow('another version')
  })

  it('is refused where it is damaged', () => {
    const { packed } = content
    const cut = { packed: packed.subarray(0, packed.length - 1), lines: '' }
    expect(() => [...operationsOf(cut, null)]).toThrow()
  })
})
