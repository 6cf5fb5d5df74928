import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadProject, selectActivations } from '../../src/config/project.ts'
import { ConfigurationError } from '../../src/connector/index.ts'
import { complaints, connectors, load, people, plainProject, projectFolder } from './fakes.ts'

const contact = (name: string, more = '') =>
  `${people.replace('name: people', `name: ${name}`)}${more}`
const company = (name: string, more = '') => `name: ${name}
query: select id from companies
target: intercom.company
mode: upsert
identifier: company_id
fields: { company_id: id }
${more}`

const files = {
  'millrace.yaml': plainProject,
  'activations/a.yaml': contact('alpha'),
  'activations/b.yml': contact('beta', 'after: [zeta]\n'),
  'activations/sub/c.yaml': company('gamma'),
  'activations/sub/deep/z.YAML': contact('zeta'),
  'activations/off.yaml': contact('omega', 'enabled: false\n'),
  'activations/notes.txt': 'not an activation',
  'activations/.drafts/draft.yaml': 'not an activation',
  'activations/._people.yaml': 'not an activation',
}
const names = (activations: readonly { readonly name: string }[]) =>
  activations.map(({ name }) => name)

describe('activations run', () => {
  test('companies first, then as "after" says, then by name', async () => {
    const { activations } = await load(files)
    expect(names(activations)).toEqual(['gamma', 'alpha', 'zeta', 'beta'])
  })

  test('a contact before a company, where "after" says so', async () => {
    const { activations } = await load({
      ...files,
      'activations/sub/c.yaml': company('gamma', 'after: alpha\n'),
    })
    expect(names(activations)).toEqual(['alpha', 'gamma', 'zeta', 'beta'])
  })

  test('after one that is switched off, which does not run', async () => {
    const { activations } = await load({
      ...files,
      'activations/a.yaml': contact('alpha', 'after: omega\n'),
    })
    expect(names(activations)).toContain('alpha')
    expect(names(activations)).not.toContain('omega')
  })

  test('and one that is switched off is checked all the same', async () => {
    expect(
      await complaints({ ...files, 'activations/off.yaml': contact('omega', 'enabled: flase\n') }),
    ).toEqual(['activations/off.yaml:9:10: "enabled" takes true or false, and this is text'])
  })
})

describe('a name on the command line', () => {
  const select = async (...wanted: readonly string[]) =>
    names(selectActivations(await load(files), wanted))

  test.each([
    [[], ['gamma', 'alpha', 'zeta', 'beta']],
    [
      ['beta', 'alpha'],
      ['alpha', 'beta'],
    ],
    [['*eta'], ['zeta', 'beta']],
    [['?lpha', 'alpha'], ['alpha']],
    [['*'], ['gamma', 'alpha', 'zeta', 'beta']],
  ])('%j picks %j', async (wanted, expected) => {
    expect(await select(...wanted)).toEqual(expected)
  })

  test.each([
    ['alhpa', 'no activation is called "alhpa"; did you mean "alpha"?'],
    ['xyzzy', 'no activation is called "xyzzy"; the project has gamma, alpha, zeta, beta'],
    ['x*', 'no activation matches "x*"; the project has gamma, alpha, zeta, beta'],
    ['al.ha', 'no activation is called "al.ha"; did you mean "alpha"?'],
    ['omega', '"omega" is switched off by "enabled: false"'],
  ])('%s is refused', async (wanted, message) => {
    await expect(select(wanted)).rejects.toThrow(new ConfigurationError(message))
  })
})

describe('a project', () => {
  const open = (path: string) => loadProject({ path, profile: null, environment: {}, connectors })

  test('is found by its folder and by its file', async () => {
    const folder = await projectFolder({ 'other.yaml': plainProject, ...files })
    expect((await open(folder)).folder).toBe(folder)
    expect((await open(join(folder, 'other.yaml'))).folder).toBe(folder)
  })

  test('that is not there is refused, with what to do', async () => {
    const folder = await projectFolder({})
    await expect(open(folder)).rejects.toThrow(
      `there is no millrace.yaml in ${folder}; go to the project's folder, or make a project with "millrace init"`,
    )
    await expect(open(join(folder, 'x.yaml'))).rejects.toThrow(
      `${join(folder, 'x.yaml')} does not exist; go to`,
    )
  })

  test('may have no activations yet', async () => {
    const folder = await projectFolder({ 'millrace.yaml': plainProject })
    await mkdir(join(folder, 'activations'))
    expect((await open(folder)).activations).toEqual([])
  })

  test('with several sources and targets wants to be told which', async () => {
    const several = plainProject
      .replace('targets:', '  files: { type: duckdb }\ntargets:')
      .concat('  second: { type: intercom, token: def }\n')
    expect(
      await complaints({ 'millrace.yaml': several, 'activations/people.yaml': people }),
    ).toEqual([
      'activations/people.yaml:1:1: "source" is missing, and the project has several: warehouse or files',
      'activations/people.yaml:3:9: the project has several targets; write intercom.OBJECT or second.OBJECT',
    ])
    const told = people.replace('target: contact', 'source: files\ntarget: second.contact')
    const { activations } = await load({
      'millrace.yaml': several,
      'activations/people.yaml': told,
    })
    expect(activations[0]).toMatchObject({ source: 'files', target: 'second' })
  })

  test('loads only the connectors that it names', async () => {
    const folder = await projectFolder(files)
    const never = () => Promise.reject(new Error('not named'))
    const sources = { ...connectors.sources, duckdb: never }
    const project = await loadProject({
      path: folder,
      profile: null,
      environment: {},
      connectors: { ...connectors, sources },
    })
    expect([...project.sources.keys()]).toEqual(['warehouse'])
  })
})

describe('an activation', () => {
  test('takes its name from its file, and its key as one column or several', async () => {
    const nameless = people.replace('name: people\n', '')
    const { activations } = await load({
      'millrace.yaml': plainProject,
      'activations/one.yaml': `${nameless}key: user_id\n`,
      'activations/two.yml': `${nameless}key: [user_id, region]\n`,
    })
    expect(activations).toMatchObject([
      { name: 'one', key: ['user_id'] },
      { name: 'two', key: ['user_id', 'region'] },
    ])
  })

  test('turns the dates of constants into unix seconds', async () => {
    const fields = (name: string, value: string) => `  ${name}: { value: ${value} }\n`
    const { activations } = await load({
      'millrace.yaml': plainProject,
      'activations/people.yaml':
        people +
        fields('signed_up_at', '2026-01-31T10:00:00+01:00') +
        fields('custom_attributes.a', '1.5') +
        fields('custom_attributes.b', 'true'),
    })
    expect(activations[0]?.fields.slice(2).map(({ from }) => from)).toEqual([
      { value: Date.UTC(2026, 0, 31, 9) / 1000 },
      { value: 1.5 },
      { value: true },
    ])
  })
})
