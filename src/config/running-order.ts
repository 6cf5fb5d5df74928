import type { Problem } from '../connector/index.ts'
import type { Activation } from './activation.ts'
import type { NamedActivation } from './activation-file.ts'
import { pathName } from './places.ts'
import { didYouMean } from './suggest.ts'

/** Complains of names in `after` that no activation has. */
export function checkAfter(activations: readonly NamedActivation[], problems: Problem[]): void {
  const names = new Set(activations.map(({ name }) => name))
  for (const { after, settings, name: own } of activations) {
    for (const [index, name] of after.entries()) {
      if (names.has(name)) continue
      const path = settings.places.has(['after', index]) ? ['after', index] : ['after']
      if (settings.failed.has(pathName(path))) continue
      const hidden = settings.replaced.has(pathName(path))
      const others = [...names].filter((other) => other !== own)
      const message = hidden
        ? 'no activation has the name that "after" was given'
        : `"after": no activation is called "${name}"${didYouMean(name, others)}`
      problems.push({ message, position: settings.places.value(path) })
    }
  }
}

/** Complains of every circle that `after` makes, once. */
export function checkCircles(activations: readonly NamedActivation[], problems: Problem[]): void {
  const byName = new Map(activations.map((activation) => [activation.name, activation]))
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[]): void => {
    const activation = byName.get(name)
    if (activation === undefined || done.has(name)) return
    const start = way.indexOf(name)
    if (start !== -1) {
      const circle = [...way.slice(start), name]
      problems.push({
        message: `these activations wait for each other: ${circle.join(' after ')}; take one "after" away`,
        position: activation.settings.places.value(['after']),
      })
      return
    }
    for (const next of activation.after) visit(next, [...way, name])
    done.add(name)
  }
  for (const name of [...byName.keys()].sort()) visit(name, [])
}

/**
 * Activations in the order in which they run: `after` before all, then the target's order of objects, then the name.
 * There must be no circles.
 */
export function inRunningOrder(activations: readonly Activation[]): readonly Activation[] {
  const waiting = [...activations].sort(
    (one, other) =>
      one.object.order - other.object.order ||
      (one.name < other.name ? -1 : Number(one.name > other.name)),
  )
  const result: Activation[] = []
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ after }) =>
      after.every((name) => waiting.every((other) => other.name !== name)),
    )
    if (next === -1) throw new Error('the activations wait for each other')
    result.push(...waiting.splice(next, 1))
  }
  return result
}
