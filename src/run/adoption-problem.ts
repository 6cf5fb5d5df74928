import type { Activation } from '../config/activation.ts'
import { ConfigurationError } from '../connector/index.ts'
import { nativeId } from '../plan/key.ts'

/** Why there is nothing to adopt for an activation, with its place; null where there may be. */
export function adoptionProblem(activation: Activation): ConfigurationError | null {
  const { mode, identifier } = activation
  const refuse = (key: string, message: string) =>
    new ConfigurationError([activation.problemAt([key], message)])
  if (mode === 'insert') {
    return refuse(
      'mode',
      '"mode: insert" only creates: a record that exists is none of its business. There is nothing to adopt',
    )
  }
  if (mode === 'delete' || mode === 'archive') {
    return refuse(
      'mode',
      `"mode: ${mode}" takes records away, and finds each when it does. There is nothing to adopt`,
    )
  }
  if (identifier === nativeId) {
    return refuse(
      'identifier',
      'the rows have the ids of the target: each is updated with one request as it is. There is nothing to adopt',
    )
  }
  return null
}
