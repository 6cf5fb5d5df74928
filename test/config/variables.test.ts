import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mask, substitute, unmask } from '../../src/config/variables.ts'
import type { Secret } from '../../src/connector/index.ts'
import { complaints, load, people, plainProject } from './fakes.ts'

const reference = (inside: string) => `$\{${inside}}`
const lookup = (name: string) => ({ A: 'one', EMPTY: '', REF: '${A}' })[name]

describe('a text', () => {
  test.each([
    ['plain', 'plain'],
    [reference('A'), 'one'],
    [`<${reference('A')}|${reference('A')}>`, '<one|one>'],
    [reference('A:-other'), 'one'],
    [reference('NONE:-other'), 'other'],
    [reference('EMPTY:-other'), 'other'],
    [reference('EMPTY'), ''],
    [reference('NONE:-'), ''],
    [reference('NONE:-a:-b, c'), 'a:-b, c'],
    [`$${reference('A')}`, reference('A')],
    ['$A costs $5 {x}', '$A costs $5 {x}'],
    [reference('REF'), reference('A')],
  ])('%s becomes %s', (text, expected) => {
    expect(substitute(text, lookup)).toMatchObject({ text: expected, problems: [] })
  })

  test('tells each variable that is not set, where it stands', () => {
    const { problems } = substitute(`a${reference('X')}b${reference('Y')}`, lookup)
    expect(problems.map(({ offset }) => offset)).toEqual([1, 6])
  })

  test('gets what the environment holds, to the letter', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, value, after) => {
        fc.pre(!/\$$|\$\{/.test(before) && !after.includes('${'))
        const result = substitute(`${before}${reference('V')}${after}`, () => value)
        expect(result).toEqual({ text: before + value + after, replaced: true, problems: [] })
      }),
    )
  })

  test('is masked letter by letter, and comes back', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(reference('A'), reference('A:-x, [y] #z'), `$${reference('B')}`),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('')
        expect(mask(text)).toHaveLength(text.length)
        expect(unmask(mask(text))).toBe(text)
      }),
    )
  })
})

