import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { millrace } from '../support/cli.ts'
import { folderWith, projectFiles } from './support.ts'

describe('init', () => {
  it('makes a project that is valid as it stands', async () => {
    const cwd = await folderWith()
    const made = await millrace(['init', 'demo'], { cwd })
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain('created demo/millrace.yaml\n')
    expect(made.stdout).toContain('  cd demo\n  millrace sandbox --port 4010 --seed sandbox.json\n')
    const valid = await millrace(['validate', '--project', 'demo'], { cwd })
    expect(valid).toMatchObject({ code: 0, stderr: '' })
    expect(valid.stdout).toMatchInlineSnapshot(`
      "ok  companies: upsert intercom.company by company_id from warehouse  activations/companies.yaml
      ok  people: upsert intercom.contact by external_id from warehouse  activations/people.yaml
      "
    `)
  })

  it('prints a command that enters the folder, whatever its name', async () => {
    const cwd = await folderWith()
    for (const name of ["it's my project ü", 'a$HOME', 'plain-1.2']) {
      const { stdout } = await millrace(['init', name], { cwd })
      const enter = /^ {2}(cd .*)$/m.exec(stdout)?.[1] ?? ''
      const listed = execFileSync('sh', ['-c', `${enter} && ls`], { cwd, encoding: 'utf8' })
      expect(listed).toContain('millrace.yaml')
    }
    expect((await millrace(['init', 'other'], { cwd })).stdout).toContain('  cd other\n')
  })

  it('overwrites nothing, names what is there, and writes nothing then', async () => {
    const cwd = await folderWith({ '.gitignore': 'mine\n', 'activations/people.yaml': 'mine\n' })
    const { code, stdout, stderr } = await millrace(['init'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      'activations/people.yaml exists already.\n.gitignore exists already.\nNothing was written. Name an empty folder: `millrace init my-project`.\n',
    )
    expect((await readdir(cwd)).sort()).toEqual(['.gitignore', 'activations'])
    expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toBe('mine\n')
  })

  it('says which folder it cannot write in', async () => {
    const cwd = await folderWith({ demo: 'a file, not a folder' })
    const { code, stderr } = await millrace(['init', 'demo'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Cannot write demo\/millrace\.yaml \(E\w+\)\. Name a folder/)
  })
})

describe('validate', () => {
  it('prints every problem of every file with its place', async () => {
    const files = projectFiles()
    const cwd = await folderWith({
      ...files,
      'activations/people.yaml': `${files['activations/people.yaml']}identifer: email\n`,
      'activations/broken.yaml': 'target: contct\n',
    })
    const { code, stdout, stderr } = await millrace(['validate'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^activations\/broken\.yaml:1:1: "mode" is missing$/m)
    expect(stderr).toMatch(/^activations\/people\.yaml:9:1: .*identifier/m)
  })

  it('gives programs the same as JSON', async () => {
    const cwd = await folderWith({
      ...projectFiles(),
      'activations/broken.yaml': 'target: contct\n',
    })
    const { code, stdout, stderr } = await millrace(['validate', '--json'], { cwd })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ valid: false, activations: [] })
    expect(result.problems).toContainEqual({
      file: 'activations/broken.yaml',
      line: 1,
      column: 1,
      message: '"mode" is missing',
    })
  })

  it('lists what it was asked for, also by a glob', async () => {
    const files = projectFiles()
    const cwd = await folderWith({
      ...files,
      'activations/other.yaml': files['activations/people.yaml'] ?? '',
    })
    expect((await millrace(['validate', 'peo*'], { cwd })).stdout).toBe(
      'ok  people: upsert intercom.contact by external_id from warehouse  activations/people.yaml\n',
    )
    const none = await millrace(['validate', 'peple'], { cwd })
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('did you mean "people"?')
  })

  it('says where it looked when there is no project, and does not search parent folders', async () => {
    const cwd = await folderWith(projectFiles())
    await mkdir(join(cwd, 'below'))
    const { code, stderr } = await millrace(['validate'], { cwd: join(cwd, 'below') })
    expect(code).toBe(2)
    expect(stderr).toContain('millrace.yaml')
  })

  it('says with --verbose which project it read', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, stderr } = await millrace(['validate', '-v'], { cwd })
    expect(code).toBe(0)
    expect(stderr).toMatch(/^project .*, profile none, state .*state\.db\n$/)
  })

  it('writes problems as JSON log lines where those are asked for', async () => {
    const cwd = await folderWith({ 'millrace.yaml': 'sources: 1\n' })
    const { code, stderr } = await millrace(['validate', '--log-format', 'json'], { cwd })
    expect(code).toBe(2)
    for (const line of stderr.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({
        level: 'error',
        msg: expect.stringContaining('millrace.yaml'),
      })
    }
  })
})

