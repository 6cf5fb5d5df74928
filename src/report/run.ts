import { operationsIn } from '../plan/interfaces.ts'
import type { CommandSummary, RunSummary } from '../run/summary.ts'
import { listed, plannedText } from './counts.ts'
import type { Style } from './style.ts'
import { count, countOf, duration, printable } from './text.ts'

/** How a run ended, in words. */
export const statusWords: Readonly<Record<RunSummary['status'], string>> = {
  done: 'done',
  failures: 'done, with failures',
  configuration: 'refused: the configuration is wrong',
  refused: 'refused by a guard',
  stopped: 'stopped early',
  locked: 'not started: another run holds this activation',
  interrupted: 'interrupted',
}

const shortWords: Readonly<Record<RunSummary['status'], string>> = {
  done: 'done',
  failures: 'with failures',
  configuration: 'with a wrong configuration',
  refused: 'refused',
  stopped: 'stopped early',
  locked: 'not started',
  interrupted: 'interrupted',
}

/** A run's status in words, coloured for what it means. */
export function statusText(status: RunSummary['status'], style: Style): string {
  const words = statusWords[status]
  if (status === 'done') return style.good(words)
  return status === 'failures' ? style.warn(words) : style.bad(words)
}

/** What happened to how many, largest first: `invalid_value 12, timeout 3`. */
export function byCount(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .map(([name, value]) => [name, value ?? 0] as const)
    .filter(([, value]) => value > 0)
    .sort(([first, more], [second, less]) => less - more || first.localeCompare(second, 'en'))
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(', ')
}

function activationText(summary: RunSummary, verbose: boolean, style: Style): string[] {
  const { planned, outcomes, calls } = summary
  const run =
    summary.run === null ? '' : ` (run ${summary.run}) in ${duration(summary.duration_ms)}`
  const lines = [
    `${style.strong(printable(summary.activation))}: ${statusText(summary.status, style)}${run}`,
  ]
  const line = (title: string, text: string): void => {
    if (text !== '') lines.push(`  ${title.padEnd(9)} ${text}`)
  }
  if (summary.run === null) return lines
  const plan = plannedText(planned)
  line('rows', plan === '' ? count(summary.rows) : `${count(summary.rows)}: ${plan}`)
  const left = planned.removed - (planned.delete + planned.archive + planned.untag)
  if (left > 0) line('kept', `${countOf(left, 'key')} no longer in the query`)
  line(
    'outcomes',
    listed([
      ['applied', outcomes.applied],
      ['rejected', outcomes.rejected],
      ['failed', outcomes.failed],
      ['in doubt', outcomes.in_doubt],
      ['not attempted', outcomes.not_attempted],
    ]) || (summary.status === 'done' ? 'nothing to do' : 'none'),
  )
  const { not_attempted = 0, ...codes } = summary.failures_by_code
  // What the run did not get to has not failed.
  const byCode = { ...codes, not_attempted: not_attempted - outcomes.not_attempted }
  const failures = byCount(byCode)
  if (failures !== '') line('failures', style.warn(failures))
  const { new: began, still, cured } = summary.failures
  line(
    'open',
    listed([
      ['new', began],
      ['still failing', still],
      ['cured', cured],
    ]),
  )
  const limited =
    calls.rate_limited === 0 ? '' : `, ${count(calls.rate_limited)} answered "too many requests"`
  const yielded = calls.rows_per_call ? ` (${calls.rows_per_call.toFixed(2)} rows per call)` : ''
  line('calls', `${count(calls.total)}${yielded}${limited}`)
  if (verbose) {
    for (const [endpoint, value] of Object.entries(calls.by_endpoint)) {
      lines.push(`            ${endpoint} ${count(value)}`)
    }
  }
  if (outcomes.not_attempted > 0) {
    line(
      'next run',
      `sends ${countOf(outcomes.not_attempted, 'row')} that this one did not attempt`,
    )
  }
  if (failures === '' && still > 0) line('report', `millrace failures ${summary.activation}`)
  if (failures !== '') {
    line('report', `millrace failures ${summary.activation} --run ${summary.run}`)
  }
  return lines
}

/** What a command came to, for people. Why a run ended early is no part of it: that was said when it happened. */
export function runText(summary: CommandSummary, verbose: boolean, style: Style): string {
  const blocks = summary.activations.map((run) => activationText(run, verbose, style).join('\n'))
  if (summary.activations.length > 1) {
    const endings: Record<string, number> = {}
    for (const { status } of summary.activations) {
      endings[shortWords[status]] = (endings[shortWords[status]] ?? 0) + 1
    }
    blocks.push(
      `${countOf(summary.activations.length, 'activation')}: ${listed(Object.entries(endings))}`,
    )
  }
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n`
}

/** True where no activation had anything to send and nothing went wrong. */
export function nothingToDo(summary: CommandSummary): boolean {
  return (
    summary.exit_code === 0 &&
    summary.activations.every(({ planned }) => operationsIn(planned) + planned.rejected === 0)
  )
}
