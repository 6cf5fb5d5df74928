import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TagRule } from '../../src/config/activation.ts'
import {
  type Column,
  type ColumnType,
  ConfigurationError,
  type Value,
} from '../../src/connector/index.ts'
import { isSameList, listOf } from '../../src/plan/list-text.ts'
import { compileMapping } from '../../src/plan/mapping.ts'
import { activation, field, plan, type Row, Snapshot } from './support.ts'

const from = (column: string, prefix = '', separator = ','): TagRule => ({
  column,
  prefix,
  separator,
})

function columnsWith(type: ColumnType, element?: ColumnType): readonly Column[] {
  return [
    { name: 'id', type: 'text', sourceType: 'text' },
    { name: 'list', type, ...(element && { element }), sourceType: `a ${type}` },
    { name: 'flag', type: 'boolean', sourceType: 'boolean' },
  ]
}

const tagged = (...tags: TagRule[]) => activation({ fields: [field('external_id', 'id')], tags })
const inCompanies = activation({
  fields: [field('external_id', 'id')],
  companies: [{ column: 'list', separator: ',' }],
})

async function tagsOf(
  rules: readonly TagRule[],
  value: Value,
  columns: readonly Column[],
  flag: Value = null,
) {
  const { operations, rejected } = await plan([['1', value, flag]], {
    activation: tagged(...rules),
    columns,
  })
  return operations[0]?.record.tags ?? rejected[0]?.failure
}

describe('the tags of a row', () => {
  const text = columnsWith('text')

  test.each<[string, ColumnType, ColumnType | undefined, Value, readonly string[]]>([
    ['an array', 'array', 'text', ['b', 'a', null, ' ', 'a'], ['a', 'b']],
    ['a JSON document', 'json', undefined, '["b", "a", null, ""]', ['a', 'b']],
    ['JSON null', 'json', undefined, 'null', []],
    ['JSON in text', 'text', undefined, ' ["b,c", "a"]', ['a', 'b,c']],
    ['separated text', 'text', undefined, 'b, a ,, a b', ['a', 'a b', 'b']],
    ['empty text', 'text', undefined, '', []],
    ['NULL', 'text', undefined, null, []],
    ['an empty array', 'array', 'text', [], []],
    ['one name in several spellings', 'text', undefined, 'vip,VIP,Vip', ['VIP']],
  ])('come from %s', async (_, type, element, value, expected) => {
    expect(await tagsOf([from('list')], value, columnsWith(type, element))).toEqual(expected)
  })

  test('take another separator and a prefix, which alone is no name', async () => {
    expect(await tagsOf([from('list', 'wh: ', '|')], ' a, b | |c', text)).toEqual([
      'wh: a, b',
      'wh: c',
    ])
  })

  test.each([
    [true, ['Always', 'VIP']],
    [false, ['Always']],
    [null, ['Always']],
  ])('with a column that is %s', async (flag, expected) => {
    const rules: TagRule[] = [
      { name: 'VIP', when: 'flag' },
      { name: 'Always', when: null },
    ]
    expect(await tagsOf(rules, null, text, flag)).toEqual(expected)
  })

  test('of several rules come together', async () => {
    const rules: TagRule[] = [{ name: 'B', when: null }, from('list'), from('list', 'x ')]
    expect(await tagsOf(rules, 'b,a', text)).toEqual(['a', 'B', 'x a', 'x b'])
  })

  test.each<[string, ColumnType, Value]>([
    ['an object', 'json', '{"a": 1}'],
    ['a text', 'json', '"a"'],
    ['numbers', 'json', '[1, 2]'],
    ['arrays in an array', 'json', '[["a"]]'],
    ['an array that was cut off', 'text', '["a", "b'],
    ['an array as Postgres writes it', 'text', '{a,b}'],
  ])('are refused where JSON is %s', async (_, type, value) => {
    const failure = await tagsOf([from('list')], value, columnsWith(type))
    expect(failure).toMatchObject({
      code: 'invalid_value',
      field: 'tags',
      message: `Row 1: tags: column "list" (a ${type}) holds JSON that is no array of texts.`,
    })
  })

  test('are refused where a name cannot be stored, without showing it', async () => {
    const failure = await tagsOf([from('list')], 'secret\0', text)
    expect(failure).toMatchObject({ code: 'invalid_value' })
    expect(JSON.stringify(failure)).not.toContain('secret')
  })
})

describe('the companies of a row', () => {
  test.each<[ColumnType, ColumnType | undefined, Value, readonly string[]]>([
    ['text', undefined, 'a', ['a']],
    ['text', undefined, 'b,a', ['a', 'b']],
    ['integer', undefined, 7, ['7']],
    ['integer', undefined, 9007199254740993n, ['9007199254740993']],
    ['decimal', undefined, '7.00', ['7']],
    ['array', 'integer', [7, 8], ['7', '8']],
    ['array', 'decimal', ['7.0', '8.50'], ['7', '8.50']],
    ['array', 'text', ['A', 'a'], ['A', 'a']],
    ['json', undefined, '["a"]', ['a']],
    ['text', undefined, null, []],
  ])('come from a column of type %s (%s): %o', async (type, element, value, expected) => {
    const { operations } = await plan([['1', value, null]], {
      activation: inCompanies,
      columns: columnsWith(type, element),
    })
    expect(operations[0]?.record.companies).toEqual(expected)
  })
})

