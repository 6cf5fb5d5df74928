// node fill.js SAMPLE FILE, in a project's folder: writes to FILE what `millrace state export` would after everything that the
// project's only activation plans had been delivered. SAMPLE is an export after a real delivery of some of the same rows: what
// this would write of its keys has to be just what is in it.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { connectors } from '../dist/connectors/index.js'
import { loadProject, systemClock } from '../dist/src/index.js'
import { planFromSource } from '../dist/src/run/planning.js'
import { openStateStore } from '../dist/src/state/index.js'

const [sample, file] = process.argv.slice(2)

const [head, about, ...rest] = readFileSync(sample, 'utf8').trimEnd().split('\n')
const delivered = new Map(rest.slice(0, -1).map((line) => [JSON.parse(line).key, line]))
if (delivered.size === 0) throw new Error('nothing was delivered')
const { confirmed_at: confirmedAt } = JSON.parse(rest[0])

/** As the target in command.js says. */
const idOf = (key) => key.replaceAll('-', '').slice(0, 24).padEnd(24, '0')

const lineOf = ({ key, fingerprint, record }) => ({
  key,
  fingerprint,
  target_id: idOf(key),
  sent: record,
  removed: null,
  confirmed_at: confirmedAt,
  unanswered_since: null,
})

const output = openSync(file, 'w', 0o600)
let keys = 0

function write(lines) {
  writeSync(output, `${lines.join('\n')}\n`)
}

/** Refuses a line that is not what a run leaves; when a key was confirmed is the run's own. */
function expectDelivered(line) {
  const found = delivered.get(line.key)
  if (found === undefined) return
  const wanted = { ...line, confirmed_at: JSON.parse(found).confirmed_at }
  if (JSON.stringify(wanted) !== found) throw new Error('a run leaves something else of a key')
  delivered.delete(line.key)
}

const folder = process.cwd()
const environment = process.env
const project = await loadProject({ path: folder, profile: null, environment, connectors })
const [activation] = project.activations
const store = await openStateStore({ location: project.state, clock: systemClock, create: false })
write([head, about])
await planFromSource({
  project,
  activation,
  context: {
    clock: systemClock,
    random: Math.random,
    projectFolder: folder,
    notice: () => undefined,
  },
  snapshot: store.snapshot(activation.name),
  index: null,
  sorted: null,
  sink: {
    async add(operations) {
      const lines = operations.map(lineOf)
      lines.forEach(expectDelivered)
      write(lines.map((line) => JSON.stringify(line)))
      keys += lines.length
    },
    reject: async () => {
      throw new Error('a row was rejected')
    },
    wait: async () => undefined,
  },
  signal: new AbortController().signal,
  onRows: () => undefined,
})
await store.close()
if (delivered.size > 0) throw new Error(`${delivered.size} keys of the sample were not planned`)
write([JSON.stringify({ end: true, keys })])
closeSync(output)
