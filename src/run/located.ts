import type { Activation } from '../config/activation.ts'
import { ConfigurationError, type Problem } from '../connector/index.ts'

/** A connector's problem with its place in the activation: that of the field it is about, else the file's start. */
export function located(activation: Activation, problem: Problem): Problem {
  const { field, message, position } = problem
  if (position !== undefined) return problem
  return activation.problemAt(field === undefined ? [] : ['fields', field], message)
}

/** An error as it was, with a place for each problem of a `ConfigurationError` that comes from a connector. */
export function locatedError(activation: Activation, error: unknown): unknown {
  if (!(error instanceof ConfigurationError)) return error
  const problems = error.problems.map((problem) =>
    problem.field === undefined ? problem : located(activation, problem),
  )
  return new ConfigurationError(problems, { cause: error })
}
