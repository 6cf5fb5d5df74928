import type { FailureRecord } from '../state/store.ts'

/** A failure as programs read it (`--format jsonl`, and the columns of `--format csv`). Times are ISO 8601 in UTC. */
export interface ReportedFailure {
  readonly activation: string
  readonly run: number
  readonly key: string
  /** The field that identifies the record: `external_id`. */
  readonly identifier: string | null
  readonly operation: string
  readonly status: string
  readonly code: string
  readonly message: string
  readonly field: string | null
  readonly http_status: number | null
  readonly request_id: string | null
  readonly attempts: number
  readonly first_seen: string
  readonly last_seen: string
  /** From when on it is tried again as it is; null where `waits_for` is `next_run` or `change`. */
  readonly next_retry: string | null
  readonly waits_for: 'next_run' | 'time' | 'change'
  readonly hint: string | null
}

/** The fields of a reported failure, in the order of the columns. */
export const failureColumns = [
  'activation',
  'run',
  'key',
  'identifier',
  'operation',
  'status',
  'code',
  'message',
  'field',
  'http_status',
  'request_id',
  'attempts',
  'first_seen',
  'last_seen',
  'next_retry',
  'waits_for',
  'hint',
] as const satisfies readonly (keyof ReportedFailure)[]

/** A failure as it is kept, under the names that reports use. */
export function reportedFailure(failure: FailureRecord): ReportedFailure {
  return {
    activation: failure.activation,
    run: failure.run,
    key: failure.key,
    identifier: failure.identifier,
    operation: failure.operation,
    status: failure.status,
    code: failure.code,
    message: failure.message,
    field: failure.field,
    http_status: failure.httpStatus,
    request_id: failure.requestId,
    attempts: failure.attempts,
    first_seen: new Date(failure.firstSeen).toISOString(),
    last_seen: new Date(failure.lastSeen).toISOString(),
    next_retry: failure.nextRetry === null ? null : new Date(failure.nextRetry).toISOString(),
    waits_for: failure.waitsForChange ? 'change' : failure.nextRetry === null ? 'next_run' : 'time',
    hint: failure.hint,
  }
}

/** Turns batches of failures into the text of a report, piece by piece: a report may be larger than memory. */
export type FailureFormat = (
  batches: AsyncIterable<readonly FailureRecord[]>,
) => AsyncIterable<string>

/** One JSON object per line. */
export async function* failuresJsonl(
  batches: AsyncIterable<readonly FailureRecord[]>,
): AsyncIterable<string> {
  for await (const batch of batches) {
    if (batch.length > 0) {
      yield `${batch.map((failure) => JSON.stringify(reportedFailure(failure))).join('\n')}\n`
    }
  }
}
