import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandsIn, unknownIn } from './commands.ts'
import { type Desk, matches, normalised, openDesk, typedIn } from './console.ts'
import { exceptionFor, exceptions } from './exceptions.ts'
import { readPages, root } from './markdown.ts'
import { problemIn } from './yaml.ts'

const pages = await readPages()
const blocks = pages.flatMap((page) => page.blocks)

describe.each(pages)('$page', ({ page, text, blocks }) => {
  test('links to files that exist', async () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1],
    )
    for (const link of links) {
      const file = join(root, dirname(page), link ?? '')
      await expect(
        access(file).then(() => 'exists'),
        `${page} links to ${link}`,
      ).resolves.toBe('exists')
    }
  })

  test('names only commands and options that exist', () => {
    const spans = [...text.matchAll(/`(millrace [^`]+)`/g)].map((match) => match[1] ?? '')
    const shell = blocks.filter((block) => block.language !== 'console').map((block) => block.text)
    const wrong = [...spans, ...shell]
      .flatMap(commandsIn)
      .map((command) => ({ command, problem: unknownIn(command) }))
      .filter(({ problem }) => problem !== null)
    expect(wrong).toEqual([])
  })

  const yaml = blocks.filter(
    (block) => /^ya?ml$/.test(block.language) && exceptionFor(block) === undefined,
  )
  test.each(yaml)('YAML of line $line is valid', async (block) => {
    expect(await problemIn(block.text)).toBeNull()
  })

  const json = blocks.filter(
    (block) => block.language === 'json' && exceptionFor(block) === undefined,
  )
  test.each(json)('JSON of line $line is valid', (block) => {
    expect(() => JSON.parse(block.text)).not.toThrow()
  })

  const consoles = blocks.filter((block) => block.language === 'console')
  if (consoles.length > 0) {
    test('commands print what it shows', { timeout: 120_000 }, async () => {
      const desk = await openDesk()
      try {
        for (const block of consoles) {
          if (exceptionFor(block) !== undefined) continue
          for (const { command, output } of typedIn(block.text)) {
            const result = await desk.run(command)
            const printed = normalised(result.output)
            const shown = normalised(output.join('\n'))
            const place = `${page}:${block.line}: $ ${command}`
            if (shown.join('') === '') {
              // Shown for what it does: it has to succeed, whatever it prints.
              expect(result, place).toMatchObject({ code: 0 })
            } else if (!matches(shown, printed)) {
              expect(printed.join('\n'), place).toBe(shown.join('\n'))
            }
          }
        }
      } finally {
        await desk.close()
      }
    })
  }
})

describe('shell commands', () => {
  const shell = blocks.filter(
    (block) => /^(ba)?sh$/.test(block.language) && exceptionFor(block) === undefined,
  )
  let desk: Desk
  beforeAll(async () => {
    desk = await openDesk()
    await desk.run('millrace run companies people')
  })
  afterAll(() => desk?.close())

  test.for(shell)('$page:$line succeed', { timeout: 60_000 }, async (block, { skip }) => {
    const tools = ['jq', 'curl'].filter((tool) => block.text.includes(`${tool} `))
    for (const tool of tools) {
      const { code } = await desk.run(`command -v ${tool}`)
      skip(code !== 0, `${tool} is not installed here`)
    }
    // Of the runs that a page may name, the desk has the second.
    const text = block.text.replace(/--run \d+/g, '--run 2')
    expect(await desk.run(`set -e\n${text}`)).toMatchObject({ code: 0 })
  })
})

test('the README leads to every page', () => {
  const readme = pages.find(({ page }) => page === 'README.md')?.text ?? ''
  for (const { page } of pages) {
    if (page !== 'README.md') expect(readme).toContain(`(${page})`)
  }
})

test('every exception is of a block that is there', () => {
  for (const exception of exceptions) {
    const found = blocks.filter((block) => exceptionFor(block) === exception)
    expect(found, `${exception.page}: ${exception.contains}`).not.toHaveLength(0)
  }
})