describe('a file', () => {
  test('never takes a value for YAML', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (value) => {
        const text = plainProject.replace('abc', () => reference('TOKEN'))
        const project = await load(
          { 'millrace.yaml': text, 'activations/people.yaml': people },
          { environment: { TOKEN: value } },
        )
        const options = project.targets.get('intercom')?.options as { token: Secret }
        expect(options.token.reveal()).toBe(value)
      }),
      { numRuns: 50 },
    )
  })

  test('takes .env for what the environment does not have', async () => {
    const text = plainProject
      .replace('abc', () => reference('TOKEN'))
      .replace('"postgres://localhost/db"', () => reference('URL'))
    const project = await load(
      {
        'millrace.yaml': text,
        'activations/people.yaml': people,
        '.env': '# secrets\nTOKEN="from the file"\nURL=postgres://file/db\n',
      },
      { environment: { URL: 'postgres://environment/db' } },
    )
    const token = project.targets.get('intercom')?.options as { token: Secret }
    const url = project.sources.get('warehouse')?.options as { url: Secret }
    expect(token.token.reveal()).toBe('from the file')
    expect(url.url.reveal()).toBe('postgres://environment/db')
  })

  test('tells of a line of .env that sets nothing, and of a variable that is set twice', async () => {
    const files = { 'millrace.yaml': plainProject, 'activations/people.yaml': people }
    const lines = (text: string) => complaints({ ...files, '.env': text })
    const fine =
      '# one\r\n\r\nexport A = 1 # two\nB="first\nA=second\nno sign"\nC=\'x\' y\nD="\nE=\n'
    expect(await lines(fine)).toEqual([])
    expect(await lines('A=1\nsecret\nB="\n x"\n\nexport A=2\n  # A=3\n')).toEqual([
      '.env:2:1: this line sets no variable; write NAME=value',
      '.env:6:1: the variable A is set in line 1 already; keep one of the two',
    ])
  })

  test('leaves the query alone and replaces the rest of an activation', async () => {
    const text = people
      .replace('from people', () => `from people where tag = '${reference('TAG')}'`)
      .replace('email: email', () => `role: { value: ${reference('ROLE:-lead')} }`)
    const project = await load({ 'millrace.yaml': plainProject, 'activations/people.yaml': text })
    expect(project.activations[0]?.query).toBe(
      `select user_id, email from people where tag = '${reference('TAG')}'`,
    )
    expect(project.activations[0]?.fields[1]?.from).toEqual({ value: 'lead' })
  })

  test('gives numbers and booleans where they are asked for', async () => {
    const text = plainProject.replace(
      'db" }',
      () => `db", statement_timeout: ${reference('T')}, tls: { verify: ${reference('V')} } }`,
    )
    const files = { 'millrace.yaml': text, 'activations/people.yaml': people }
    const project = await load(files, { environment: { T: '5000', V: 'false' } })
    expect(project.sources.get('warehouse')?.options).toMatchObject({
      statement_timeout: 5000,
      tls: { verify: false },
    })
    expect(await complaints(files, { environment: { T: 'hidden', V: 'true' } })).toEqual([
      'millrace.yaml:2:83: "statement_timeout" takes a number, and this is text',
    ])
  })

  test('tells where in a text a variable is missing', async () => {
    const url = `"postgres://u:${reference('PASSWORD')}@${reference('HOST:-localhost')}/db"`
    const text = plainProject.replace('"postgres://localhost/db"', () => url)
    expect(await complaints({ 'millrace.yaml': text, 'activations/people.yaml': people })).toEqual([
      `millrace.yaml:2:51: the variable PASSWORD is not set; set it in the environment or in .env, or give it a default: ${reference('PASSWORD:-default')}`,
    ])
  })

  test.each([
    ['region: eu', `region: ${reference('X')}`],
    ['type: intercom', `type: ${reference('X')}`],
    ['token: abc', `token: ${reference('X')}`],
    ['url: "', `statement_timeout: ${reference('X')}, url: "`],
    ['targets:', `state: ${reference('X')}\ntargets:`],
    ['targets:', `activations: ${reference('X')}\ntargets:`],
    ['name: people', `name: ${reference('X')}`],
    ['name: people', `enabled: ${reference('X')}`],
    ['target: contact', `target: ${reference('X')}`],
    ['mode: upsert', `mode: ${reference('X')}`],
    ['identifier: external_id', `identifier: ${reference('X')}`],
    ['external_id: user_id', `external_id: ${reference('X')}`],
    ['email: email', `role: { value: ${reference('X')} }`],
    ['name: people', `name: people\nsource: ${reference('X')}`],
    ['name: people', `name: people\nafter: [${reference('X')}]`],
    ['query: select user_id, email from people', `query_file: ${reference('X')}`],
  ])('complains once of a variable that is not set: %s -> %s', async (from, to) => {
    const project = plainProject.replace('token: abc', 'token: abc, region: eu')
    const lines = await complaints({
      'millrace.yaml': project.replace(from, () => to),
      'activations/people.yaml': people.replace(from, () => to),
    })
    expect(lines).toEqual([expect.stringMatching(/^\S+:\d+:\d+: the variable X is not set/)])
  })

  const marker = 'h1dden'
  test.each([
    ['region: eu', `region: ${reference('X')}`],
    ['type: intercom', `type: ${reference('X')}`],
    ['token: abc', `token: abc, base_url: "ftp://${reference('X')}"`],
    ['url: "', `statement_timeout: ${reference('X')}, url: "`],
    ['type: postgres', `type: ${reference('X')}`],
    ['name: people', `name: "no ${reference('X')}"`],
    ['target: contact', `target: ${reference('X')}`],
    ['target: contact', `target: ${reference('X')}.contact`],
    ['mode: upsert', `mode: ${reference('X')}`],
    ['identifier: external_id', `identifier: ${reference('X')}`],
    ['email: email', `role: { value: ${reference('X')} }`],
    ['email: email', `signed_up_at: { value: ${reference('X')} }`],
    ['name: people', `name: people\nsource: ${reference('X')}`],
    ['name: people', `name: people\nafter: ${reference('X')}`],
    ['query: select user_id, email from people', `query_file: ${reference('X')}.sql`],
    ['query: select user_id, email from people', `query_file: ../millrace.yaml/${reference('X')}`],
  ])('does not show the value of a variable: %s -> %s', async (from, to) => {
    const project = plainProject.replace('token: abc', 'token: abc, region: eu')
    const files = {
      'millrace.yaml': project.replace(from, () => to).replace(', region: eu, base', ', base'),
      'activations/people.yaml': people.replace(from, () => to),
    }
    const lines = await complaints(files, { environment: { X: marker } })
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('\n')).not.toContain(marker)
  })
})
