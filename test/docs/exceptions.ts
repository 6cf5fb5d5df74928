import type { Block } from './markdown.ts'

/** A block that is not run or validated, and why. */
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
]

export function exceptionFor(block: Block): Exception | undefined {
  return exceptions.find(
    ({ page, contains }) => page === block.page && block.text.includes(contains),
  )
}
