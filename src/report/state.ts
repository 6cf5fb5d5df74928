import type { Held } from '../state/claim.ts'
import type { StateContents } from '../state/inspect.ts'
import { pad, width } from './layout.ts'
import type { Style } from './style.ts'
import { count, printable, time } from './text.ts'

/** Where the state is: a file, or a schema in Postgres. */
export interface StatePlace {
  readonly kind: 'sqlite' | 'postgres'
  /** The file; or host, port, database and schema. No secrets. */
  readonly place: string
}

const units = ['KB', 'MB', 'GB', 'TB'] as const

/** A number of bytes as people say it: `512 bytes`, `1.4 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} bytes`
  let shown = value / 1_000
  let unit = 0
  while (shown >= 999.95 && unit < units.length - 1) {
    shown /= 1_000
    unit += 1
  }
  return `${shown.toFixed(1)} ${units[unit]}`
}

/** Who holds an activation, in a sentence. */
export function heldText({ activation, holder, since, expiresAt }: Held): string {
  return `A run holds ${activation} since ${new Date(since).toISOString()}: ${holder}. Unless it is heard of again, its hold ends at ${new Date(expiresAt).toISOString()}.`
}

/** The state, for people; `contents` is null where there is none yet. */
export function stateText(
  { kind, place }: StatePlace,
  contents: StateContents | null,
  style: Style,
): string {
  const where = `${kind === 'sqlite' ? 'state in the file' : 'state in Postgres,'} ${printable(place)}`
  if (contents === null) return `${where}\n  there is none yet: the first run makes it\n`
  const { schemaVersion, freeBytes, activations } = contents
  const free = freeBytes === null ? '' : `, ${bytes(freeBytes)} of them free`
  const lines = [where, `  ${bytes(contents.bytes)}${free}, schema version ${schemaVersion}`]
  if (activations.length === 0) return `${lines.join('\n')}\n  it knows no activation\n`
  const header = ['ACTIVATION', 'KEYS', 'OPEN FAILURES', 'RUNS', 'LAST RUN']
  const rows = activations.map((each) => [
    printable(each.activation),
    count(each.keys),
    count(each.openFailures),
    count(each.runs),
    each.lastRunAt === null ? '' : time(each.lastRunAt),
  ])
  const widths = header.map((title, column) =>
    Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))),
  )
  const laid = (row: readonly string[]) =>
    `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')}`.trimEnd()
  lines.push('', style.strong(laid(header)), ...rows.map(laid))
  const held = activations.flatMap(({ heldBy }) => (heldBy === null ? [] : [heldBy]))
  if (held.length > 0) lines.push('', ...held.map((each) => style.warn(printable(heldText(each)))))
  return `${lines.join('\n')}\n`
}

/** The state, for programs: one object, times in ISO 8601. */
export function stateJson({ kind, place }: StatePlace, contents: StateContents | null): string {
  const iso = (timestamp: number | null): string | null =>
    timestamp === null ? null : new Date(timestamp).toISOString()
  return JSON.stringify({
    kind,
    place,
    exists: contents !== null,
    schema_version: contents?.schemaVersion ?? null,
    bytes: contents?.bytes ?? null,
    free_bytes: contents?.freeBytes ?? null,
    activations: (contents?.activations ?? []).map((each) => ({
      activation: each.activation,
      keys: each.keys,
      open_failures: each.openFailures,
      runs: each.runs,
      last_run_at: iso(each.lastRunAt),
      held_by:
        each.heldBy === null
          ? null
          : {
              holder: each.heldBy.holder,
              since: iso(each.heldBy.since),
              expires_at: iso(each.heldBy.expiresAt),
            },
    })),
  })
}
