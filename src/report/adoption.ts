import type { AdoptionSummary } from '../run/adopt.ts'
import { worstOf } from '../run/ending.ts'
import type { Style } from './style.ts'
import { count, countOf, printable } from './text.ts'

/** The most urgent exit code of several. */
export function adoptionExitCode(summaries: readonly AdoptionSummary[]): number {
  return worstOf(summaries).exit_code
}

/** What was linked, for people: one paragraph for each activation. */
export function adoptionText(summaries: readonly AdoptionSummary[], style: Style): string {
  return summaries.map((summary) => `${paragraph(summary, style)}\n`).join('')
}

function paragraph(summary: AdoptionSummary, style: Style): string {
  const name = style.strong(printable(summary.activation))
  const error = (summary.error ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `\n  ${style.bad(printable(line))}`)
  if (summary.rows === 0 && error.length > 0) return `${name}: nothing was linked${error.join('')}`
  const kinds: readonly [number, string][] = [
    [summary.linked, 'linked'],
    [summary.already_known, 'known already'],
    [summary.not_found, 'not found'],
    [summary.ambiguous, 'ambiguous'],
    [summary.rejected, 'rejected'],
  ]
  const counts = kinds
    .filter(([number, kind]) => number > 0 || kind === 'linked')
    .map(([number, kind]) => `${count(number)} ${kind}`)
  const calls = countOf(summary.calls, 'request')
  return `${name}: ${countOf(summary.rows, 'row')}: ${counts.join(', ')} (${calls}, none of which wrote)${error.join('')}`
}

/** The same for programs: one object. */
export function adoptionJson(summaries: readonly AdoptionSummary[]): string {
  return JSON.stringify({ ...worstOf(summaries), activations: summaries })
}
