import type { Problem, SourceConnector, TargetConnector, TargetObject } from '../connector/index.ts'
import type { ActivationText } from './activation-schema.ts'
import type { Connections } from './connections.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { didYouMean, oneOf } from './suggest.ts'
import { laterNames } from './unavailable.ts'

/** `"text"; did you mean ...`, or words that do not show it where it came from a variable. */
function shown(
  text: string,
  path: readonly string[],
  settings: Settings,
  names: readonly string[],
): { readonly name: string; readonly hint: string } {
  return settings.replaced.has(pathName(path))
    ? { name: 'the name that it was given', hint: '' }
    : { name: `"${text}"`, hint: didYouMean(text, names) }
}

/** The name of the activation's source; null where there is no such source, or it is wrong itself. */
export function resolveSource(
  text: ActivationText,
  sources: Connections<SourceConnector>,
  settings: Settings,
  problems: Problem[],
): string | null {
  const names = [...sources.keys()]
  const { source } = text
  if (source === undefined) {
    const [only] = names
    if (only !== undefined && names.length === 1) return only
    problems.push({
      message: `"source" is missing, and the project has several: ${oneOf(names)}`,
      position: settings.places.value([]),
    })
    return null
  }
  if (settings.failed.has(pathName(['source']))) return null
  if (sources.has(source)) return source
  const { name, hint } = shown(source, ['source'], settings, names)
  problems.push({
    message: `the project has no source ${name}${hint || `; it has ${names.join(', ')}`}`,
    position: settings.places.value(['source']),
  })
  return null
}

/** `contact` and `intercom.contact`, taken apart. */
function parts(written: string, targets: Connections<TargetConnector>) {
  const dot = written.indexOf('.')
  if (dot !== -1) return { target: written.slice(0, dot), object: written.slice(dot + 1) }
  const [only] = targets.keys()
  return { target: targets.size === 1 ? (only ?? null) : null, object: written }
}

/** The target and the object in it; null where there is no such thing, or the target is wrong itself. */
export function resolveTarget(
  text: ActivationText,
  targets: Connections<TargetConnector>,
  settings: Settings,
  problems: Problem[],
): { readonly target: string; readonly object: TargetObject } | null {
  if (settings.failed.has(pathName(['target']))) return null
  const refuse = (message: string): null => {
    problems.push({ message, position: settings.places.value(['target']) })
    return null
  }
  const names = [...targets.keys()]
  const { target, object: wanted } = parts(text.target, targets)
  if (target === null) {
    return refuse(
      `the project has several targets; write ${oneOf(names.map((name) => `${name}.OBJECT`))}`,
    )
  }
  const connection = targets.get(target)
  if (connection === undefined) {
    const { name, hint } = shown(target, ['target'], settings, names)
    return refuse(`the project has no target ${name}${hint || `; it has ${names.join(', ')}`}`)
  }
  const { connector } = connection
  if (connector === null) return null
  const object = connector.objects.find((candidate) => candidate.name === wanted)
  if (object !== undefined) return { target, object }
  const known = connector.objects.map((candidate) => candidate.name)
  if ((laterNames.objects as readonly string[]).includes(wanted)) {
    return refuse(`"target: ${wanted}" is not available in this version; use ${oneOf(known)}`)
  }
  const { name, hint } = shown(wanted, ['target'], settings, known)
  return refuse(`${target} has no ${name}${hint || `; it has ${known.join(', ')}`}`)
}
