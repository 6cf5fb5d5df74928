import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const built = new URL('../../dist/src/state/index.js', import.meta.url).href

/** Operations that the child records per transaction. */
export const groupSize = 50

/**
 * Another process, on the built program, that runs an activation with `operations` operations and says after each
 * group how many outcomes it has recorded. It opens the store, waits for a line on stdin, and then begins.
 */
export function startRecorder(file: string, activation: string, operations: number): Recorder {
  const script = `
    import { once } from 'node:events'
    import { openStateStore } from ${JSON.stringify(built)}
    const clock = { now: () => 1_000, sleep: () => Promise.reject(new Error('no sleep')) }
    const store = await openStateStore({ location: { kind: 'sqlite', file: ${JSON.stringify(file)} }, clock, create: true })
    console.log('open')
    await once(process.stdin, 'data')
    const lock = await store.acquireLock(${JSON.stringify(activation)}, 'child', 1_000)
    const run = await store.startRun(lock, { identifier: 'email', target: 'intercom', object: 'contact', keyField: 'email' })
    await run.sink.add(Array.from({ length: ${operations} }, (_, ordinal) => ({
      ordinal, key: 'key-' + ordinal, kind: 'create', removal: false, id: null, held: null, archivedByUs: false, record: { n: ordinal }, changed: ['n'], fingerprint: 'f' + ordinal,
    })))
    let recorded = 0
    for await (const batch of run.pending(${groupSize})) {
      await run.sending(batch)
      await run.record(batch.map(({ ordinal, key, kind, removal, record, fingerprint }) => ordinal % 10 === 9
        ? { ordinal, key, kind, removal, status: 'failed', created: false, attempts: 1, failure: { code: 'timeout', message: 'late' } }
        : { ordinal, key, kind, removal, status: 'applied', id: 'i', created: true, attempts: 1, held: record, fingerprint }))
      recorded += batch.length
      console.log(recorded)
    }
    await run.finish('failures', 2_000, '{}')
    await store.close()
    process.exit(0)`
  return new Recorder(spawn(process.execPath, ['--input-type=module', '-e', script]))
}

export class Recorder {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #exit: Promise<unknown[]>
  #errors = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = once(child, 'exit')
    if (child.stdout === null) throw new Error('the child has no stdout')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr?.on('data', (chunk) => {
      this.#errors += chunk
    })
  }

  /** The next line that the child says. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the child ended: ${this.#errors}`)
    return value
  }

  begin(): void {
    this.#child.stdin?.write('go\n')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  /** The exit code; throws what the child said on stderr where that is not 0. */
  async end(): Promise<void> {
    const [code] = await this.#exit
    if (code !== 0) throw new Error(`the child ended with ${code}: ${this.#errors}`)
  }
}
