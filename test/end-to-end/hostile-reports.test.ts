import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { millrace } from '../support/cli.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

/** Keys as no report may take them: for a formula, for markup, for a command to the terminal, for another line. */
const keys = [
  '=1+1',
  '@SUM(A1)',
  '+49 30',
  '-cmd|calc',
  '\tindented',
  '<b>k</b><script>alert(1)</script>',
  '</code></details><img src=x onerror=alert(1)>',
  'pipe | `tick` ``ticks`` [link](javascript:alert(1)) ![i](x)',
  '**bold** _it_ ~~no~~ # head $x^2$ &lt;',
  'one\ntwo\r\nthree\u2028four',
  '| --- |',
  'esc\u001b[31m\u001b]0;title\u0007',
  'c1\u009b31m',
  '\u202Eright to left\u202C',
  '", "quoted"',
  '👩‍👩‍👧‍👦',
]

/** A custom attribute and a column that nobody would think of. */
const attribute = 'a|b `c` <i>d</i>'
const column = 'col|umn <u>`x`</u>\u001b[31m'

let workspace: Workspace

const literal = (text: string) =>
  `concat(${[...text].map((character) => `chr(${character.codePointAt(0)})`).join(', ')})`

function queryOf(names: readonly string[]): string {
  const rows = names.flatMap((name) =>
    keys.map((key) => `select ${literal(key)} as id, '${name}' as name, 'text' as "${column}"`),
  )
  return rows.join(' union all ')
}

beforeAll(async () => {
  workspace = await openWorkspace()
  const fields = (more = '') =>
    `target: contact
mode: upsert
identifier: external_id
guards: { max_failures: off }
fields:
  external_id: id
  name: name
${more}`
  await workspace.remove('activations/people.yaml')
  await workspace.write(
    'activations/fresh.yaml',
    `query: ${JSON.stringify(queryOf(['a']))}\n${fields()}`,
  )
  await workspace.write(
    'activations/doubled.yaml',
    `query: ${JSON.stringify(queryOf(['a', 'b']))}\n${fields()}`,
  )
  const quoted = JSON.stringify(column)
  await workspace.write(
    'activations/mistyped.yaml',
    `query: ${JSON.stringify(queryOf(['a']))}\n${fields(`  signed_up_at: ${quoted}\n`)}`,
  )
  await workspace.write(
    'activations/unknown.yaml',
    `query: ${JSON.stringify(queryOf(['a']))}\n${fields(`  ${JSON.stringify(`custom_attributes.${attribute}`)}: ${quoted}\n`)}`,
  )
})

afterAll(async () => {
  await workspace.close()
})

async function say(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await millrace(args, { cwd: workspace.folder, env: workspace.environment })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe('what people see', () => {
  it.each([
    [['plan', '--show', '100']],
    [['plan', '--format', 'markdown', '--show', '100']],
    [['run', 'doubled', 'mistyped', 'unknown']],
    [['--verbose', 'run', 'doubled']],
    [['failures']],
    [['status']],
    [['check']],
    [['retry', '*', '--key', keys[11] ?? '']],
    [['validate']],
  ])('of %j obeys nobody', async (args) => {
    const { stdout, stderr } = await say(...args)
    expect(`${stdout}${stderr}`).not.toBe('')
    expect(stdout).not.toMatch(obeyed)
    expect(stderr).not.toMatch(obeyed)
  })

  it('of a plan has a line for each key, whatever the key is', async () => {
    const { stdout } = await say('plan', 'fresh', '--show', '100')
    expect(stdout.match(/^ {2}\+ /gm)).toHaveLength(keys.length)
  })
})

describe('a plan in Markdown', () => {
  let lines: string[]
  beforeAll(async () => {
    const { stdout } = await say('plan', '--format', 'markdown', '--show', '100')
    lines = stdout.split('\n')
  })

  it('has as many cells in a row as in its heading', () => {
    const cells = (line: string) => line.replace(/\\./g, '').split('|').length
    let heading: number | null = null
    let rows = 0
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith('|')) heading = null
      else if (heading === null) {
        heading = cells(line)
        expect(lines[index + 1]).toMatch(/^\|(:?-+:?\|)+$/)
      } else {
        rows += 1
        expect(cells(line), line).toBe(heading)
      }
    }
    expect(rows).toBeGreaterThanOrEqual(2 * keys.length)
  })

  it('takes no markup from keys, columns and attributes', () => {
    const own = /<\/?(details|summary|code)>/g
    for (const line of lines) {
      const outside = line.replace(/\\./g, '').replace(/`[^`]*`/g, (quoted) => {
        expect(quoted).toMatch(/^`[\w.:/@ -]+`$/)
        return ''
      })
      expect(outside.replace(own, ''), line).not.toContain('<')
      const opened = line.match(/<code>/g)?.length ?? 0
      expect(line.match(/<\/code>/g)?.length ?? 0, line).toBe(opened)
      for (const [code] of line.matchAll(/<code>.*?<\/code>/g)) {
        expect(code.replace(/\\./g, '').replace(own, ''), code).not.toMatch(/[*_`[\]|~#$]/)
      }
    }
    expect(lines.filter((line) => line.includes('<details>'))).toHaveLength(
      lines.filter((line) => line === '</details>').length,
    )
  })
})

describe('a report of failures', () => {
  beforeAll(async () => {
    await say('run', 'doubled')
  })

  it('as CSV holds no cell that a spreadsheet runs', async () => {
    const { stdout } = await say('failures', '--format', 'csv')
    expect(stdout).toContain('1+1')
    expect(stdout).not.toMatch(/(^|,|")[=@+\t-](?!\d{4})/m)
    // Every record has its line end, and a line within a cell is quoted.
    expect(stdout.match(/^doubled,/gm)).toHaveLength(keys.length)
  })

  it('as JSON lines gives the keys as they are, one failure a line', async () => {
    const { stdout } = await say('failures', 'doubled', '--format', 'jsonl')
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).key)
    expect(found.sort()).toEqual([...keys].sort())
  })

  it.each([
    ['plan', '--format', 'json', '--show', '100'],
    ['status', '--json'],
    ['check', '--json'],
    ['retry', '*', '--json'],
    ['run', 'doubled', '--json'],
  ])('%s %s and the like stay one JSON object', async (...args) => {
    const { stdout } = await say(...args)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toBeTypeOf('object')
  })
})
