// A project that plans one table, and the state that its runs leave.
import { cp, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './folder.js'
import { runNode, runProcess } from './measure.js'

const command = fileURLToPath(new URL('command.js', import.meta.url))
const sentBytes = fileURLToPath(new URL('sent-bytes.js', import.meta.url))

// Node reads that file before it starts any program, and psql, which programs are compared with, does not.
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env

/** The files of a folder, in folders within it too. */
async function filesIn(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** The folder's files are on the disk afterwards, so that writing them back disturbs no measurement. */
async function settle(folder) {
  for (const path of await filesIn(folder)) {
    const file = await open(path)
    await file.datasync()
    await file.close()
  }
}

/** Makes a project folder with this source. `dispose` removes it. */
export async function makeWorkspace(source) {
  const { folder, remove } = await temporaryFolder()
  const state = join(folder, '.millrace')
  const kept = join(folder, 'kept')
  let isKept = false
  await mkdir(join(folder, 'activations'))
  const project = {
    sources: { warehouse: source },
    targets: { intercom: { type: 'intercom', token: 'none' } },
  }
  await writeFile(join(folder, 'millrace.yaml'), JSON.stringify(project))
  return {
    folder,
    dispose: remove,
    /** Runs the command line with a target that confirms at once. Resolves to figures and what it printed. */
    run: (args, { expected = 0, down = false } = {}) =>
      runNode([command, ...args], {
        cwd: folder,
        expected,
        env: { ...environment, MILLRACE_BENCH_TARGET: down ? 'down' : '' },
      }),
    /** Says what is planned, and how: the query and the fields of the only activation. */
    async plan({ query, fields, tags = [], planBy = 'hash' }) {
      const activation = {
        query,
        target: 'contact',
        mode: 'upsert',
        identifier: 'external_id',
        fields,
        ...(tags.length === 0 ? {} : { tags }),
        plan_by: planBy,
      }
      // JSON is YAML.
      await writeFile(join(folder, 'activations/contacts.yaml'), JSON.stringify(activation))
    },
    async keepState() {
      await rm(kept, { recursive: true, force: true })
      await cp(state, kept, { recursive: true, preserveTimestamps: true })
      await settle(kept)
    },
    /** Puts the kept state back, or none: nothing was ever run. Where the state is as it was kept, it stays. */
    async restoreState(wanted) {
      if (isKept && wanted === 'kept') return
      isKept = false
      await rm(state, { recursive: true, force: true })
      if (wanted === 'none') return
      await cp(kept, state, { recursive: true, preserveTimestamps: true })
      await settle(state)
      isKept = true
    },
    /** To be called before a run that changes the state. */
    stateChanges() {
      isKept = false
    },
    /** Bytes on the disk: all of the state; of them what is derived and can be made again; and the values last sent. */
    async stateSize() {
      let [bytes, derived] = [0, 0]
      for (const path of await filesIn(state)) {
        const { size } = await stat(path)
        bytes += size
        if (dirname(path) !== state) derived += size
      }
      const { stdout } = await runProcess(process.execPath, [sentBytes, join(state, 'state.db')])
      return { bytes, derived, sent: Number(stdout) }
    },
  }
}
