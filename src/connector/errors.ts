/**
 * Errors are named for what happens next. A row that is wrong is not an error but a value: see `Failure`.
 */

/** A place in a file that a user wrote; line and column count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing that the user has to mend. */
export interface Problem {
  /** What is wrong and what to do about it, in one or two sentences. */
  readonly message: string
  readonly position?: Position | undefined
  /** The target's field at fault, as named in the activation: a connector knows no positions, the engine does. */
  readonly field?: string | undefined
}

/** `file:line:column: message`, or the message alone where there is no position. */
export function formatProblem(problem: Problem): string {
  const { position, message } = problem
  if (position === undefined) return message
  return `${position.file}:${position.line}:${position.column}: ${message}`
}

/** Fix the configuration: nothing was sent, and trying again changes nothing. Exit code 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[] | string, options?: ErrorOptions) {
    const list = typeof problems === 'string' ? [{ message: problems }] : problems
    super(list.map(formatProblem).join('\n'), options)
    this.problems = list
  }
}

/**
 * The source refused the query. A configuration error whose position is an offset into the query's
 * text; the engine turns it into file, line and column.
 */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  /** Characters from the start of the query's text, from 0; null where the source does not say. */
  readonly offset: number | null

  constructor(message: string, offset: number | null, options?: ErrorOptions) {
    super(message, options)
    this.offset = offset
  }
}

/** Stop the run: the other side refuses us altogether (authentication) or cannot be reached at all. Exit code 4. */
export class StopRunError extends Error {
  override readonly name = 'StopRunError'
}

/** Try again: the same call may succeed in a moment. Once the engine has tried often enough, it stops the run. */
export class TryAgainError extends Error {
  override readonly name = 'TryAgainError'
  /** Milliseconds that the other side asked us to wait; never waited less. Null where it did not say. */
  readonly waitMilliseconds: number | null

  constructor(message: string, waitMilliseconds: number | null = null, options?: ErrorOptions) {
    super(message, options)
    this.waitMilliseconds = waitMilliseconds
  }
}
