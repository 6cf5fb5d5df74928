import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'
import type { CommandContext } from '../../src/cli/context.ts'
import { Output } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { realClock } from '../../src/run/system.ts'
import { type CliResult, millrace } from '../support/cli.ts'
import { openGate, openSandbox } from './sandbox.ts'
import { folderWith, projectFiles } from './support.ts'

let sandbox: RunningIntercomSandbox

beforeEach(async () => {
  sandbox = await openSandbox()
})

/** A project that has run once. */
async function delivered(): Promise<string> {
  const cwd = await folderWith(projectFiles(sandbox.url))
  expect((await millrace(['run'], { cwd })).code).toBe(0)
  return cwd
}

/** What a command prints that was typed at a terminal, where every question gets `answer`. */
async function typed(args: readonly string[], answer: string) {
  const outputs = [new PassThrough(), new PassThrough()]
  const [stdout, stderr] = outputs.map((each) => new Output(each as unknown as NodeJS.WriteStream))
  if (stdout === undefined || stderr === undefined) throw new Error('no output')
  const questions: string[] = []
  const context: CommandContext = {
    connectors,
    clock: realClock,
    random: () => 0.5,
    environment: {},
    stdout,
    stderr,
    ask: async (question) => {
      questions.push(question)
      return answer
    },
    exitCode: 0,
  }
  await buildProgram(context).parseAsync(['node', 'millrace', ...args])
  const [out, err] = outputs.map((each) => String(each.read() ?? ''))
  return { code: context.exitCode, questions, out, err }
}

describe('state', () => {
  it('says where it will be, and makes nothing', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { code, stdout } = await millrace(['state'], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain(
      `state in the file ${join(cwd, '.millrace', 'state.db')}\n  there is none yet`,
    )
    await expect(stat(join(cwd, '.millrace'))).rejects.toThrow('ENOENT')
    const json = await millrace(['state', '--json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({ exists: false, bytes: null, activations: [] })
  })

  it('shows people and programs what it holds', async () => {
    const cwd = await delivered()
    const { stdout } = await millrace(['state'], { cwd })
    expect(stdout).toMatch(/\n {2}[\d.]+ KB, [\d.]+ \w+ of them free, schema version \d+\n/)
    expect(stdout).toMatch(
      /\n {2}ACTIVATION +KEYS +OPEN FAILURES +RUNS +LAST RUN\n {2}people +3 +0 +1 +20\d\d-/,
    )
    const json = await millrace(['state', '--json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'sqlite',
      exists: true,
      activations: [{ activation: 'people', keys: 3, open_failures: 0, runs: 1, held_by: null }],
    })
    expect(json.stdout).not.toContain('ada@example.com')
  })

  it('says who runs an activation, and leaves that one alone', async () => {
    const way = await openGate(sandbox.url)
    const cwd = await folderWith(projectFiles(way.url))
    let shown: CliResult | undefined
    const refused: CliResult[] = []
    const run = await millrace(['run'], {
      cwd,
      started: async (child) => {
        await way.written
        shown = await millrace(['state', '--json'], { cwd })
        for (const args of [['forget', 'people', '--yes'], ['compact'], ['export', 'out.jsonl']]) {
          refused.push(await millrace(['state', ...args], { cwd }))
        }
        expect(child.exitCode).toBeNull()
        way.open()
      },
    })
    expect(run.code).toBe(0)
    expect(JSON.parse(shown?.stdout ?? '')).toMatchObject({
      activations: [{ held_by: { holder: expect.stringContaining('process ') } }],
    })
    expect(refused.map(({ code }) => code)).toEqual([75, 75, 75])
    for (const { stderr } of refused)
      expect(stderr).toMatch(/^A run holds people since 20\d\d-.*Nothing was changed\.\n$/)
    await expect(stat(join(cwd, 'out.jsonl'))).rejects.toThrow('ENOENT')
    expect(sandbox.contents().contacts).toHaveLength(3)
  })
})

describe('state compact', () => {
  it('says how large it was and is', async () => {
    const cwd = await delivered()
    const { code, stdout } = await millrace(['state', 'compact'], { cwd })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^compacted: [\d.]+ KB before, [\d.]+ KB now\n$/),
    })
    const json = await millrace(['state', 'compact', '--json'], { cwd })
    const { after } = JSON.parse(json.stdout) as { after: number }
    expect((await stat(join(cwd, '.millrace', 'state.db'))).size).toBe(after)
  })
})

