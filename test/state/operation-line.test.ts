import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Operation } from '../../src/connector/index.ts'
import { lineOf, operationIn } from '../../src/state/operation-line.ts'

const text = fc.string({ unit: 'grapheme' })
const record = fc.dictionary(
  fc.constantFrom('email', 'name', 'tags', 'custom_attributes.a "quoted" one', '7'),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text)),
  { noNullPrototype: true },
)

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
    request: fc.option(text),
  })
  .map(({ isWhole, isUsual, request, ...rest }) => ({
    ...rest,
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

it('gives back the operation that was written, from one line', () => {
  fc.assert(
    fc.property(operations, (operation) => {
      const line = lineOf(operation)
      expect(line).not.toContain('\n')
      expect(operationIn(line)).toEqual(operation)
    }),
  )
})

it('leaves out what most operations have in common', () => {
  const create: Operation = {
    ordinal: 1,
    key: 'k',
    kind: 'create',
    removal: false,
    id: null,
    record: { email: 'a@b.c' },
    held: null,
    changed: ['email'],
    unansweredSince: null,
    archivedByUs: false,
    fingerprint: 'f',
  }
  expect(lineOf(create)).toBe(
    '{"ordinal":1,"key":"k","kind":"create","record":{"email":"a@b.c"},"fingerprint":"f"}',
  )
})
