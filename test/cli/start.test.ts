import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type CliResult, millrace } from '../support/cli.ts'
import { withPackages } from '../support/packages.ts'
import { folderWith, projectFiles } from './support.ts'

/** Runs a command, and tells also which packages the process has loaded, be it as parts of millrace's own files. */
async function packagesOf(
  args: readonly string[],
  cwd: string,
): Promise<CliResult & { readonly packages: readonly string[] }> {
  const { result, packages } = await withPackages((env) => millrace(args, { cwd, env }))
  return { ...result, packages }
}

describe('what a command loads', () => {
  it('is the command line alone for help', async () => {
    const cwd = await folderWith()
    const { code, packages } = await packagesOf(['validate', '--help'], cwd)
    expect({ code, packages }).toEqual({ code: 0, packages: ['commander'] })
  })

  it('is no driver, no database and no HTTP client for validate', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, packages } = await packagesOf(['validate'], cwd)
    expect({ code, packages }).toEqual({ code: 0, packages: ['commander', 'yaml', 'zod'] })
  })

  it('is the driver of its source for plan, and no other', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, packages } = await packagesOf(['plan'], cwd)
    expect(code).toBe(0)
    expect(packages).toContain('@duckdb/node-api')
    expect(packages).not.toContain('pg')
    expect(packages).not.toContain('undici')
  })

  it('is neither what lays out tables for people nor what talks to targets for a plan as JSON', async () => {
    const cwd = await folderWith(projectFiles())
    const { code, packages } = await packagesOf(['plan', '--format', 'json'], cwd)
    expect(code).toBe(0)
    expect(packages).not.toContain('string-width')
    expect(packages).not.toContain('csv-stringify')
    expect((await packagesOf(['failures'], cwd)).packages).toContain('string-width')
  })

  it('is what makes the schema of a state only where it has to be made', async () => {
    const cwd = await folderWith(projectFiles())
    const { packages } = await packagesOf(['state', 'import', '/dev/null'], cwd)
    expect(packages).toContain('knex')
    const again = await packagesOf(['state'], cwd)
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('state.db') })
    expect(again.packages).toContain('libsql')
    expect(again.packages).not.toContain('knex')
  })
})

/** Loaded before the program: says at the end which of Node's modules were loaded, which after the first flag, and how many reports were made. */
const watcher = `
  const { builtinModules, syncBuiltinESMExports } = require('node:module')
  const v8 = require('node:v8')
  const loaded = () => process.moduleLoadList.map((name) => name.replace(/^NativeModule /, ''))
  const { setFlagsFromString } = v8
  const { getReport } = process.report
  let before = null
  let reports = 0
  v8.setFlagsFromString = (flag) => {
    before ??= new Set(loaded())
    setFlagsFromString(flag)
  }
  syncBuiltinESMExports()
  process.report.getReport = () => {
    reports += 1
    return getReport.call(process.report)
  }
  process.on('exit', () => {
    const late = loaded().filter((name) => builtinModules.includes(name) && !before.has(name))
    const seen = { loaded: loaded(), late, reports }
    require('node:fs').writeFileSync(process.env.WATCHED, JSON.stringify(seen))
  })
`

describe("what a command makes of Node's own modules", () => {
  async function watched(args: readonly string[], cwd: string) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-watched-'))
    try {
      const [script, WATCHED] = [join(folder, 'watcher.cjs'), join(folder, 'watched.json')]
      await writeFile(script, watcher)
      const env = { NODE_OPTIONS: `--require=${script}`, WATCHED }
      const { code } = await millrace(args, { cwd, env })
      const seen = JSON.parse(await readFile(WATCHED, 'utf8')) as {
        readonly loaded: readonly string[]
        readonly late: readonly string[]
        readonly reports: number
      }
      return { code, ...seen }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it('is to have them compiled before a flag is changed, and nothing that starts programs', async () => {
    const cwd = await folderWith(projectFiles())
    for (const command of ['--help', 'validate']) {
      const { code, late } = await watched([command], cwd)
      expect(code).toBe(0)
      // Which others Node loads by itself depends on its version.
      const names = ['child_process', 'crypto', 'fs/promises', 'net', 'stream', 'zlib']
      expect(late.filter((name) => names.includes(name))).toEqual([])
    }
  })

  it('is to leave alone what they load for those who ask', async () => {
    const { code, loaded } = await watched(['validate'], await folderWith(projectFiles()))
    expect(code).toBe(0)
    expect(loaded).toContain('crypto')
    expect(loaded.filter((name) => /webcrypto|parse_args/.test(name))).toEqual([])
  })

  it('is to open the state without a report on the process, and without other programs', async () => {
    const cwd = await folderWith(projectFiles())
    // Refused, once the state is made.
    await millrace(['state', 'import', '/dev/null'], { cwd })
    const { loaded, ...seen } = await watched(['state'], cwd)
    expect(seen).toMatchObject({ code: 0, reports: 0 })
    expect(loaded).not.toContain('child_process')
  })
})

describe('a program whose files go while it runs', () => {
  it('does not look as if it had succeeded', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const copy = await mkdtemp(join(tmpdir(), 'millrace-upgraded-'))
    await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true })
    await cp(join(root, 'package.json'), join(copy, 'package.json'))
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
    const chunks = join(copy, 'dist/chunks')
    for (const name of await readdir(chunks)) {
      const text = await readFile(join(chunks, name), 'utf8')
      // What explains errors, and is loaded when there is one.
      if (text.includes('ConfigurationError')) {
        await rm(join(chunks, name))
      }
    }
    const cwd = await folderWith()
    const ended = await new Promise((resolve) => {
      const main = join(copy, 'dist/src/cli/main.js')
      execFile(process.execPath, [main, 'validate'], { cwd }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      )
    })
    expect(ended).toEqual({ code: 4, stdout: '', stderr: expect.stringContaining('Run it again') })
    await rm(copy, { recursive: true })
  })
})

it('says all that it has to say before it ends, also to a reader that takes its time', async () => {
  const keys = Array.from({ length: 4_000 }, (_, number) => `unknown_${number}: 1\n`)
  const cwd = await folderWith({ ...projectFiles(), 'activations/wrong.yaml': keys.join('') })
  const { code, stderr } = await millrace(['validate'], { cwd })
  expect(code).toBe(2)
  expect(stderr.split('\n').filter((line) => line.includes('unknown key'))).toHaveLength(4_000)
  expect(stderr.endsWith('\n')).toBe(true)
})