describe('a column that cannot hold a list is a problem of the configuration', () => {
  const problems = (of: Parameters<typeof compileMapping>[0], columns: readonly Column[]) => {
    try {
      compileMapping(of, columns)
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.map(({ message }) => message)
      throw error
    }
    return []
  }

  test.each<[ColumnType, ColumnType?]>([
    ['boolean'],
    ['float'],
    ['date'],
    ['timestamp'],
    ['timestamptz'],
    ['bytes'],
    ['array', 'bytes'],
    ['array', 'json'],
    ['array', 'boolean'],
  ])('%s %s', (type, element) => {
    const columns = columnsWith(type, element)
    const start = `Column "list" (a ${type}) cannot become a list of`
    expect(problems(tagged(from('list')), columns)).toEqual([
      expect.stringContaining(`tags.0: ${start} tags: `),
    ])
    expect(problems(inCompanies, columns)).toEqual([
      expect.stringContaining(`companies.0: ${start} companies: `),
    ])
  })

  test('numbers are no tags', () => {
    expect(problems(tagged(from('list')), columnsWith('integer'))).toHaveLength(1)
    expect(problems(tagged(from('list')), columnsWith('array', 'integer'))).toHaveLength(1)
  })

  test('columns that are not there or decide nothing are named with their rule', () => {
    const rules: TagRule[] = [{ name: 'A', when: 'flga' }, { name: 'B', when: 'list' }, from('lst')]
    expect(problems(tagged(...rules), columnsWith('date'))).toEqual([
      'tags.0: The query returns no column "flga"; did you mean "flag"?',
      expect.stringMatching(/^tags\.1: Column "list" \(a date\) cannot decide on the tag "B": /),
      'tags.2: The query returns no column "lst"; did you mean "list"?',
    ])
  })
})

describe('against the snapshot', () => {
  const columns = columnsWith('text')
  const options = { activation: tagged(from('list')), columns }
  const delivered = async (row: Row, of = options) =>
    new Snapshot().after((await plan([row], of)).operations)

  test('order and letter case of tags do not matter', async () => {
    const snapshot = await delivered(['1', 'a,B', null])
    const { totals } = await plan([['1', 'b,A', null]], { ...options, snapshot })
    expect(totals).toMatchObject({ unchanged: 1, update: 0 })
    expect(snapshot.lookUps).toBe(0)
  })

  test('another tag is an update of the tags alone, with what is held', async () => {
    const snapshot = await delivered(['1', 'a,B', null])
    const { operations, totals } = await plan([['1', 'b,c', null]], { ...options, snapshot })
    expect(operations).toEqual([
      expect.objectContaining({
        kind: 'update',
        id: 'id of 1',
        changed: ['tags'],
        record: { external_id: '1', tags: ['b', 'c'] },
        held: { external_id: '1', tags: ['a', 'B'] },
      }),
    ])
    expect(totals.changedFields).toEqual({ tags: 1 })
  })

  test('no tags where none were ever applied are no change', async () => {
    const plain = activation({ fields: [field('external_id', 'id')] })
    const snapshot = await delivered(['1', null, null], { activation: plain, columns })
    expect((await plan([['1', '', null]], { ...options, snapshot })).totals.unchanged).toBe(1)
  })

  test('without the rules tags are left alone, and known once there are rules again', async () => {
    const snapshot = await delivered(['1', 'a', null])
    const plain = activation({ fields: [field('external_id', 'id'), field('name', 'list')] })
    const renamed = await plan([['1', 'Ann', null]], { activation: plain, columns, snapshot })
    expect(renamed.operations[0]?.record).toEqual({ external_id: '1', name: 'Ann' })
    expect(renamed.operations[0]?.changed).toEqual(['name'])
    const after = snapshot.after(renamed.operations)
    const { operations } = await plan([['1', '', null]], { ...options, snapshot: after })
    expect(operations).toEqual([
      expect.objectContaining({
        changed: ['tags'],
        held: expect.objectContaining({ tags: ['a'] }),
      }),
    ])
  })

  test('no rules at all take away what millrace put there', async () => {
    const snapshot = await delivered(['1', 'a', null])
    const { operations } = await plan([['1', 'a', null]], {
      activation: tagged(),
      columns,
      snapshot,
    })
    expect(operations).toEqual([
      expect.objectContaining({ changed: ['tags'], record: { external_id: '1', tags: [] } }),
    ])
  })
})

describe('lists', () => {
  const names = fc.array(fc.constantFrom('a', 'A', ' a', 'b', 'B', 'bb', '', ' '), { maxLength: 8 })

  test('do not depend on order, repetition or, for tags, letter case', () => {
    fc.assert(
      fc.property(names, fc.func(fc.integer()), (some, order) => {
        const others = [...some, ...some].sort((a, b) => order(a) - order(b))
        for (const list of ['tags', 'companies'] as const) {
          expect(listOf(list, others)).toEqual(listOf(list, some))
          expect(
            isSameList(list, listOf(list, some), others.map((name) => name.trim()).filter(Boolean)),
          ).toBe(true)
        }
        const upper = some.map((name) => name.toUpperCase())
        expect(isSameList('tags', listOf('tags', some), listOf('tags', upper))).toBe(true)
      }),
    )
    expect(isSameList('companies', ['a'], ['A'])).toBe(false)
    expect(isSameList('tags', ['a'], ['a', 'b'])).toBe(false)
    expect(isSameList('tags', ['a', 'b'], ['a'])).toBe(false)
  })
})
