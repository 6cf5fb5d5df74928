// Results as Markdown: for the terminal, and for docs/performance.md.
import {
  callsGoal,
  duckDbGoal,
  goalOf,
  limitGoal,
  memoryGoal,
  stateGoal,
  validateGoal,
} from './goals.js'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const digits = (number, count) => (number === null ? '' : number.toFixed(count))
const percent = (share) => `${(share * 100).toFixed(1)}%`
const verdict = (goal) => (goal === null ? '' : `${goal.goal}: ${goal.met ? 'met' : 'missed'}`)
const spread = ({ seconds, seconds_min: min, seconds_max: max }) =>
  `${digits(seconds, 2)} (${digits(min, 2)}-${digits(max, 2)})`
const times = (ratio) => (ratio === null ? '' : `${digits(ratio, 2)}x`)
/** A Markdown table; the first column is text, the others stand to the right. */
function table(head, rows) {
  const texts = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(3, ...texts.map((row) => row[column].length)))
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(texts[0]), line(rule), ...texts.slice(1).map(line)].join('\n')
}

/** What was measured once, in the form of what was measured in rounds. */
function measuredOnce(measured, { rows, results }) {
  const { seconds } = measured
  return {
    ...measured,
    seconds_min: seconds,
    seconds_max: seconds,
    ratio: seconds / results[0].seconds,
    rows_per_second: rows / seconds,
  }
}

function sizeTable(size, remark = '') {
  const { rows, columns, results, state } = size
  const once = (state?.first_runs ?? []).map((first) => measuredOnce(first, size))
  const lines = [...results, ...once].map((result) => [
    result.name,
    spread(result),
    times(result.ratio),
    verdict(goalOf(result, size)),
    whole.format(result.rows_per_second),
    digits(result.cpu_seconds, 2),
    digits(result.peak_megabytes, 0),
    verdict(memoryGoal(result, size)),
  ])
  const title = `**${whole.format(rows)} rows, ${columns} columns${remark}**`
  const head = ['', 'seconds (min-max)', 'ratio to A', 'goal', 'rows/s', 'CPU s', 'peak MB', 'goal']
  return `${title}\n\n${table(head, lines)}`
}

function stateTable(size) {
  const { rows, columns, state } = size
  const line = [
    `state of ${whole.format(rows)} rows, ${columns} columns`,
    digits(state.bytes_per_key, 0),
    digits(state.bytes_per_key_values_left_out, 0),
    digits(state.bytes_per_key_derived, 0),
    verdict(stateGoal(size)),
  ]
  const head = ['', 'bytes per key on disk', 'without sent values', 'of those derived', 'goal']
  return table(head, [line])
}

function duckDbTable({ rows, results }) {
  const [result] = results
  const goal = {
    goal: `at least ${whole.format(duckDbGoal)}`,
    met: result.rows_per_second >= duckDbGoal,
  }
  const line = [
    `${result.name}, ${whole.format(rows)} rows`,
    spread(result),
    whole.format(result.rows_per_second),
    digits(result.peak_megabytes, 0),
    verdict(goal),
  ]
  return `**DuckDB**\n\n${table(['', 'seconds (min-max)', 'rows/s', 'peak MB', 'goal'], [line])}`
}

const sizeParts = (size) =>
  size.state === null ? [sizeTable(size)] : [sizeTable(size), stateTable(size)]

function plannerParts(planner) {
  const { copied_by: copiedBy, sizes, widths, naive, duckdb } = planner
  const perKey = planner.memory_bytes_per_key
  const parts = []
  if (sizes.length > 0) parts.push(`A is made by ${copiedBy}.`)
  parts.push(...[...sizes, ...widths].flatMap(sizeParts))
  if (naive !== null) parts.push(sizeTable(naive, ', without millrace'))
  if (perKey !== null) {
    parts.push(
      `One more key takes ${digits(perKey, 0)} bytes of memory in a run that changes nothing.`,
    )
  }
  if (duckdb !== null) parts.push(duckDbTable(duckdb))
  return parts
}

/** A share of the limit; '' where no window was full. */
const leastUse = ({ windows }) => (windows.length === 0 ? '' : percent(Math.min(...windows)))

function writerText({ limits, calls, cost }) {
  const limited = limits.map((scenario) => [
    scenario.name,
    whole.format(scenario.requests),
    scenario.windows.length,
    leastUse(scenario),
    scenario.refused,
    whole.format(scenario.requestsPerSecond),
    verdict(limitGoal(scenario)),
  ])
  const head = [
    '',
    'calls',
    'full windows',
    'least use of one',
    'refused calls (429)',
    'calls per second',
    'goal',
  ]
  const counted = calls.map((scenario) => [
    scenario.name,
    whole.format(scenario.rows),
    whole.format(scenario.requests),
    digits(scenario.callsPerRow, 3),
    verdict(callsGoal(scenario)),
  ])
  const each = `One request costs ${digits(cost.cpuMillisecondsPerRequest * 1000, 0)} microseconds of CPU, with the writer, the limiter and the client; without a limit there are ${whole.format(cost.requestsPerSecond)} requests per second.`
  return [
    "**Intercom's limit**",
    table(head, limited),
    '**Calls**',
    table(['', 'rows', 'calls', 'calls per row', 'goal'], counted),
    each,
  ]
}

function startupText(results) {
  const [node] = results
  const rows = results.map((result) => {
    const goal = result.name.includes('validate') ? validateGoal(result, node) : null
    const range = `${digits(result.seconds_min * 1000, 0)}-${digits(result.seconds_max * 1000, 0)}`
    return [
      result.name,
      `${digits(result.seconds * 1000, 0)} (${range})`,
      times(result.ratio),
      digits(result.peak_megabytes, 0),
      verdict(goal),
    ]
  })
  return [table(['', 'ms (min-max)', 'ratio to Node', 'peak MB', 'goal'], rows)]
}

/**
 * The parts of the page for what was measured. They come in the order in which it is measured: measuring more adds parts, and
 * changes none.
 */
export function partsOf({ date, machine, rounds, planner, writer, startup, skipped }) {
  const { processor, processors, memory_gigabytes: memory, node, postgres, system } = machine
  const versions = postgres === null ? `Node ${node}` : `Node ${node}, Postgres ${postgres}`
  const parts = [
    `Measured on ${date}: ${processors} x ${processor}, ${memory} GB, ${system}, ${versions}; medians of ${rounds} rounds.`,
  ]
  for (const reason of skipped) parts.push(`Skipped: ${reason}`)
  if (planner !== null) parts.push('### Planner', ...plannerParts(planner))
  if (writer !== null) parts.push('### Writer', ...writerText(writer))
  if (startup !== null) parts.push('### Start-up', ...startupText(startup))
  return parts
}

/** Everything that was measured, as Markdown. */
export function markdown(results) {
  return `${partsOf(results).join('\n\n')}\n`
}
