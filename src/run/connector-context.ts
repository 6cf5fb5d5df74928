import type { Activation } from '../config/activation.ts'
import type { ConnectorContext } from '../connector/index.ts'
import type { RunOptions } from './options.ts'

/** What the connectors of an activation get. */
export function contextOf(
  activation: Activation,
  { clock, random, project, listener }: RunOptions,
): ConnectorContext {
  return {
    clock,
    random,
    projectFolder: project.folder,
    notice: (message) => listener({ type: 'notice', activation: activation.name, message }),
  }
}
