import type { CheckPoint, Position } from '../connector/index.ts'

/** One thing that a check looked at, with its place in a file where it has one. */
export interface CheckedPoint extends Omit<CheckPoint, 'field'> {
  readonly position?: Position | undefined
}
