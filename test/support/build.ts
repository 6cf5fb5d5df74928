import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
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
  const aside = mkdtempSync(join(root, '.build-'))
  const fresh = join(aside, 'new')
  const node = (...args: readonly string[]) =>
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  try {
    node('bundle.js', fresh)
    node(compiler, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', fresh)
    if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), join(aside, 'old'))
    renameSync(fresh, join(root, 'dist'))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
