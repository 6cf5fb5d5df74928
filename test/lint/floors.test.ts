import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))

interface Diagnostic {
  readonly category: string
  readonly severity: string
  readonly location: { readonly path: string | { readonly file: string } }
}

const folders: string[] = []

/** Lints a tree of fixtures with the project's own rules: file name to the rules that it breaks. */
async function lint(tree: 'bad' | 'good'): Promise<Map<string, Set<string>>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-lint-')))
  folders.push(folder)
  await cp(join(fixtures, tree), folder, { recursive: true })
  await cp(join(root, 'biome.json'), join(folder, 'biome.json'))
  await cp(join(root, 'test/lint'), join(folder, 'test/lint'), {
    recursive: true,
    filter: (path) => path !== fixtures,
  })
  const output = await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/@biomejs/biome/bin/biome'),
      'lint',
      '--reporter=json',
      '--max-diagnostics=none',
      'src',
      'connectors',
    ],
    { cwd: folder, maxBuffer: 16_000_000 },
  ).catch((error: { stdout: string }) => error)
  const broken = new Map<string, Set<string>>()
  for (const diagnostic of (JSON.parse(output.stdout) as { diagnostics: Diagnostic[] })
    .diagnostics) {
    const { path } = diagnostic.location
    const file = relative(folder, join(folder, typeof path === 'string' ? path : path.file))
    if (diagnostic.severity !== 'error') continue
    broken.set(file, (broken.get(file) ?? new Set()).add(diagnostic.category))
  }
  return broken
}

async function filesOf(tree: 'bad' | 'good'): Promise<string[]> {
  const entries = await readdir(join(fixtures, tree), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(fixtures, tree), join(entry.parentPath, entry.name)))
    .sort()
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

describe('what breaks a floor is an error', async () => {
  let broken: Map<string, Set<string>>
  beforeAll(async () => {
    broken = await lint('bad')
  })

  test.each(await filesOf('bad'))('%s', async (file) => {
    const [first] = (await readFile(join(fixtures, 'bad', file), 'utf8')).split('\n')
    const expected = first?.replace('// expect: ', '') ?? ''
    expect([...(broken.get(file) ?? [])]).toContain(expected)
  })
})

test('what keeps to its floor passes', async () => {
  expect(Object.fromEntries(await lint('good'))).toEqual({})
})
