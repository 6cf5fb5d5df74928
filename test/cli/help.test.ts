import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, millrace } from '../support/cli.ts'

const cwd = tmpdir()
const commands = ['init', 'validate', 'plan', 'run', 'status', 'failures', 'sandbox', 'schema']

async function run(...args: string[]): Promise<CliResult> {
  return millrace(args, { cwd })
}

describe('millrace --help', () => {
  it('lists the commands, the global options and the exit codes', async () => {
    const { code, stdout, stderr } = await run('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: millrace [options] [command]

      Brings warehouse rows to Intercom, and sends again only what changed.

      Options:
        --project <path>                  project file, or the folder that holds
                                          millrace.yaml (parent folders are not
                                          searched) (default: this folder)
        --profile <name>                  profile of the project file to use (default:
                                          $MILLRACE_PROFILE)
        --no-color                        no colours (also: NO_COLOR=1; FORCE_COLOR=1
                                          for colours in a pipe)
        -v, --verbose                     say more on stderr and in the summary
        --log-format <format>             what stderr gets: text for people, or JSON
                                          log lines (choices: "text", "json", default:
                                          "text")
        -V, --version                     show the version
        -h, --help                        show help

      Commands:
        init [dir]                        Make a runnable project: configuration, two
                                          activations, sample data.
        validate [options] [names...]     Check every YAML file, offline.
        plan [options] [names...]         Show what a run would send, and send
                                          nothing.
        run [options] [names...]          Plan, write and record: send what is new or
                                          changed.
        status [options] [names...]       Show the last runs, the open failures and
                                          the next retries.
        failures [options] [name]         List the rows that were not delivered: why,
                                          and what to do about it.
        sandbox [options] [arguments...]  Start a local stand-in for a target, to try
                                          against and to test with.
        schema [file]                     Print the JSON Schema of activation or
                                          project files, for editors.
        help [command]                    show the help of a command

      Exit codes:
        0    done
        1    done, with failures
        2    usage or configuration
        3    a guard refused
        4    stopped early: authentication, source or target down, or a bug in millrace
        75   another run holds this activation
        130  interrupted by SIGINT, 143 by SIGTERM, after what was under way was recorded

      Example:
        $ millrace init demo && cd demo
        $ millrace sandbox --port 4010 --seed sandbox.json    in one terminal
        $ millrace run                                        in another
      "
    `)
  })

  it('is printed on stderr, with exit code 2, where no command is named', async () => {
    const { code, stdout, stderr } = await run()
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: millrace')
  })

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    expect(await run('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('the help of a command', () => {
  it.each(['init', 'validate', 'plan', 'run', 'status', 'failures', 'schema'])(
    '%s',
    async (command) => {
      const { code, stdout, stderr } = await run(command, '--help')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatchSnapshot()
    },
  )

  it.each(commands)('has an example of %s', async (command) => {
    const { stdout } = await run(command, '--help')
    expect(stdout).toMatch(new RegExp(`Examples?:\n(.*\n)*  \\$ millrace ${command}`))
  })
})

describe('usage errors end with exit code 2 and a suggestion', () => {
  it.each([
    [['vaildate'], "unknown command 'vaildate'\n(Did you mean validate?)"],
    [['run', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
    [['plan', '--format', 'pdf'], 'Allowed choices are text, markdown, json.'],
    [['plan', '--show', 'all'], 'Give a number from 0 to 999999.'],
    [['run', '--skip-code', '256'], 'An exit code is a number from 0 to 255.'],
    [['run', '--full'], "unknown option '--full'"],
    [['run', '--plan', 'plan.json'], "unknown option '--plan'"],
    [['run', '--summary-file'], "option '--summary-file <file>' argument missing"],
    [['failures', '--format', 'html'], 'This version has no html report. Use table, csv or jsonl.'],
    [['failures', '--run', 'last'], 'A run is a number, as `millrace status` shows it.'],
    [['failures', 'one', 'two'], 'too many arguments'],
    [['schema', 'row'], 'Allowed choices are activation, project.'],
    [['run', '--log-format', 'xml'], 'Allowed choices are text, json.'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

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
