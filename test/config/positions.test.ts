import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Position } from '../../src/connector/index.ts'
import { load, people, plainProject } from './fakes.ts'

const queryLine = 'query: select user_id, email from people\n'

async function activationOf(query: string, more: Readonly<Record<string, string>> = {}) {
  const project = await load({
    'millrace.yaml': plainProject,
    'activations/people.yaml': people.replace(queryLine, () => query),
    ...more,
  })
  const [activation] = project.activations
  if (activation === undefined) throw new Error('the activation is not enabled')
  return activation
}

/** What stands in a file at a position, as an editor shows it. */
function textAt(text: string, { line, column }: Position): string {
  return (text.split('\n')[line - 1] ?? '').slice(column - 1)
}

const writings: Readonly<Record<string, string>> = {
  'one line': 'query: select a, wrong from b\n',
  'one line after other letters': 'query: select "größe 😀", wrong from b\n',
  'plain over several lines': 'query: select a,\n  b,\n    wrong\n  from b\n',
  'in single quotes': "query: 'select ''it''''s'', wrong from b'\n",
  'in double quotes': 'query: "select \\"a\\", \\u00e4\\t\\n wrong from b"\n',
  'in double quotes over several lines': 'query: "select a, \\\n    b,\n\n    wrong from b"\n',
  'as a block': 'query: |\n  select a,\n\n    -- größe\n    wrong\n  from b\n',
  'as a block with a comment in its head': 'query: |  # people\n  select a,\n  wrong\n',
  'as a block that says its indentation': 'query: |2-\n    select a,\n  wrong\n\n\n',
  'as a block that keeps its end': 'query: |+\n  select a,\n  wrong\n\n',
  'as a folded block': 'query: >\n  select a,\n  b,\n\n  c,\n      d,\n  wrong\n  from b\n',
  'with a variable that is SQL': "query: select '$" + "{A}', wrong from b\n",
  'behind a tag': 'query: !!str select wrong\n',
}

describe('a place in the query is found in the YAML', () => {
  test.each(Object.entries(writings))('%s', async (_, query) => {
    const activation = await activationOf(query)
    const offset = activation.query.indexOf('wrong')
    const position = activation.positionInQuery(offset)
    expect(position.file).toBe('activations/people.yaml')
    expect(
      textAt(
        people.replace(queryLine, () => query),
        position,
      ),
    ).toMatch(/^wrong/)
  })

  test.each(Object.entries(writings))('%s, in a file with CRLF', async (_, query) => {
    const text = people.replace(queryLine, () => query).replaceAll('\n', '\r\n')
    const { activations } = await load({
      'millrace.yaml': plainProject.replaceAll('\n', '\r\n'),
      'activations/people.yaml': text,
    })
    const [activation] = activations
    const offset = activation?.query.indexOf('wrong') ?? -1
    expect(offset).toBeGreaterThan(0)
    expect(textAt(text, activation?.positionInQuery(offset) as Position)).toMatch(/^wrong/)
  })

  test('exactly', async () => {
    const activation = await activationOf('query: |\n  select a,\n    wrong\n  from b\n')
    const at = (text: string) => activation.positionInQuery(activation.query.indexOf(text))
    expect(at('select')).toEqual({ file: 'activations/people.yaml', line: 3, column: 3 })
    expect(at('wrong')).toEqual({ file: 'activations/people.yaml', line: 4, column: 5 })
    expect(activation.positionInQuery(activation.query.length)).toEqual({
      file: 'activations/people.yaml',
      line: 6,
      column: 1,
    })
  })

  test('of an alias, where the text is', async () => {
    const text = 'description: &sql select wrong\nquery: *sql\n'
    const activation = await activationOf(text)
    const offset = activation.query.indexOf('wrong')
    expect(activation.positionInQuery(offset)).toMatchObject({ line: 2, column: 26 })
  })

  test('in a query file, byte order mark and CRLF or not', async () => {
    const sql = '\uFEFFselect a,\r\n  größe, wrong\r\nfrom b'
    const activation = await activationOf('query_file: ../queries/people.sql\n', {
      'queries/people.sql': sql,
    })
    expect(activation.query).toBe(sql.slice(1))
    const offset = activation.query.indexOf('wrong')
    expect(activation.positionInQuery(offset)).toEqual({
      file: 'queries/people.sql',
      line: 2,
      column: 10,
    })
  })

  const line = fc.string({
    unit: fc.constantFrom(
      'a',
      'B',
      '7',
      ' ',
      '\t',
      ',',
      "'",
      '"',
      '\\',
      '$',
      '{',
      '}',
      'ä',
      '€',
      '😀',
      '#',
      ':',
      '-',
    ),
    maxLength: 12,
  })

  test('every character of every block', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, end) => {
          const body = ['select 1', ...lines].map((one) => (one.trim() === '' ? '' : `  ${one}`))
          const text = people.replace(queryLine, () => `query: |\n${body.join('\n')}\n`)
          const written = text.replaceAll('\n', end)
          const { activations } = await load({
            'millrace.yaml': plainProject,
            'activations/people.yaml': written,
          })
          const activation = activations[0]
          const query = activation?.query ?? ''
          expect(query.trimEnd()).toBe(
            body
              .map((one) => one.slice(2))
              .join('\n')
              .trimEnd(),
          )
          for (let offset = 0; offset < query.trimEnd().length; offset++) {
            const position = activation?.positionInQuery(offset) as Position
            const shown = textAt(written, position).charAt(0).replace('\r', '')
            expect(shown).toBe((query[offset] ?? '').replace('\n', ''))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('every character but space in quotes and folds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 5 }),
        fc.constantFrom('>', 'single', 'double'),
        async (lines, style) => {
          const sql = ['select 1', ...lines.map((one) => one.trim())].join('\n')
          const quoted =
            style === 'single'
              ? `'${sql.replaceAll("'", "''").replaceAll('\n', '\n\n  ')}'`
              : JSON.stringify(sql)
          const query =
            style === '>' ? `query: >\n  ${sql.replaceAll('\n', '\n  ')}\n` : `query: ${quoted}\n`
          const activation = await activationOf(query)
          const text = people.replace(queryLine, () => query)
          const solid = [...activation.query.matchAll(/[^\s"\\]/g)]
          expect(solid.map(([character]) => character)).toEqual(
            [...sql.matchAll(/[^\s"\\]/g)].map(([character]) => character),
          )
          for (const { 0: character, index } of solid) {
            expect(textAt(text, activation.positionInQuery(index)).charAt(0)).toBe(character)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a problem is placed', () => {
  const more = `${people}  role: { value: user }
  custom_attributes.plan:
    column: plan
key: [user_id, region]
`
  test.each([
    [[], 1, 1],
    [['identifier'], 5, 13],
    [['fields'], 6, 1],
    [['fields', 'email'], 8, 10],
    [['fields', 'email', 'column'], 8, 10],
    [['fields', 'role', 'value'], 9, 18],
    [['fields', 'custom_attributes.plan', 'column'], 11, 13],
    [['fields', 'name', 'column'], 6, 1],
    [['key', 1], 12, 16],
    [['source'], 1, 1],
  ] as const)('%j', async (path, line, column) => {
    const { activations } = await load({
      'millrace.yaml': plainProject,
      'activations/people.yaml': more,
    })
    expect(activations[0]?.problemAt(path, 'is wrong')).toEqual({
      message: 'is wrong',
      position: { file: 'activations/people.yaml', line, column },
    })
  })
})
