/**
 * The contract between the engine and the outside world, and its vocabulary:
 *
 * - **activation**: one YAML file: query, target, identifier, mode and mapping
 * - **source**: a warehouse connection
 * - **row**: what the query returned
 * - **record**: a row after mapping and casting, ready for the target
 * - **key**: what identifies a record between runs
 * - **snapshot**: what the target is known to hold, per key, from confirmed outcomes
 * - **operation**: one intended change to one key
 * - **plan**: the operations of one run, with totals
 * - **outcome**: how one operation ended
 * - **failure**: an operation that did not end in `applied`, kept until it does
 * - **guard**: a limit that refuses a plan
 * - **run**: one execution
 */
export type { Clock, ConnectorContext, KnownIds, Random } from './context.ts'
export { described } from './described.ts'
export {
  ConfigurationError,
  formatProblem,
  type Position,
  type Problem,
  QueryError,
  StopRunError,
  TryAgainError,
} from './errors.ts'
export { murmur128 } from './murmur.ts'
export { plainNumber } from './number-text.ts'
export {
  type Delivery,
  type Failure,
  type FailureCode,
  failureCodes,
  isUnanswered,
  type List,
  type Mode,
  type Operation,
  type OperationKind,
  type Outcome,
  type OutcomeStatus,
  operationKinds,
  outcomeStatuses,
  type Scalar,
  type TargetRecord,
} from './operation.ts'
export type { Column, ColumnType, RowBatch, RowTexts, Value } from './row.ts'
export { Secret, secretOption } from './secret.ts'
export type { Reading, RowStream, Source, SourceConnector } from './source.ts'
export {
  type CheckPoint,
  type Connectors,
  type DeliveryPlan,
  type Field,
  type FieldType,
  type Found,
  type MappedField,
  type Removal,
  type RequestCounts,
  type RunningSandbox,
  removals,
  type Sandbox,
  type Target,
  type TargetConnector,
  type TargetObject,
  type TargetWorkspace,
} from './target.ts'
