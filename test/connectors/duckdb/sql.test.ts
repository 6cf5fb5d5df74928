import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { locateFiles, writingWord } from '../../../connectors/duckdb/sql.ts'

describe('locateFiles', () => {
  it.each([
    ["from 'a.csv'", "from '/p/a.csv'"],
    ["select 1 FROM\n--x\n'./a/b.parquet' t", "select 1 FROM\n--x\n'/p/a/b.parquet' t"],
    ["from x join 'a''s.json.gz' y", "from x join '/p/a''s.json.gz' y"],
    ["from read_csv('any', delim = ',')", "from read_csv('/p/any', delim = ',')"],
    ["from READ_PARQUET(['a', 'b/*'])", "from READ_PARQUET(['/p/a', '/p/b/*'])"],
    ["from read_json('../up.json')", "from read_json('/up.json')"],
  ])('%s', (query, located) => {
    expect(locateFiles(query, '/p').text).toBe(located)
  })

  it.each([
    "from '/abs/a.csv'",
    "from 's3://bucket/a.csv'",
    "from read_csv('C:\\a.csv')",
    "from '~/a.csv'",
    "select 'a.csv'",
    "select trim(both 'x' from 'xax')",
    "from read_csv(getvariable('x'), names = ['a', 'b'])",
    "-- from 'a.csv'\nselect 1",
    "/* from 'a.csv' */ select $$from 'a.csv'$$",
    'select "from \'a.csv\'"',
    "select 'it''s from ''a.csv'''",
    "from read_csv('",
  ])('leaves %s alone', (query) => {
    expect(locateFiles(query, '/p').text).toBe(query)
  })

  it('leaves everything alone in a folder whose name is a pattern', () => {
    expect(locateFiles("from 'a.csv'", '/[p]').text).toBe("from 'a.csv'")
  })

  it('finds the way back to every place outside of the paths', () => {
    const piece = fc.constantFrom(
      "from 'a.csv' ",
      "read_csv('b') ",
      'é😀 ',
      "'text' ",
      '-- c\n',
      'x ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const query = pieces.join('')
        const located = locateFiles(query, '/project/folder')
        for (const match of query.matchAll(/from|read_csv|x/g)) {
          const before = locateFiles(query.slice(0, match.index), '/project/folder').text
          expect(located.original(before.length)).toBe(match.index)
        }
      }),
    )
  })
})

describe('writingWord', () => {
  it.each([
    ['select 1', null],
    [' -- copy\n(FROM x)', null],
    ['with x as (select 1) from x', null],
    ['', null],
    ['selec 1', null],
    ['copy x to y', 'COPY'],
    ['/* select */ ; Export database x', 'EXPORT'],
    ['explain select 1', 'EXPLAIN'],
  ])('%s', (query, word) => {
    expect(writingWord(query)).toBe(word)
  })
})
