import { ConfigurationError, type Problem } from '../connector/index.ts'
import type { Activation } from './activation.ts'
import type { Project } from './project.ts'
import { didYouMean } from './suggest.ts'

/** Whether a name matches a glob: `*` stands for any characters, `?` for one. */
function matcher(glob: string): (name: string) => boolean {
  const literal = (text: string) => text.replace(/[\\^$.|+()[\]{}]/g, '\\$&')
  const pattern = literal(glob).replaceAll('*', '.*').replaceAll('?', '.')
  const expression = new RegExp(`^${pattern}$`)
  return (name) => expression.test(name)
}

function nothingMatches(project: Project, wanted: string): Problem {
  const names = project.activations.map(({ name }) => name)
  const disabled = project.disabled ?? []
  if (disabled.some(matcher(wanted))) {
    return { message: `"${wanted}" is switched off by "enabled: false"` }
  }
  const hint = didYouMean(wanted, names)
  const known = names.length === 0 ? 'the project has none' : `the project has ${names.join(', ')}`
  return {
    message: /[*?]/.test(wanted)
      ? `no activation matches "${wanted}"; ${known}`
      : `no activation is called "${wanted}"${hint || `; ${known}`}`,
  }
}

/**
 * The activations that the names or globs ask for, in running order; all of them for no name.
 * Throws `ConfigurationError` where a name matches nothing, with the closest name there is.
 */
export function selectActivations(
  project: Project,
  names: readonly string[],
): readonly Activation[] {
  if (names.length === 0) return project.activations
  const wanted = names.map((name) => ({ name, matches: matcher(name) }))
  const problems = wanted
    .filter(({ matches }) => !project.activations.some(({ name }) => matches(name)))
    .map(({ name }) => nothingMatches(project, name))
  if (problems.length > 0) throw new ConfigurationError(problems)
  return project.activations.filter(({ name }) => wanted.some(({ matches }) => matches(name)))
}
