import type { ActivationPlan } from '../run/plan.ts'
import { shownKey } from './layout.ts'
import { byCount } from './run.ts'
import type { Style } from './style.ts'
import { count, countOf, printable } from './text.ts'

/** The counts of a plan in one line, those that are not zero. */
function totalsText(totals: NonNullable<ActivationPlan['totals']>): string {
  const parts = [
    [totals.create, 'new'],
    [totals.update, 'changed'],
    [totals.unchanged, 'unchanged'],
    [totals.rejected, 'rejected'],
    [totals.repeated, 'repeated'],
  ] as const
  const text = parts
    .filter(([value]) => value > 0)
    .map(([value, word]) => `${count(value)} ${word}`)
  return `${countOf(totals.rows, 'row')}${text.length === 0 ? '' : `: ${text.join(', ')}`}`
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
  return plan.totals.create + plan.totals.update - plan.operations.length
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
  if (plan.totals.removed > 0) {
    lines.push(
      `  ${countOf(plan.totals.removed, 'key')} no longer in the query, kept in the target`,
    )
  }
  const fields = byCount(plan.totals.changedFields)
  if (fields !== '') lines.push(`  changed fields: ${printable(fields)}`)
  for (const { key, kind, changed } of plan.operations) {
    lines.push(
      kind === 'create'
        ? `  ${style.good(`+ ${shownKey(key)}`)}`
        : `  ${style.warn(`~ ${shownKey(key)}`)}  ${style.faint(printable(changed.join(', ')))}`,
    )
  }
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
    .replace(/[\\`*_{}[\]|~#]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

function code(text: string): string {
  return /^[\w.:/@ -]+$/.test(text) ? `\`${text}\`` : `<code>${markdown(text)}</code>`
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
      '| rows | new | changed | unchanged | rejected | no longer in the query |',
      '|---:|---:|---:|---:|---:|---:|',
      `| ${[totals.rows, totals.create, totals.update, totals.unchanged, totals.rejected, totals.removed].map(count).join(' | ')} |`,
    ].join('\n'),
  )
  const fields = Object.entries(totals.changedFields).sort(
    ([first, more], [second, less]) => less - more || first.localeCompare(second, 'en'),
  )
  if (fields.length > 0) {
    const text = fields.map(([field, value]) => `${code(field)} ${count(value)}`).join(', ')
    parts.push(`Changed fields: ${text}`)
  }
  if (plan.operations.length > 0) {
    const rows = plan.operations.map(
      ({ key, kind, changed }) =>
        `| ${code(shownKey(key))} | ${kind === 'create' ? 'new' : `changed: ${changed.map(code).join(', ')}`} |`,
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
    (sum, { totals }) => sum + (totals === null ? 0 : totals.create + totals.update),
    0,
  )
  const title = `### millrace plan: ${countOf(operations, 'operation')} in ${countOf(plans.length, 'activation')}`
  return `${[title, ...plans.map(activationMarkdown)].join('\n\n')}\n`
}

/** Plans for programs: one object, names in snake_case. */
export function planJson(plans: readonly ActivationPlan[], exitCode: number): string {
  const activations = plans.map(({ totals, exitCode: own, ...plan }) => ({
    ...plan,
    exit_code: own,
    totals:
      totals === null
        ? null
        : {
            rows: totals.rows,
            create: totals.create,
            update: totals.update,
            unchanged: totals.unchanged,
            rejected: totals.rejected,
            repeated: totals.repeated,
            removed: totals.removed,
            changed_fields: totals.changedFields,
          },
  }))
  return JSON.stringify({ exit_code: exitCode, activations })
}
