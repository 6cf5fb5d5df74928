// What is asked of millrace, as docs/performance.md says it, and whether a measurement meets it.

const atMost = (limit, figure, text) => ({ goal: `at most ${text}`, met: figure <= limit })

const ratioAtMost = (limit) => (result) => atMost(limit, result.ratio, `${limit} x A`)

/** Small tables: starting up counts for more than the rows. */
const nearCopy = (result, copy) => atMost(copy.seconds + 0.2, result.seconds, 'A + 0.2 s')

const unchanged = (result, copy, { rows, columns }) => {
  if (columns !== 12) return null
  return rows <= 100_000 ? nearCopy(result, copy) : ratioAtMost(1.1)(result)
}

const large = (goal) => (result, copy, size) => (size.rows < 1_000_000 ? null : goal(result, copy))

const constantMemory = large(ratioAtMost(1.7))

/** What nobody asks for, and would be good. */
const aim = (goal) => (result, copy, size) => {
  const asked = goal(result, copy, size)
  return asked && { ...asked, goal: `our own aim, ${asked.goal}` }
}

/** By the name of a variant: the goal for its time, null where there is none for this size. */
const goals = {
  'run, unchanged': unchanged,
  'run, 1% changed, outcomes recorded': large(ratioAtMost(1.4)),
  'run, unchanged, by merge': constantMemory,
  'run, 1% changed, by merge': aim(constantMemory),
  'plan of a first run': large(ratioAtMost(4.5)),
  'first run up to its first write': large(ratioAtMost(4.5)),
  'run, mapping changed, records equal': large(ratioAtMost(3.5)),
}

/** The goal of one result of one size, and whether it is met; null where there is none. */
export function goalOf(result, size) {
  return goals[result.name]?.(result, size.results[0], size) ?? null
}

const isOurs = (name) => /^(?:run,|first run|plan of)/.test(name)

/** Of whole runs: 110 MB, and 45 bytes for each key; by merging 130 MB for any number of keys. Null for what is not ours. */
export function memoryGoal({ name, peak_megabytes: peak }, { rows }) {
  if (!isOurs(name) || peak === null) return null
  const limit = name.endsWith('by merge') ? 130 : Math.floor(110 + (45 * rows) / 1024 ** 2)
  return atMost(limit, peak, `${limit} MB`)
}

/** Of the scenarios with a limit, by what takes part of it. */
export function limitGoal({ others, windows, refused, requests }) {
  if (others > 0) return { goal: 'at most 1% refused', met: refused <= requests / 100 }
  if (windows.length === 0) return null
  const used = windows.every((share) => share >= 0.98)
  return { goal: '98% of every window, none refused', met: used && refused === 0 }
}

const callGoals = {
  'contacts that exist, met for the first time': 1.02,
  'contacts that are known, changed': 1,
  'new companies': 1,
  'companies that are known, changed': 1,
}

/** Calls per row of a scenario; null where no goal is set for it. */
export function callsGoal({ name, rows, requests }) {
  const limit = callGoals[name]
  if (limit === undefined) return null
  return { goal: `at most ${limit.toFixed(2)}`, met: requests <= limit * rows }
}

/** Of the bytes on disk without sent values, for each key: the empty tables of a state count for a small one. */
export function stateGoal({ rows, state }) {
  return rows < 1_000_000 ? null : atMost(180, state.bytes_per_key_values_left_out, '180 bytes')
}

export const duckDbGoal = 500_000

/** Of `millrace validate` on ten activations, by the time that Node takes on the same machine. */
export function validateGoal(validate, node) {
  const milliseconds = ({ seconds }) => Math.round(seconds * 1000)
  const measured = `${milliseconds(validate)} where it takes ${milliseconds(node)}`
  const goal = `at most 250 ms where Node takes 60 (here ${measured})`
  return { goal, met: validate.seconds / node.seconds <= 250 / 60 }
}
