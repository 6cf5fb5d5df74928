import type { Block } from './markdown.ts'

/** A block that is not run or validated, and why. The commands of millrace in it are checked all the same. */
export interface Exception {
  readonly page: string
  /** A piece of the block's text. */
  readonly contains: string
  readonly reason: string
}

export const exceptions: readonly Exception[] = [
  {
    page: 'README.md',
    contains: 'npm ci && npm run quickstart',
    reason: 'Run by .ci/run on a fresh clone; the quickstart has a test of its own.',
  },
  {
    page: 'README.md',
    contains: 'npm run build && npm link',
    reason: 'Would change this machine; test/packaging.test.ts links into a folder of its own.',
  },
  {
    page: 'docs/performance.md',
    contains: 'npm run bench',
    reason: 'Takes minutes; test/bench.test.ts runs it in a small form.',
  },
  {
    page: 'docs/sandbox.md',
    contains: 'runs-on: ubuntu-latest',
    reason: 'A GitHub Actions workflow, no file of ours.',
  },
  {
    page: 'docs/sandbox.md',
    contains: 'curl',
    reason: 'Run, with what it answers, by test/connectors/intercom/sandbox/docs.test.ts.',
  },
  {
    page: 'docs/scheduling.md',
    contains: 'docker build',
    reason: 'Needs Docker; test/packaging.test.ts checks the Dockerfile.',
  },
  {
    page: 'docs/state.md',
    contains: 'sqlite3 ',
    reason: "Needs SQLite's own command line, which a machine with Node may not have.",
  },
]

export function exceptionFor(block: Block): Exception | undefined {
  return exceptions.find(
    ({ page, contains }) => page === block.page && block.text.includes(contains),
  )
}
