import { dirname, resolve } from 'node:path'
import type { Position, Problem } from '../connector/index.ts'
import type { ActivationText } from './activation-schema.ts'
import { Lines } from './lines.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { readTextFile, shownPath } from './text-file.ts'

/** The SQL of an activation, and where each character of it (from 0) was written. */
export interface Query {
  readonly text: string
  positionOf(offset: number): Position
}

/** The query of an activation, from its YAML or from the file that it names; null where there is none. */
export async function resolveQuery(
  text: ActivationText,
  settings: Settings,
  folder: string,
  activationFile: string,
  problems: Problem[],
): Promise<Query | null> {
  const { places } = settings
  const refuse = (message: string, position: Position): null => {
    problems.push({ message, position })
    return null
  }
  if (text.query !== undefined && text.query_file !== undefined) {
    return refuse(
      'both "query" and "query_file" are given; keep one of them',
      places.key(['query_file']),
    )
  }
  if (text.query !== undefined) {
    if (text.query.trim() === '') return refuse('"query" is empty', places.value(['query']))
    return { text: text.query, positionOf: (offset) => places.inText(['query'], offset) }
  }
  if (text.query_file === undefined) {
    return refuse(
      '"query" is missing; write the SQL there, or name a file with it as "query_file"',
      places.value([]),
    )
  }
  if (settings.failed.has(pathName(['query_file']))) return null
  const path = resolve(dirname(activationFile), text.query_file)
  const hidden = settings.replaced.has(pathName(['query_file']))
  const shown = shownPath(folder, path)
  const at = places.value(['query_file'])
  const file = await readTextFile(path)
  if (file.text === null) {
    return refuse(`${hidden ? 'the query file' : `the query file ${shown}`} ${file.fault}`, at)
  }
  if (file.text.trim() === '') {
    return refuse(`${hidden ? 'the query file' : `the query file ${shown}`} is empty`, at)
  }
  const lines = new Lines(file.text)
  return {
    text: file.text,
    positionOf: (offset) => ({ file: shown, ...lines.position(offset) }),
  }
}
