import type { Problem } from '../connector/index.ts'
import type { ActivationText } from './activation-schema.ts'
import type { Settings } from './settings.ts'

/** `keep_values: false`: complains of all that needs to know what was sent. */
export function checkValues(text: ActivationText, settings: Settings, problems: Problem[]): void {
  if (text.keep_values) return
  const refuse = (key: string, reason: string) =>
    problems.push({
      message: `${reason}, and "keep_values: false" keeps none of it; leave one of them out`,
      position: settings.places.key([key]),
    })
  for (const list of ['tags', 'companies'] as const) {
    if (text[list] === undefined) continue
    refuse(list, `"${list}" takes away only what millrace put there, which it has to remember`)
  }
  const { on_removed: removal, identifier, key } = text
  if (removal !== 'archive' && removal !== 'delete') return
  // Else the key is what the record is found by, or the id is.
  if (identifier === 'id' || (identifier !== undefined && key === undefined)) return
  refuse(
    'on_removed',
    identifier === undefined
      ? `"on_removed: ${removal}" without an identifier has to remember what identifies a record`
      : `"on_removed: ${removal}" with "key" has to remember the ${identifier} of each key`,
  )
}
