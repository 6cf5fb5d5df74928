import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What `work` returned, and the packages that the processes have loaded which it started with the environment it got. */
export async function withPackages<Result>(
  work: (env: { readonly NODE_V8_COVERAGE: string }) => Promise<Result>,
): Promise<{ readonly result: Result; readonly packages: readonly string[] }> {
  const coverage = await mkdtemp(join(tmpdir(), 'millrace-coverage-'))
  try {
    const result = await work({ NODE_V8_COVERAGE: coverage })
    const packages = new Set<string>()
    for (const file of await readdir(coverage)) {
      // V8 lists every script in its coverage.
      const { result: scripts } = JSON.parse(await readFile(join(coverage, file), 'utf8')) as {
        readonly result: readonly { readonly url: string }[]
      }
      const sources = await Promise.all(scripts.map(({ url }) => sourcesOf(url)))
      for (const source of sources.flat()) {
        const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]
        if (name !== undefined) packages.add(name)
      }
    }
    return { result, packages: [...packages].sort() }
  } finally {
    await rm(coverage, { recursive: true, force: true })
  }
}

/** The files that a script of the built program was made of, by its source map; any other script itself. */
async function sourcesOf(url: string): Promise<readonly string[]> {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return [url]
  const map = await readFile(fileURLToPath(`${url}.map`), 'utf8').catch(() => null)
  return map === null ? [url] : (JSON.parse(map) as { readonly sources: string[] }).sources
}
