import { stringify } from 'csv-stringify/sync'
import type { FailureRecord } from '../state/store.ts'
import { failureColumns, reportedFailure } from './failures.ts'

const options = {
  columns: [...failureColumns],
  // RFC 4180 ends records with CRLF.
  record_delimiter: '\r\n',
  // A cell that a spreadsheet would run as a formula gets an apostrophe in front.
  escape_formulas: true,
} as const

/** Comma-separated values as RFC 4180 has them, in UTF-8, with a heading: for spreadsheets. */
export async function* failuresCsv(
  batches: AsyncIterable<readonly FailureRecord[]>,
): AsyncIterable<string> {
  yield stringify([], { ...options, header: true })
  for await (const batch of batches) {
    if (batch.length > 0) yield stringify(batch.map(reportedFailure), options)
  }
}
