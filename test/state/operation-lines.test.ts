import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Operation } from '../../src/connector/index.ts'
import { JsonBytes } from '../../src/plan/json-bytes.ts'
import { LineWriter, operationsIn } from '../../src/state/operation-lines.ts'

const text = fc.string({ unit: 'grapheme' })
const record = fc.dictionary(
  fc.constantFrom('email', 'name', 'tags', 'custom_attributes.a "quoted" one', '7'),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text)),
  { noNullPrototype: true },
)

/** A record's first field with another value. */
function one(record: Operation['record']): Operation['record'] {
  const [name] = Object.keys(record)
  return name === undefined ? {} : { [name]: 'another "value"' }
}

const operations: fc.Arbitrary<Operation> = fc
  .record({
    ordinal: fc.nat(),
    key: text,
    kind: fc.constantFrom('create', 'update', 'untag'),
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
  })
  .map(({ isWhole, isUsual, isHeldAlike, request, ...rest }) => ({
    ...rest,
    ...(isHeldAlike && { held: { ...rest.record, ...one(rest.record) } }),
    ...(request !== null && { unansweredRequest: request }),
    changed: isWhole ? Object.keys(rest.record) : Object.keys(rest.record).slice(1).reverse(),
    ...(isUsual && {
      removal: false,
      id: null,
      held: null,
      unansweredSince: null,
      archivedByUs: false,
    }),
  }))

const textOf = (some: readonly Operation[]): string => {
  const text = new JsonBytes()
  const writer = new LineWriter(text)
  for (const operation of some) writer.write(operation)
  return Buffer.from(text.view()).toString()
}

it('gives back the operations that were written, one a line', () => {
  fc.assert(
    fc.property(fc.array(operations, { minLength: 1, maxLength: 5 }), (some) => {
      const text = textOf(some)
      expect(text.split('\n')).toHaveLength(some.length)
      expect([...operationsIn(text)]).toEqual(some)
    }),
  )
})

it('gives back many operations with the same fields', () => {
  fc.assert(
    fc.property(operations, fc.array(operations, { maxLength: 3 }), (one, others) => {
      const alike = others.map((other) => ({ ...other, record: one.record, changed: one.changed }))
      expect([...operationsIn(textOf([one, ...alike, one]))]).toEqual([one, ...alike, one])
    }),
  )
})

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

it('leaves out what most operations have in common, and the names that the line before has', () => {
  expect(textOf([create, create]).split('\n')).toEqual([
    '{"ordinal":1,"key":"k","kind":"create","record":{"email":"a@b.c","tags":["x"]},"fingerprint":"f"}',
    '{"ordinal":1,"key":"k","kind":"create","record":["a@b.c",["x"]],"fingerprint":"f"}',
  ])
})

it('says of what is held what is different, where it has the same fields', () => {
  const held = { ...create.record, email: 'old' }
  const lines = [held, create.record, { email: 'old' }].map((one) =>
    textOf([{ ...create, held: one }]).slice(textOf([create]).length - 1),
  )
  expect(lines).toEqual([',"was":{"email":"old"}}', ',"was":{}}', ',"held":{"email":"old"}}'])
})

it('begins anew with every text', () => {
  const text = new JsonBytes()
  const writer = new LineWriter(text)
  writer.write(create)
  const { length } = text
  writer.restart()
  writer.write(create)
  expect(text.view(length)).toEqual(text.view(0, length))
})
