import { describe, expect, it } from 'vitest'
import { queryError } from '../../../connectors/postgres/errors.ts'
import { asWritten, narrowed, sameFields } from '../../../connectors/postgres/statement.ts'
import type { QueryError } from '../../../src/connector/index.ts'

const field = (name: string, dataTypeID = 23, dataTypeModifier = -1) => ({
  name,
  dataTypeID,
  dataTypeModifier,
})
const fields = ['a', 'say "b"', 'c'].map((name) => field(name))
const textOf = (query: string) => narrowed(query, fields, { columns: ['a'] })?.statement.text

describe('narrowed', () => {
  it('selects the wanted columns in the order of the query', () => {
    const part = narrowed('select 1', fields, { columns: ['c', 'say "b"'] })
    expect(part?.statement.text).toBe('select "say ""b""", "c" from (\nselect 1\n) as "query"')
    expect(part?.fields.map(({ name }) => name)).toEqual(['say "b"', 'c'])
    expect(narrowed('q', fields, { columns: [] })?.statement.text).toBe(
      'select from (\nq\n) as "query"',
    )
  })

  it('sorts by the text of a column, and a uuid as it is, which is the same', () => {
    const sorted = (type: number) => {
      const part = narrowed('q', [field('a'), field('b c', type)], { orderedBy: 'b c' })
      return part?.statement.text
    }
    const before = 'select "a", "b c" from (\nq\n) as "query" order by '
    expect(sorted(25)).toBe(`${before}"b c"::text collate "C"`)
    expect(sorted(23)).toBe(`${before}"b c"::text collate "C"`)
    expect(sorted(2950)).toBe(`${before}"b c"`)
  })

  it.each([
    ['every column is wanted', fields, ['a', 'say "b"', 'c']],
    ['one is missing', fields, ['a', 'A']],
    ['one is there twice', [...fields, field('a')], ['a']],
    ['one of two stands for the other', [...fields, field('a')], ['a', 'nope']],
  ])('is null where %s', (_, fields, wanted) => {
    expect(narrowed('select 1', fields, { columns: wanted })).toBeNull()
  })

  it.each([
    ['select 1;', 'select 1'],
    ['select 1 ;\n ; ', 'select 1 '],
    ['select 1; -- all; of them', 'select 1'],
    ['select 1;\n/* a; */ -- b\r\n;/***/\n', 'select 1'],
    ['select 1 -- one; two', 'select 1 -- one; two'],
    ['select 1 -- one;', 'select 1 -- one'],
    ["select ';' as a", "select ';' as a"],
    ["select 'a;\n' -- b", "select 'a;\n' -- b"],
  ])('takes the semicolons off %j', (query, kept) => {
    expect(textOf(query)).toBe(`select "a" from (\n${kept}\n) as "query"`)
  })

  // Ways to split the comments that double with each of them would never end.
  it('finds that a long query goes on after its semicolons', () => {
    const query = `select 1 ${'; /* x */ -- y\n'.repeat(500)} from t`
    expect(textOf(query)).toContain(query)
  })

  it('lets an error point into the query as it was written', () => {
    const query = "select '😀' as a, nope as c"
    const statement = narrowed(query, [field('a'), field('ü'), field('c')], {
      columns: ['ü'],
    })?.statement
    const { text } = statement ?? asWritten('')
    const thrown = (position: number) => ({ message: 'no', severity: 'ERROR', position })
    const at = [...text].indexOf('n', [...text].indexOf('😀'))
    const offset = (position: number) =>
      (queryError(thrown(position), statement ?? asWritten(''), 0) as QueryError).offset
    expect(offset(at + 1)).toBe(query.indexOf('nope'))
    expect(offset(1)).toBeNull()
    expect(offset([...text].length)).toBe(query.length)
  })
})

describe('sameFields', () => {
  it('compares names, types and modifiers, in order', () => {
    expect(sameFields(fields, [...fields])).toBe(true)
    expect(sameFields(null, fields)).toBe(false)
    expect(sameFields(fields.slice(1), fields)).toBe(false)
    expect(sameFields([field('a')], [field('b')])).toBe(false)
    expect(sameFields([field('a')], [field('a', 20)])).toBe(false)
    expect(sameFields([field('a')], [field('a', 23, 4)])).toBe(false)
  })
})
