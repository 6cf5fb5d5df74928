import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, millrace } from '../support/cli.ts'
import { folderWith, projectFiles } from './support.ts'

/** Runs a command, and tells also which packages the process has loaded: V8 lists every script in its coverage. */
async function packagesOf(
  args: readonly string[],
  cwd: string,
): Promise<CliResult & { readonly packages: readonly string[] }> {
  const coverage = await mkdtemp(join(tmpdir(), 'millrace-coverage-'))
  try {
    const ended = await millrace(args, { cwd, env: { NODE_V8_COVERAGE: coverage } })
    const packages = new Set<string>()
    for (const file of await readdir(coverage)) {
      const { result } = JSON.parse(await readFile(join(coverage, file), 'utf8')) as {
        readonly result: readonly { readonly url: string }[]
      }
      for (const { url } of result) {
        const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
        if (name !== undefined) packages.add(name)
      }
    }
    return { ...ended, packages: [...packages].sort() }
  } finally {
    await rm(coverage, { recursive: true, force: true })
  }
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
