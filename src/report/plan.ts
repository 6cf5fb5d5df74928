import { operationsIn } from '../plan/interfaces.ts'
import type { ActivationPlan, PlannedOperation } from '../run/plan.ts'
import { plannedText } from './counts.ts'
import { shownKey } from './layout.ts'
import { byCount } from './run.ts'
import type { Style } from './style.ts'
import { count, countOf, printable } from './text.ts'

/** The counts of a plan in one line, those that are not zero. */
function totalsText(totals: NonNullable<ActivationPlan['totals']>): string {
  const text = plannedText(totals)
  return `${countOf(totals.rows, 'row')}${text === '' ? '' : `: ${text}`}`
}

function byCode(
  rejected: ActivationPlan['rejected'],
): Map<string, ActivationPlan['rejected'][number][]> {
  const groups = new Map<string, ActivationPlan['rejected'][number][]>()
  for (const row of rejected) {
    const group = groups.get(row.code)
    if (group === undefined) groups.set(row.code, [row])
    else group.push(row)
  }
  return groups
}

/** How many operations the plan has beyond those that it shows. */
function hidden(plan: ActivationPlan): number {
  if (plan.totals === null) return 0
  return operationsIn(plan.totals) - plan.operations.length
}

/** Keys that left the query and stay as they are. */
function kept(totals: NonNullable<ActivationPlan['totals']>): number {
  // By mode, delete and archive are for rows that are in the query; then there are no removals.
  return Math.max(0, totals.removed - (totals.delete + totals.archive + totals.untag))
}

function operationText({ key, kind, changed }: PlannedOperation, style: Style): string {
  if (kind === 'create') return style.good(`+ ${shownKey(key)}`)
  if (kind === 'update') {
    const fields = changed === null ? '' : `  ${style.faint(printable(changed.join(', ')))}`
    return `${style.warn(`~ ${shownKey(key)}`)}${fields}`
  }
  return `${style.bad(`- ${shownKey(key)}`)}  ${style.faint(kind)}`
}

/** Said where a plan cannot tell which fields an update changes. */
const unknownFields = 'not known, since this activation has keep_values: false; all are sent'

function areUnknown({ keepsValues, totals }: ActivationPlan): boolean {
  return !keepsValues && totals !== null && totals.update > 0
}

function activationText(plan: ActivationPlan, style: Style): string {
  const lines = [
    `${style.strong(printable(plan.activation))}: ${plan.mode} ${plan.target}.${plan.object}`,
  ]
  if (plan.error !== null) {
    for (const text of plan.error.split('\n')) lines.push(`  ${style.bad(printable(text))}`)
  }
  if (plan.totals === null) return lines.join('\n')
  lines.push(`  ${totalsText(plan.totals)}`)
  const left = kept(plan.totals)
  if (left > 0) lines.push(`  ${countOf(left, 'key')} no longer in the query, kept in the target`)
  for (const text of plan.refusals)
    lines.push(`  ${style.bad(`a run would be refused: ${printable(text)}`)}`)
  const fields = plan.keepsValues ? byCount(plan.totals.changedFields) : ''
  if (fields !== '') lines.push(`  changed fields: ${printable(fields)}`)
  if (areUnknown(plan)) lines.push(`  changed fields: ${unknownFields}`)
  for (const operation of plan.operations) lines.push(`  ${operationText(operation, style)}`)
  if (hidden(plan) > 0) lines.push(style.faint(`  … ${count(hidden(plan))} more (--show N)`))
  for (const [code, rows] of byCode(plan.rejected)) {
    lines.push(`  ${style.bad(`rejected: ${code}`)}`)
    for (const row of rows) lines.push(`    ${shownKey(row.key)}: ${printable(row.message)}`)
  }
  const more = plan.totals.rejected - plan.rejected.length
  if (more > 0) lines.push(style.faint(`  … ${count(more)} more rejected (--show N)`))
  return lines.join('\n')
}

/** Plans for people on a terminal: `+` a new record, `~` a changed one with the fields that change; no values. */
export function planText(plans: readonly ActivationPlan[], style: Style): string {
  return plans.map((plan) => `${activationText(plan, style)}\n`).join('\n')
}

/** Text inside a Markdown table cell or sentence; nothing of it is taken for markup. */
function markdown(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]|~#$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function code(text: string): string {
  return /^[\w.:/@ -]+$/.test(text) ? `\`${text}\`` : `<code>${markdown(text)}</code>`
}

function operationMarkdown({ kind, changed }: PlannedOperation): string {
  if (kind === 'create') return 'new'
  if (kind !== 'update') return kind
  return changed === null ? 'changed' : `changed: ${changed.map(code).join(', ')}`
}

function activationMarkdown(plan: ActivationPlan): string {
  const parts = [`#### ${markdown(plan.activation)} → ${markdown(`${plan.target}.${plan.object}`)}`]
  if (plan.error !== null) {
    const text = plan.error.split('\n').map((line) => `> ${markdown(line)}  `)
    parts.push(['> **This plan failed.**  ', ...text].join('\n'))
  }
  const { totals } = plan
  if (totals === null) return parts.join('\n\n')
  parts.push(
    [
      '| rows | new | changed | to delete | to archive | to untag | unchanged | rejected | waiting | no longer in the query |',
      '|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
      `| ${[totals.rows, totals.create, totals.update, totals.delete, totals.archive, totals.untag, totals.unchanged, totals.rejected, totals.waiting, totals.removed].map(count).join(' | ')} |`,
    ].join('\n'),
  )
  for (const text of plan.refusals) parts.push(`> **A run would be refused:** ${markdown(text)}`)
  if (areUnknown(plan)) parts.push(`Changed fields: ${markdown(unknownFields)}.`)
  const changes = plan.keepsValues ? totals.changedFields : {}
  const fields = Object.entries(changes).sort(
    ([first, more], [second, less]) => less - more || first.localeCompare(second, 'en'),
  )
  if (fields.length > 0) {
    const text = fields.map(([field, value]) => `${code(field)} ${count(value)}`).join(', ')
    parts.push(`Changed fields: ${text}`)
  }
  if (plan.operations.length > 0) {
    const rows = plan.operations.map(
      ({ key, kind, changed }) =>
        `| ${code(shownKey(key))} | ${operationMarkdown({ key, kind, changed })} |`,
    )
    const more = hidden(plan) > 0 ? `\n\n… ${count(hidden(plan))} more` : ''
    parts.push(
      `<details><summary>First ${countOf(plan.operations.length, 'operation')}</summary>\n\n| key | operation |\n|---|---|\n${rows.join('\n')}${more}\n\n</details>`,
    )
  }
  if (plan.rejected.length > 0) {
    const rows = [...byCode(plan.rejected).values()]
      .flat()
      .map((row) => `| ${code(row.code)} | ${code(shownKey(row.key))} | ${markdown(row.message)} |`)
    const more = totals.rejected - plan.rejected.length
    parts.push(
      `Rejected rows:\n\n| code | key | message |\n|---|---|---|\n${rows.join('\n')}${more > 0 ? `\n\n… ${count(more)} more` : ''}`,
    )
  }
  return parts.join('\n\n')
}

/** Plans as a comment on a pull request. */
export function planMarkdown(plans: readonly ActivationPlan[]): string {
  const operations = plans.reduce(
    (sum, { totals }) => sum + (totals === null ? 0 : operationsIn(totals)),
    0,
  )
  const title = `### millrace plan: ${countOf(operations, 'operation')} in ${countOf(plans.length, 'activation')}`
  return `${[title, ...plans.map(activationMarkdown)].join('\n\n')}\n`
}
