import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block of a page. */
export interface Block {
  /** The page, relative to the project: `docs/sandbox.md`. */
  readonly page: string
  /** The line of the opening fence, from 1. */
  readonly line: number
  /** `yaml`, `console`, `sh` and so on. */
  readonly language: string
  readonly text: string
}

export interface Page {
  readonly page: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/** The README and every page of the docs. */
export async function readPages(): Promise<readonly Page[]> {
  const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).sort()
  return Promise.all(
    ['README.md', ...docs.map((name) => `docs/${name}`)].map(async (page) => {
      const text = await readFile(join(root, page), 'utf8')
      return { page, text, blocks: blocksOf(page, text) }
    }),
  )
}

function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = []
  let open: { line: number; language: string; indent: number; lines: string[] } | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^( *)```(\w*)/.exec(line)
    if (fence !== null && open === null) {
      open = {
        line: index + 1,
        language: fence[2] ?? '',
        indent: fence[1]?.length ?? 0,
        lines: [],
      }
    } else if (fence !== null && open !== null) {
      blocks.push({ page, line: open.line, language: open.language, text: open.lines.join('\n') })
      open = null
    } else {
      open?.lines.push(line.slice(open.indent))
    }
  }
  return blocks
}
