import { formatProblem } from '../connector/index.ts'
import type { ActivationCheck } from '../run/check.ts'
import type { CheckedPoint } from '../run/checked-point.ts'
import { pad, width } from './layout.ts'
import type { Style } from './style.ts'
import { countOf, printable } from './text.ts'

const statuses = ['ok', 'warning', 'failed', 'skipped'] as const

const marks = {
  ok: { text: 'ok', paint: 'good' },
  warning: { text: 'warning', paint: 'warn' },
  failed: { text: 'failed', paint: 'bad' },
  skipped: { text: 'skipped', paint: 'faint' },
} as const

/** The width of the longest mark. */
const markColumns = 7

function pointText(point: CheckedPoint, columns: number, style: Style): string {
  const { text, paint } = marks[point.status]
  // Only what has to be mended needs its place.
  const needsPlace = point.status === 'failed' || point.status === 'warning'
  const position = needsPlace ? point.position : undefined
  const message = printable(formatProblem({ message: point.message, position }))
  const shown = point.status === 'skipped' ? style.faint(message) : message
  return `  ${style[paint](pad(text, markColumns))}  ${pad(printable(point.name), columns)}  ${shown}`
}

function activationText(check: ActivationCheck, style: Style): string {
  const { activation, mode, target, object, identifier, points } = check
  const by = identifier === null ? '' : ` by ${identifier}`
  const columns = Math.max(0, ...points.map(({ name }) => width(printable(name))))
  const title = `${style.strong(printable(activation))}: ${mode} ${target}.${object}${by}`
  return [title, ...points.map((point) => pointText(point, columns, style))].join('\n')
}

/** How many points there are of each status: `7 ok, 1 warning`. */
function tally(points: readonly CheckedPoint[]): string {
  return statuses
    .map((status) => ({
      status,
      number: points.filter((point) => point.status === status).length,
    }))
    .filter(({ number }) => number > 0)
    .map(({ status, number }) =>
      status === 'warning' ? countOf(number, status) : `${number} ${status}`,
    )
    .join(', ')
}

/** Checks point by point, for people. */
export function checkText(checks: readonly ActivationCheck[], style: Style): string {
  if (checks.length === 0) return 'no enabled activations\n'
  const blocks = checks.map((check) => `${activationText(check, style)}\n`)
  const all = checks.flatMap(({ points }) => points)
  return `${blocks.join('\n')}\n${countOf(checks.length, 'activation')}: ${tally(all)}\n`
}

/** Checks for programs: one object. */
export function checkJson(checks: readonly ActivationCheck[], exitCode: number): string {
  return JSON.stringify({
    exit_code: exitCode,
    activations: checks.map(({ activation, target, object, mode, identifier, ...check }) => ({
      activation,
      target,
      object,
      mode,
      identifier,
      exit_code: check.exitCode,
      points: check.points.map(({ name, status, message, position }) => ({
        name,
        status,
        message,
        file: position?.file ?? null,
        line: position?.line ?? null,
        column: position?.column ?? null,
      })),
    })),
  })
}
