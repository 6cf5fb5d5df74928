import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
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
