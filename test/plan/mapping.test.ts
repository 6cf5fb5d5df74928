import { describe, expect, test } from 'vitest'
import { type Column, ConfigurationError, type Value } from '../../src/connector/index.ts'
import { digestRoom, formatDigest } from '../../src/plan/digest.ts'
import { fingerprintOf } from '../../src/plan/fingerprint.ts'
import { compileMapping, type Mapping } from '../../src/plan/mapping.ts'
import { activation, columns, field } from './support.ts'

function problemsOf(compile: () => Mapping): readonly string[] {
  try {
    compile()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ message }) => message)
    throw error
  }
  return []
}

function recordOf(mapping: Mapping, row: readonly Value[]) {
  const values: (string | number | boolean | null | undefined)[] = []
  expect(mapping.cast(row, values)).toBe(null)
  return mapping.record(values)
}

describe('compileMapping', () => {
  test('tells every problem at once, each at its field', () => {
    const wide: Column[] = [
      ...columns,
      { name: 'name', type: 'text', sourceType: 'text' },
      { name: 'tags', type: 'array', element: 'text', sourceType: 'text[]' },
    ]
    const mapped = activation({
      key: ['name', 'nmae', 'id'],
      fields: [
        field('external_id', 'idd'),
        field('name', 'name'),
        field('seats', 'tags'),
        { field: 'role', from: { value: 'boss' }, onNull: 'clear', when: 'always' },
        field('nonsense', 'id'),
      ],
    })
    expect(problemsOf(() => compileMapping(mapped, wide))).toMatchInlineSnapshot(`
      [
        "fields.external_id: The query returns no column "idd"; did you mean "id"?",
        "fields.name: The query returns several columns "name"; give each a name of its own with "as".",
        "fields.seats: Column "tags" (text[]) cannot become the whole number that "seats" takes: it is not a number; say in the query which number it stands for.",
        "fields.role: The constant for "role" (string) holds a value that the field does not offer. The field takes user, lead.",
        "fields.nonsense: contact has no field "nonsense".",
        "key.0: The query returns several columns "name"; give each a name of its own with "as".",
        "key.1: The query returns no column "nmae"; did you mean "name"?",
      ]
    `)
  })

  test('wants the identifier from a column', () => {
    const constant = {
      field: 'external_id',
      from: { value: 'x' },
      onNull: 'clear',
      when: 'always',
    } as const
    for (const fields of [[constant], [field('name', 'name')]]) {
      expect(problemsOf(() => compileMapping(activation({ fields }), columns))).toEqual([
        expect.stringContaining('The identifier "external_id" has to be mapped to a column'),
      ])
    }
  })
})

describe('a mapping', () => {
  const mapping = compileMapping(
    activation({
      fields: [
        field('name', 'name'),
        field('external_id', 'id'),
        field('role', 'plan'),
        field('custom_attributes.plan', 'plan', 'skip'),
        { field: 'vip', from: { value: 'yes' }, onNull: 'clear', when: 'always' },
        { field: 'score', from: { value: null }, onNull: 'clear', when: 'always' },
        { field: 'seats', from: { value: null }, onNull: 'skip', when: 'always' },
      ],
    }),
    columns,
  )

  test('keeps the order of the activation', () => {
    expect(Object.keys(recordOf(mapping, ['1', 'Ann', 'user']))).toEqual([
      'name',
      'external_id',
      'role',
      'custom_attributes.plan',
      'vip',
      'score',
    ])
  })

  test('clears what is NULL, and leaves out what is to be skipped or cannot be cleared', () => {
    expect(recordOf(mapping, ['1', null, null])).toEqual({
      name: null,
      external_id: '1',
      vip: true,
      score: null,
    })
  })

  test('has the canonical text that fingerprints are made of', () => {
    const values: (string | number | boolean | null | undefined)[] = []
    mapping.cast(['1', 'Ann', null], values)
    const shuffled = compileMapping(
      activation({ fields: [field('name', 'name'), field('external_id', 'id')].reverse() }),
      columns,
    )
    const ordered = compileMapping(
      activation({ fields: [field('name', 'name'), field('external_id', 'id')] }),
      columns,
    )
    const forwards: typeof values = []
    const backwards: typeof values = []
    ordered.cast(['1', 'Ann', null], forwards)
    shuffled.cast(['1', 'Ann', null], backwards)
    const [one, other] = [digestRoom(), digestRoom()]
    ordered.fingerprint(forwards, one)
    shuffled.fingerprint(backwards, other)
    expect(other).toEqual(one)
    expect(formatDigest(one)).toBe(fingerprintOf(ordered.record(forwards)))
    expect(fingerprintOf(ordered.record(forwards))).toBe(fingerprintOf(shuffled.record(backwards)))
  })

  test('names every field that refuses its value', () => {
    const values: (string | number | boolean | null | undefined)[] = []
    const refused = mapping.cast(['1', 'a name that is too long', 'boss'], values)
    expect(refused?.map((one) => [one.field, one.column.name])).toEqual([
      ['name', 'name'],
      ['role', 'plan'],
    ])
  })
})
