import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiler = 'node_modules/typescript/bin/tsc'

/**
 * Builds `dist/` once before the tests, since the command line is tested as the built program.
 * Types are checked by `npm run typecheck`. The build is made aside and put in place whole, so that a process that
 * another test run has started never finds half of it.
 */
export default function build(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const dist = join(root, 'dist')
  // As deep as dist/, since source maps name what they map relative to themselves.
  const fresh = join(root, `.build-${process.pid}`)
  const old = `${fresh}-old`
  const node = (...args: readonly string[]) =>
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  try {
    node('bundle.js', fresh)
    node(compiler, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', fresh)
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}
