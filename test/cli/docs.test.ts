import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureCodes } from '../../src/connector/index.ts'
import { failureColumns } from '../../src/report/failures.ts'
import { millrace } from '../support/cli.ts'

const commands = [
  'init',
  'validate',
  'check',
  'plan',
  'run',
  'status',
  'failures',
  'state',
  'retry',
  'sandbox',
  'schema',
]

async function run(...args: string[]): Promise<{ readonly stdout: string }> {
  return millrace(args, { cwd: tmpdir() })
}

describe('docs/commands.md', () => {
  let page = ''

  beforeAll(async () => {
    page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8')
  })

  /** The part of the page that is about one command. */
  function section(command: string): string {
    const [, text] = page.split(new RegExp(`^## millrace ${command}\\b.*$`, 'm'))
    return (text ?? '').split(/^## /m)[0] ?? ''
  }

  // What the sandbox takes is on a page of its own.
  it.each(commands.filter((command) => command !== 'sandbox'))(
    'tells of every option of %s, and of none that it does not have',
    async (command) => {
      const { stdout } = await run(command, '--help')
      const own = stdout.split('Global Options:')[0] ?? ''
      const real = [...own.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option)
      const told = [...section(command).matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option)
      expect(told.sort()).toEqual(real.filter((option) => option !== '--help').sort())
    },
  )

  it('tells of every global option', async () => {
    const { stdout } = await run('run', '--help')
    const real = [
      ...(stdout.split('Global Options:')[1] ?? '').matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm),
    ]
    expect(real.length).toBeGreaterThan(4)
    for (const [, option] of real) expect(page).toContain(`| \`${option}`)
  })

  it('tells of every command', async () => {
    const { stdout } = await run('--help')
    const listed = [...(stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)]
      .map(([, command]) => command)
      .filter((command) => command !== 'help')
    expect(commands).toEqual(expect.arrayContaining(listed.slice(0, commands.length)))
    for (const command of commands) expect(section(command)).not.toBe('')
  })
})

describe('docs/failures.md', () => {
  it('tells of every code and of every field, and of none besides', async () => {
    const page = await readFile(new URL('../../docs/failures.md', import.meta.url), 'utf8')
    const [before = '', after = ''] = page.split('## Codes')
    const names = (text: string): string[] =>
      [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/\w+/g)].map(([name]) => name),
      )
    expect(names(after).sort()).toEqual([...failureCodes].sort())
    expect(names(before).sort()).toEqual([...failureColumns].sort())
  })
})
