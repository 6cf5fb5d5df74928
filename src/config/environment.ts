import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Problem } from '../connector/index.ts'
import { readTextFile } from './text-file.ts'

/** Looks a variable up; undefined where it is not set. */
export type Lookup = (name: string) => string | undefined

/** Variables from the environment and, where it has none of that name, from the `.env` beside the project file. */
export async function environmentOf(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Promise<Lookup> {
  const file = await readTextFile(join(folder, '.env'))
  if (file.text === null && !file.missing) {
    problems.push({
      message: `the file ${file.fault}`,
      position: { file: '.env', line: 1, column: 1 },
    })
  }
  if (file.text !== null) problems.push(...problemsInDotEnv(file.text))
  const own = (names: Readonly<Record<string, string | undefined>>, name: string) =>
    Object.hasOwn(names, name) ? names[name] : undefined
  const fromFile = file.text === null ? {} : parseEnv(file.text)
  return (name) => own(environment, name) ?? own(fromFile, name)
}

/** Lines that set nothing, and variables that are set twice: both would otherwise be passed over. */
function problemsInDotEnv(text: string): Problem[] {
  const problems: Problem[] = []
  const lines = new Map<string, number>()
  const all = text.replaceAll('\r\n', '\n').split('\n')
  for (let index = 0; index < all.length; ) {
    const line = all[index] as string
    const position = { file: '.env', line: index + 1, column: 1 }
    const set = assignmentAt(all, index)
    if (set === null && !/^\s*(?:#|$)/.test(line)) {
      problems.push({ message: 'this line sets no variable; write NAME=value', position })
    }
    if (set !== null) {
      const before = lines.get(set.name)
      if (before === undefined) lines.set(set.name, index + 1)
      else {
        const message = `the variable ${set.name} is set in line ${before} already; keep one of the two`
        problems.push({ message, position })
      }
    }
    index += set?.lines ?? 1
  }
  return problems
}

/** The variable that a line sets, and how many lines its value takes: one in quotes may go over several. */
function assignmentAt(
  lines: readonly string[],
  index: number,
): { readonly name: string; readonly lines: number } | null {
  const [, name, value = ''] =
    /^\s*(?:export\s+)?([^\s=#]+)\s*=\s*(.*)$/.exec(lines[index] ?? '') ?? []
  if (name === undefined) return null
  const [quote] = /^["'`]/.exec(value) ?? []
  if (quote === undefined || value.indexOf(quote, 1) > 0) return { name, lines: 1 }
  const further = lines.slice(index + 1).findIndex((line) => line.includes(quote))
  return { name, lines: further < 0 ? 1 : further + 2 }
}