describe('state forget', () => {
  it('forgets with --yes, and the next run finds what is there and doubles nothing', async () => {
    const cwd = await delivered()
    const { code, stdout } = await millrace(['state', 'forget', 'people', '--yes'], { cwd })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'forgot people: 3 keys, its runs and its failures\n',
    })
    const again = await millrace(['run', '--json'], { cwd })
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({
      activations: [{ planned: { create: 3 }, outcomes: { applied: 3 } }],
    })
    expect(sandbox.contents().contacts).toHaveLength(3)
  })

  it('does nothing without --yes where there is no terminal to ask on', async () => {
    const cwd = await delivered()
    const { code, stderr } = await millrace(['state', 'forget', 'people'], { cwd })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'There is no terminal to ask on whether to forget people. Add --yes if you mean it.\n',
    })
  })

  it.each([
    ['n', 2, 3],
    ['', 2, 3],
    ['y', 0, 0],
    [' Yes ', 0, 0],
  ])('asks on a terminal: %j', async (answer, code, keys) => {
    const cwd = await delivered()
    const said = await typed(['state', 'forget', 'people', '--project', cwd], answer)
    expect(said).toMatchObject({ code, questions: [expect.stringContaining('Forget people?')] })
    const { stdout } = await millrace(['state', '--json'], { cwd })
    const { activations } = JSON.parse(stdout) as { activations: { keys: number }[] }
    expect(activations[0]?.keys ?? 0).toBe(keys)
  })

  it('names what it knows where it does not know the name', async () => {
    const cwd = await delivered()
    const { code, stderr } = await millrace(['state', 'forget', 'poeple', '--yes'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toBe('the state knows no activation "poeple"; did you mean "people"?\n')
  })
})

describe('state export and import', () => {
  it('carry the state to another file, where nothing is sent again', async () => {
    const cwd = await delivered()
    const out = await millrace(['state', 'export', 'out.jsonl'], { cwd })
    expect(out).toMatchObject({ code: 0, stdout: 'exported people to out.jsonl\n', stderr: '' })
    const file = join(cwd, 'out.jsonl')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const requests = sandbox.requests().total
    const other = { MILLRACE_STATE: join(cwd, 'other.db') }
    const yaml = await readFile(join(cwd, 'millrace.yaml'), 'utf8')
    await writeFile(
      join(cwd, 'millrace.yaml'),
      `${yaml}state: \${MILLRACE_STATE:-.millrace/state.db}\n`,
    )
    const into = await millrace(['state', 'import', 'out.jsonl', '--json'], { cwd, env: other })
    expect(into.stderr).toBe('')
    expect(JSON.parse(into.stdout)).toEqual({ activations: ['people'], keys: 3 })
    const run = await millrace(['run', '--json', '--skip-code', '99'], { cwd, env: other })
    expect(run.code).toBe(99)
    expect(sandbox.requests().total).toBe(requests)
  })

  it('refuse to overwrite a state, a name that is not known, and a file that is not there', async () => {
    const cwd = await delivered()
    await millrace(['state', 'export', 'out.jsonl', '--activation', 'people'], { cwd })
    const again = await millrace(['state', 'import', 'out.jsonl'], { cwd })
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('The state knows 3 keys of people already.')
    expect((await millrace(['state', 'import', 'out.jsonl', '--replace'], { cwd })).code).toBe(0)
    const unknown = await millrace(['state', 'export', 'x.jsonl', '--activation', 'x'], { cwd })
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('the state knows no activation "x"; it knows people')
    const absent = await millrace(['state', 'import', 'absent.jsonl'], { cwd })
    expect(absent).toMatchObject({ code: 2, stderr: 'Cannot read absent.jsonl (ENOENT).\n' })
  })

  it('close an existing file to others when they replace it', async () => {
    const cwd = await delivered()
    const file = join(cwd, 'out.jsonl')
    await writeFile(file, 'old')
    await chmod(file, 0o644)
    await millrace(['state', 'export', 'out.jsonl'], { cwd })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toMatch(/^\{"millrace_state":1,/)
  })
})

describe('the help of its commands', () => {
  it.each(['compact', 'forget', 'export', 'import'])(
    '%s has an example, and docs/commands.md tells of its options',
    async (command) => {
      const cwd = await folderWith()
      const { code, stdout } = await millrace(['state', command, '--help'], { cwd })
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`Examples?:\n {2}\\$ millrace state ${command}`))
      const page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8')
      const [, section = ''] = page.split(new RegExp(`^## millrace state ${command}$`, 'm'))
      const own = stdout.split('Global Options:')[0] ?? ''
      for (const [, option] of own.matchAll(/^ {2}(--[a-z-]+)/gm)) {
        expect(section.split(/^##/m)[0]).toContain(`\`${option}`)
      }
      expect(section).not.toBe('')
    },
  )
})
