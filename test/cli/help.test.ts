import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type CliResult, millrace } from '../support/cli.ts'

const cwd = tmpdir()
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
        check [options] [names...]        Connect to everything that activations use,
                                          and say what fits and what does not.
        plan [options] [names...]         Show what a run would send, and send
                                          nothing.
        run [options] [names...]          Plan, write and record: send what is new or
                                          changed.
        status [options] [names...]       Show the last runs, the open failures and
                                          the next retries.
        failures [options] [name]         List the rows that were not delivered: why,
                                          and what to do about it.
        retry [options] <name>            Let the next run send rows that wait after a
                                          failure.
        state [options]                   Show what millrace remembers; adopt, make
                                          smaller, forget, export, import.
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
  async function help(command: string): Promise<string> {
    const { code, stdout, stderr } = await run(command, '--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    // The same for every command, and shown above.
    return stdout.replace(/(Global Options:\n)(.+\n)+/, '$1  ...\n')
  }

  it('init', async () => {
    expect(await help('init')).toMatchInlineSnapshot(`
      "Usage: millrace init [options] [dir]

      Make a runnable project: configuration, two activations, sample data.

      Arguments:
        dir                    the folder to make it in (default: this folder)

      Options:
        -h, --help             show help

      Global Options:
        ...

      Overwrites nothing: if one of its files exists, it says which and writes none.

      Example:
        $ millrace init demo
      "
    `)
  })

  it('validate', async () => {
    expect(await help('validate')).toMatchInlineSnapshot(`
      "Usage: millrace validate [options] [names...]

      Check every YAML file, offline.

      Arguments:
        names                  activations to list, also as globs; the whole project
                               is checked

      Options:
        --json                 print the result as one JSON object
        -h, --help             show help

      Global Options:
        ...

      Every problem is printed as file:line:column with what to do about it. Connects to nothing.

      Examples:
        $ millrace validate
        $ millrace validate --profile prod --json | jq '.problems[]'
      "
    `)
  })

  it('check', async () => {
    expect(await help('check')).toMatchInlineSnapshot(`
      "Usage: millrace check [options] [names...]

      Connect to everything that activations use, and say what fits and what does not.

      Arguments:
        names                  activations, also as globs; every enabled one if none
                               is named

      Options:
        --sample <count>       rows of each query to compare with the target (default:
                               100)
        --json                 print the result as one JSON object
        -h, --help             show help

      Global Options:
        ...

      Looks at the query and its columns, the token and its scopes, attributes, and how many of the
      sample's identifiers exist in the target. Writes nothing, there or here. Shows identifiers of rows,
      but none of their other values.

      Examples:
        $ millrace check
        $ millrace check people --sample 500
        $ millrace check --json | jq '.activations[].points[] | select(.status == "failed")'
      "
    `)
  })

  it('plan', async () => {
    expect(await help('plan')).toMatchInlineSnapshot(`
      "Usage: millrace plan [options] [names...]

      Show what a run would send, and send nothing.

      Arguments:
        names                  activations, also as globs; every enabled one if none
                               is named

      Options:
        --format <format>      text, markdown for a pull request, or json (choices:
                               "text", "markdown", "json", default: "text")
        --show <count>         operations and rejected rows to list of each activation
                               (default: 10)
        -h, --help             show help

      Global Options:
        ...

      Lists keys and the names of the fields that change, never values. Exits with 0 whether or not there
      is something to send.

      Examples:
        $ millrace plan
        $ millrace plan people --show 100
        $ millrace plan --format markdown > plan.md
      "
    `)
  })

  it('run', async () => {
    expect(await help('run')).toMatchInlineSnapshot(`
      "Usage: millrace run [options] [names...]

      Plan, write and record: send what is new or changed.

      Arguments:
        names                  activations, also as globs; every enabled one if none
                               is named

      Options:
        --json                 end stdout with the summary as one JSON object
        --summary-file <file>  write the same summary to a file, also when the run
                               fails
        --allow <guard...>     let a run pass this guard once (choices: "min_rows",
                               "max_changes", "max_removals", "max_failures", "key",
                               "workspace")
        --full                 send every row again, also those that have not changed
        --wait <duration>      wait so long for another run of the activation to end:
                               30s, 5m, 1h (default: not at all)
        --skip-code <code>     exit with this code if there was nothing to do
        -h, --help             show help

      Global Options:
        ...

      Progress goes to stderr, the summary to stdout. SIGINT or SIGTERM lets what is under way end and
      be recorded; a second one ends at once.

      Examples:
        $ millrace run
        $ millrace run companies 'people-*' --summary-file run.json
        $ millrace run people --full --wait 10m
        $ millrace run --json --skip-code 99 | tail -n 1 | jq .activations
      "
    `)
  })

  it('status', async () => {
    expect(await help('status')).toMatchInlineSnapshot(`
      "Usage: millrace status [options] [names...]

      Show the last runs, the open failures and the next retries.

      Arguments:
        names                  activations, also as globs; every enabled one if none
                               is named

      Options:
        --json                 print the result as one JSON object
        -h, --help             show help

      Global Options:
        ...

      Examples:
        $ millrace status
        $ millrace status people --json | jq '.activations[0].open_failures'
      "
    `)
  })

  it('failures', async () => {
    expect(await help('failures')).toMatchInlineSnapshot(`
      "Usage: millrace failures [options] [name]

      List the rows that were not delivered: why, and what to do about it.

      Arguments:
        name                   an activation, also as a glob; all of them if none is
                               named

      Options:
        --run <id>             what this run left, also where a later run has cured it
        --format <format>      table, csv or jsonl (default: "table")
        --out <file>           write to a file instead of stdout
        -h, --help             show help

      Global Options:
        ...

      Without --run: what is open now. Values of rows are not part of it.

      Examples:
        $ millrace failures people
        $ millrace failures --format csv --out failures.csv
        $ millrace failures people --run 12 --format jsonl | jq -r .key
      "
    `)
  })

  it('schema', async () => {
    expect(await help('schema')).toMatchInlineSnapshot(`
      "Usage: millrace schema [options] [file]

      Print the JSON Schema of activation or project files, for editors.

      Arguments:
        file                   which kind of file (choices: "activation", "project",
                               default: "activation")

      Options:
        -h, --help             show help

      Global Options:
        ...

      Editors with the YAML language server (VS Code, Neovim, JetBrains) complete and check a file that
      names its schema in its first line:
        # yaml-language-server: $schema=../activation.schema.json

      Examples:
        $ millrace schema activation > activation.schema.json
        $ millrace schema project > project.schema.json
      "
    `)
  })

  it.each(commands)('has an example of %s', async (command) => {
    const { stdout } = await run(command, '--help')
    expect(stdout).toMatch(new RegExp(`Examples?:\n(.*\n)*  \\$ millrace ${command}`))
  })
})

describe('usage errors end with exit code 2 and a suggestion', () => {
  it.each([
    [['vaildate'], "unknown command 'vaildate'\n(Did you mean validate?)"],
    [['run', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
    [['check', '--sample', '0'], 'Give a number from 1 to 10000.'],
    [['plan', '--format', 'pdf'], 'Allowed choices are text, markdown, json.'],
    [['plan', '--show', 'all'], 'Give a number from 0 to 999999.'],
    [['run', '--skip-code', '256'], 'An exit code is a number from 0 to 255.'],
    [['run', '--fast'], "unknown option '--fast'"],
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
