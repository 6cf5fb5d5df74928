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
  const own = (names: Readonly<Record<string, string | undefined>>, name: string) =>
    Object.hasOwn(names, name) ? names[name] : undefined
  const fromFile = file.text === null ? {} : parseEnv(file.text)
  return (name) => own(environment, name) ?? own(fromFile, name)
}