describe('colours', () => {
  it.each([
    ['in a pipe', [], {}, false],
    ['with FORCE_COLOR', [], { FORCE_COLOR: '1' }, true],
    ['with FORCE_COLOR=0', [], { FORCE_COLOR: '0' }, false],
    ['with NO_COLOR against FORCE_COLOR', [], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['with --no-color against FORCE_COLOR', ['--no-color'], { FORCE_COLOR: '1' }, false],
  ])('%s', async (_name, args, env, colours) => {
    const cwd = await folderWith(projectFiles())
    const { stdout } = await millrace(['validate', ...args], {
      cwd,
      env: env as Record<string, string>,
    })
    expect(stdout.includes('\u001b[')).toBe(colours)
  })
})

describe('schema', () => {
  it.each([
    [[], 'query'],
    [['activation'], 'query'],
    [['project'], 'sources'],
  ])('%j prints one JSON Schema', async (args, property) => {
    const { code, stdout, stderr } = await millrace(['schema', ...args], {
      cwd: await folderWith(),
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const schema = JSON.parse(stdout)
    expect(schema.$schema).toContain('json-schema.org')
    expect(schema.properties).toHaveProperty(property)
  })
})

describe('reading commands', () => {
  it('make no state file', async () => {
    const cwd = await folderWith(projectFiles())
    const status = await millrace(['status'], { cwd })
    expect(status).toMatchObject({ code: 0, stdout: 'people\n  never ran\n', stderr: '' })
    const failures = await millrace(['failures'], { cwd })
    expect(failures).toMatchObject({ code: 0, stdout: '', stderr: 'No open failures.\n' })
    const csv = await millrace(['failures', '--format', 'csv'], { cwd })
    expect(csv.stdout).toMatch(/^activation,run,key,.*\r\n$/)
    await expect(stat(join(cwd, '.millrace'))).rejects.toThrow('ENOENT')
  })

  it('do not say "no failures" of a run that never was', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, stderr } = await millrace(['failures', '--run', '12'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('There is no run 12.')
  })

  it('say which file they cannot write', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, stderr } = await millrace(['failures', '--out', 'no/such/file.csv'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toBe(
      'Cannot write no/such/file.csv (ENOENT). Name a file in a folder that exists and is writable.\n',
    )
  })

  it('replace a report only when it is whole', async () => {
    const cwd = await folderWith(projectFiles())
    await writeFile(join(cwd, 'report.csv'), 'old\n')
    await millrace(['failures', '--format', 'csv', '--out', 'report.csv'], { cwd })
    expect(await readFile(join(cwd, 'report.csv'), 'utf8')).toMatch(/^activation,/)
    expect((await readdir(cwd)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})

describe('a query that fails without saying where', () => {
  const failing = "error('it is wrong')"
  const rest =
    'target: contact\nmode: upsert\nidentifier: external_id\nfields: { external_id: user_id }\n'

  it.each([
    [
      'in the activation',
      { 'activations/people.yaml': `# Ours\nquery: select ${failing} as user_id\n${rest}` },
      'activations/people.yaml:2:8',
    ],
    [
      'in a file of its own',
      {
        'activations/people.yaml': `query_file: people.sql\n${rest}`,
        'activations/people.sql': `select ${failing} as user_id`,
      },
      'activations/people.sql:1:1',
    ],
  ])('is placed where it stands, %s', async (_where, files, place) => {
    const cwd = await folderWith({ ...projectFiles(), ...files })
    const { code, stdout } = await millrace(['plan'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toContain(`${place}: `)
  })
})
