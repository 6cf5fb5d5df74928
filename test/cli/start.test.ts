import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type CliResult, millrace } from '../support/cli.ts'
import { folderWith, projectFiles } from './support.ts'

/** The files that a script was made of, by its source map; the script itself where it has none. */
async function sourcesOf(url: string): Promise<readonly string[]> {
  if (!url.startsWith('file:') || !url.includes('/dist/')) return [url]
  const text = await readFile(fileURLToPath(`${url}.map`), 'utf8').catch(() => null)
  return text === null ? [url] : (JSON.parse(text) as { readonly sources: string[] }).sources
}

/**
 * Runs a command, and tells also which packages the process has loaded, be it as part of millrace's own files: V8 lists
 * every script in its coverage.
 */
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
      const sources = await Promise.all(result.map(({ url }) => sourcesOf(url)))
      for (const source of sources.flat()) {
        const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]
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
