import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import type { Session } from './action.ts'

/** The project that the options name, and the activations that the names ask for (all for none). */
export async function openProject(
  { context, options, voice }: Session,
  names: readonly string[],
): Promise<{ readonly project: Project; readonly activations: readonly Activation[] }> {
  const { loadProject, selectActivations } = await import('../config/project.ts')
  const project = await loadProject({
    path: options.project,
    profile: options.profile ?? null,
    environment: context.environment,
    connectors: context.connectors,
  })
  const activations = selectActivations(project, names)
  voice.say(
    'debug',
    `project ${project.folder}, profile ${project.profile ?? 'none'}, state ${project.state.kind === 'sqlite' ? project.state.file : 'in Postgres'}`,
  )
  return { project, activations }
}
