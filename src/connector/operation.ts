/** A value as the target takes it. Dates and times are unix seconds. */
export type Scalar = string | number | boolean | null

/** A list that the target shall hold, of those things that millrace put there: sorted, each once. */
export type List = readonly string[]

/**
 * A row after mapping and casting: field name to value, names as in the activation (`custom_attributes.plan`).
 * The names `tags` (names of tags) and `companies` (`company_id`s) hold lists; their letter case is kept, and
 * compared without for tags.
 */
export type TargetRecord = Readonly<Record<string, Scalar | List>>

/** What an activation does with its rows. */
export type Mode = 'upsert' | 'update' | 'insert' | 'delete' | 'archive'

/**
 * `create`: the key was never delivered (the target may have it all the same). `update`: it was, or the record was
 * looked up. `delete` and `archive`: the mode's, or `on_removed`'s. `untag`: take away the tags and companies that millrace put there.
 */
export const operationKinds = ['create', 'update', 'delete', 'archive', 'untag'] as const

export type OperationKind = (typeof operationKinds)[number]

/** One intended change to one key. */
export interface Operation {
  /** The position in the plan, from 0; names the operation within its run. */
  readonly ordinal: number
  /** What identifies the record between runs. */
  readonly key: string
  readonly kind: OperationKind
  /** True where the row left the query and `on_removed` asks for this. */
  readonly removal: boolean
  /** The target's own id of the record, where it is known. */
  readonly id: string | null
  /**
   * Everything the target shall hold, not only what changed: delivering it twice does no harm. For `delete` and
   * `archive` only what identifies the record; for `untag` empty lists.
   */
  readonly record: TargetRecord
  /**
   * What the target holds as far as confirmed outcomes tell; null where nothing was ever confirmed. From its lists
   * follows what may be taken away: only what millrace itself put there.
   */
  readonly held: TargetRecord | null
  /**
   * True where the lists of `record` are to be put there once more, whatever `held` says: somebody may have taken
   * something away. What `held` names stays millrace's own meanwhile.
   */
  readonly again?: boolean
  /** The fields and lists that differ from what was last delivered; all of them for a create. */
  readonly changed: readonly string[]
  /**
   * When an earlier run began that sent this key and never learnt how that ended, in milliseconds since the Unix
   * epoch: what the target has since then may be our own doing. Null where nothing of the kind happened.
   */
  readonly unansweredSince: number | null
  /**
   * The target's own name of that request, or of the job that took it, where an outcome `in_doubt` named it
   * (`Failure.requestId`): what the target can still ask about.
   */
  readonly unansweredRequest?: string
  /** True where millrace itself archived the record, because its row had left the query, and it is back. */
  readonly archivedByUs: boolean
  /** Stands for `record`, for the kind of object, and for whether it is held, deleted or archived (26 characters). */
  readonly fingerprint: string
}

/** Why a row was not delivered: stable, for programs and for people who look it up in the docs. */
export const failureCodes = [
  'missing_identifier',
  'duplicate_key',
  'invalid_value',
  'unknown_attribute',
  'not_found',
  'already_exists',
  'archived',
  'deleted',
  'merged',
  'conflict',
  'limit_reached',
  'rejected',
  'rate_limited',
  'server_error',
  'timeout',
  'network',
  'in_doubt',
  'not_attempted',
] as const

export type FailureCode = (typeof failureCodes)[number]

const unanswered: ReadonlySet<FailureCode> = new Set(['network', 'timeout', 'server_error'])

/** Whether a failure says nothing of its row, but only that no usable answer came back. */
export function isUnanswered(code: FailureCode): boolean {
  return unanswered.has(code)
}

/** Why one row was not delivered. Holds no value of the row. */
export interface Failure {
  readonly code: FailureCode
  /** What is wrong, for the person who has to mend it. */
  readonly message: string
  /** The target's field at fault, as named in the activation. */
  readonly field?: string | undefined
  readonly httpStatus?: number | undefined
  /** The target's own name of the request, or of the job that took it: for its support, and for the next run. */
  readonly requestId?: string | undefined
  /** What to do about it, in the connector's own words: nothing that the other side has said. */
  readonly hint?: string | undefined
}

/**
 * What a target says of one operation after one try.
 *
 * `id`: a string is learnt and kept, whatever the result; null says that the id we knew is no longer
 * right; undefined says nothing.
 *
 * `held`: lists that were changed in part before the rest failed, as the target now holds them, so that what
 * millrace put there is never forgotten.
 */
export type Delivery =
  | { readonly result: 'applied'; readonly id: string | null; readonly created: boolean }
  | {
      readonly result: 'rejected'
      readonly failure: Failure
      readonly id?: string | null | undefined
      readonly held?: TargetRecord | undefined
    }
  /** Not delivered, or perhaps delivered but safe to send again. */
  | {
      readonly result: 'retry'
      readonly failure: Failure
      readonly id?: string | null | undefined
      readonly held?: TargetRecord | undefined
      /** What the other side asked us to wait; never waited less. */
      readonly waitMilliseconds?: number | undefined
    }
  /**
   * Sent, and not known how it ended: the answer was lost, or a job was still at work when the run was stopped. It is
   * not safe to send again before somebody looked.
   */
  | {
      readonly result: 'in_doubt'
      readonly failure: Failure
      readonly id?: string | null | undefined
      readonly held?: TargetRecord | undefined
    }

/** How one operation ended. Each operation of a run has exactly one. */
export const outcomeStatuses = [
  'applied',
  'rejected',
  'failed',
  'in_doubt',
  'not_attempted',
] as const

export type OutcomeStatus = (typeof outcomeStatuses)[number]

/** How one operation ended, with all that has to be remembered of it. */
export interface Outcome {
  readonly ordinal: number
  readonly key: string
  readonly kind: OperationKind
  readonly removal: boolean
  readonly status: OutcomeStatus
  /** As in `Delivery`. */
  readonly id?: string | null | undefined
  /** True where the target made a new object. */
  readonly created: boolean
  /** How often it was tried. */
  readonly attempts: number
  /** Present unless `applied`. */
  readonly failure?: Failure | undefined
  /**
   * What the target holds now, all of it: what it held before with what was delivered on top. Present where
   * `applied`, and where lists were changed in part before the rest failed.
   */
  readonly held?: TargetRecord | undefined
  /** That of the operation, also where it failed. */
  readonly fingerprint?: string | undefined
}
