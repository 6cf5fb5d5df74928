import type { Problem } from '../connector/index.ts'
import type { NamedActivation } from './activation-file.ts'

/** Complains of every activation that has the name of an earlier one; says which file that is. */
export function checkUniqueNames(
  activations: readonly NamedActivation[],
  problems: Problem[],
): void {
  const first = new Map<string, string>()
  for (const { name, file, settings } of activations) {
    const other = first.get(name)
    if (other === undefined) {
      first.set(name, file)
      continue
    }
    problems.push({
      message: `the name "${name}" is taken by ${other}; give one of the two another "name"`,
      position: settings.places.value(['name']),
    })
  }
}
