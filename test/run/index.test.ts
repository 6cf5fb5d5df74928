import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Activation } from '../../src/config/activation.ts'
import type { Project } from '../../src/config/project.ts'
import { defaultRetention } from '../../src/config/retention.ts'
import type {
  Delivery,
  Operation,
  Reading,
  SourceConnector,
  TargetConnector,
} from '../../src/connector/index.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { planActivations } from '../../src/run/plan.ts'
import { runActivations } from '../../src/run/run.ts'
import { forget } from '../../src/state/forget.ts'
import { openDatabase } from '../../src/state/open.ts'
import { removeIndex } from '../../src/state/stored-index.ts'
import { activation, columns, hashed, person, type Row } from '../plan/support.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const ann: Row = ['1', 'Ann', 'pro']
const ben: Row = ['2', 'Ben', 'free']
const cleo: Row = ['3', 'Cleo', 'free']

/** A project over rows and a target that are held by the test. */
class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  readonly clock = new VirtualClock()
  rows: readonly Row[] = [ann, ben, cleo]
  hashedAs = 'utc'
  readonly planBy: Activation['planBy']
  parts: Partial<Activation> = {}
  readings: (Reading | undefined)[] = []
  /** Rows that the last run looked into. */
  read = 0
  sent: string[] = []
  notices: string[] = []
  /** What becomes of an operation, where it is not applied. */
  answer: (operation: Operation) => Delivery | null = () => null

  constructor(planBy: Activation['planBy']) {
    this.planBy = planBy
  }

  get file(): string {
    return join(this.folder, 'state.db')
  }

  get indexFolder(): string {
    return `${this.file}.index`
  }

  get index(): string {
    return join(this.indexFolder, this.planBy === 'hash' ? 'people.index' : 'people.merge')
  }

  async run(options: { full?: boolean } = {}) {
    const { activations } = await runActivations({ ...this.#options(), ...options })
    const [summary] = activations
    if (summary === undefined) throw new Error('there was no run')
    return summary
  }

  async plan() {
    const [plan] = await planActivations({ ...this.#options(), show: 10 })
    return plan
  }

  #options() {
    this.read = 0
    this.sent = []
    this.notices = []
    const { planBy } = this
    const activations = [activation({ planBy, ...this.parts })]
    const source: SourceConnector = {
      type: 'fake',
      options: z.unknown(),
      open: async () => ({
        query: async (_text, _signal, reading) => {
          this.readings.push(reading)
          const { batches, counted } = hashed(this.rows, 2)
          const after = async function* (this: Bench) {
            yield* batches
            this.read = counted.read
          }
          const { hashedAs } = this
          const order = reading?.orderedBy === undefined ? {} : { orderedBy: reading.orderedBy }
          return { columns, hashedAs, batches: after.call(this), ...order }
        },
        close: async () => {},
      }),
    }
    const target: TargetConnector = {
      type: 'fake',
      options: z.unknown(),
      objects: [person],
      open: async () => ({
        batchSize: 10,
        concurrency: 1,
        requests: { total: 0, byEndpoint: {}, rateLimited: 0 },
        prepare: async () => {},
        check: async () => [],
        close: async () => {},
        deliver: async (operations, report) => {
          for (const operation of operations) {
            this.sent.push(operation.key)
            const id = `id of ${operation.key}`
            const applied = { result: 'applied', id, created: true } as const
            report(operation.ordinal, this.answer(operation) ?? applied)
          }
        },
      }),
    }
    const project: Project = {
      folder: this.folder,
      profile: null,
      sources: new Map([['warehouse', { name: 'warehouse', connector: source, options: {} }]]),
      targets: new Map([['crm', { name: 'crm', connector: target, options: {} }]]),
      state: { kind: 'sqlite', file: this.file },
      retention: defaultRetention,
      activations,
    }
    return {
      project,
      activations,
      clock: this.clock,
      // As in a test: the token must not depend on chance alone.
      random: () => 0.5,
      listener: (event: RunEvent) => {
        if (event.type === 'notice') this.notices.push(event.message)
      },
      signal: new AbortController().signal,
    }
  }
}

describe.each(['hash', 'merge'] as const)('runs with what is kept for plan_by: %s', (planBy) => {
  let bench: Bench
  beforeEach(async () => {
    bench = new Bench(planBy)
    expect(await bench.run()).toMatchObject({ status: 'done' })
    expect(bench.sent).toEqual(['1', '2', '3'])
    await bench.clock.advance(1000)
  })
  afterEach(() => rmSync(bench.folder, { recursive: true }))

  const expectRun = async (read: number, sent: readonly string[]) => {
    const summary = await bench.run()
    expect({ read: bench.read, sent: bench.sent }).toEqual({ read, sent })
    await bench.clock.advance(1000)
    return summary
  }

  it('do not look into rows that have not changed, and leave the file alone then', async () => {
    const before = readFileSync(bench.index)
    await expectRun(0, [])
    expect(readFileSync(bench.index).equals(before)).toBe(true)
  })

  it.runIf(planBy === 'hash')('keep the order of the rows once it is another one', async () => {
    const more = ['4', '5', '6', '7', '8', '9']
    bench.rows = [...bench.rows, ...more.map((id): Row => [id, 'Dan', 'pro'])]
    await expectRun(6, more)
    const kept = readFileSync(bench.index)
    bench.rows = [...bench.rows].reverse()
    mkdirSync(`${bench.index}.new`)
    await expectRun(0, [])
    expect(bench.notices[0]).toContain('could not be written')
    expect(readFileSync(bench.index).equals(kept)).toBe(true)
    rmdirSync(`${bench.index}.new`)
    await expectRun(0, [])
    const written = readFileSync(bench.index)
    expect(written.equals(kept)).toBe(false)
    for (const _ of [1, 2]) await expectRun(0, [])
    expect(bench.notices).toEqual([])
    expect(readFileSync(bench.index).equals(written)).toBe(true)
  })

  it('look into those that have, once', async () => {
    bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo, ['4', 'Dan', 'pro']]
    await expectRun(2, ['2', '4'])
    await expectRun(0, [])
  })

  it('ask the source for the columns that the activation uses', () => {
    const order = planBy === 'merge' ? { orderedBy: 'id' } : {}
    expect(bench.readings).toEqual([{ columns: ['id', 'name', 'plan'], ...order }])
  })

  it('plan without a run, and change nothing', async () => {
    const before = readFileSync(bench.index)
    bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo]
    expect((await bench.plan())?.totals).toMatchObject({ update: 1, unchanged: 2 })
    expect(bench.read).toBe(1)
    expect(readFileSync(bench.index).equals(before)).toBe(true)
  })

  it('read what failed again, and recognise it once it was delivered', async () => {
    bench.rows = [ann, ['2', 'Benjamin', 'free'], ['3', 'Cleopatra', 'free']]
    bench.answer = ({ key }) =>
      key === '2'
        ? { result: 'rejected', failure: { code: 'rejected', message: 'No.' } }
        : { result: 'in_doubt', failure: { code: 'in_doubt', message: 'Who knows.' } }
    await expectRun(2, ['2', '3'])
    bench.answer = () => null
    // What was rejected waits for a change, and what is in doubt for a while.
    await bench.clock.advance(24 * 3_600_000)
    await expectRun(2, ['3'])
    await expectRun(1, [])
    bench.rows = [ann, ben, cleo]
    await expectRun(2, ['3'])
    await expectRun(0, [])
  })

  it('read every row after a change of the mapping or of the source, and send none of the same', async () => {
    bench.parts = { fields: activation().fields.slice(0, 2) }
    await expectRun(3, [])
    bench.parts = {}
    await expectRun(3, [])
    await expectRun(0, [])
    bench.hashedAs = 'berlin'
    await expectRun(3, [])
    await expectRun(0, [])
  })

  it('are the same without the file', async () => {
    rmSync(bench.indexFolder, { recursive: true })
    await expectRun(3, [])
    await expectRun(0, [])
  })

  it.each(['head', 'keys', 'hashes', 'flags', 'fingerprints'])(
    'notice damage to the %s, and make a new file',
    async (part) => {
      const at = {
        head: 20,
        keys: 1030,
        hashes: 1024 + 50,
        flags: 1024 + 97,
        fingerprints: 1024 + 100,
      }
      // A file of entries is read in one piece here.
      if (planBy === 'merge' && part !== 'head') at[part as 'keys'] += 12
      const bytes = readFileSync(bench.index)
      const place = at[part as keyof typeof at]
      bytes[place] = (bytes[place] ?? 0) ^ 255
      writeFileSync(bench.index, bytes)
      bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo]
      // Fingerprints are looked at when the next file is made.
      await expectRun(planBy === 'hash' && part === 'fingerprints' ? 1 : 3, ['2'])
      await bench.run()
      await expectRun(0, [])
    },
  )

  it('trust no index that an older or newer snapshot left behind', async () => {
    const older = join(bench.folder, 'older.db')
    cpSync(bench.file, older)
    bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo]
    await expectRun(1, ['2'])
    cpSync(older, bench.file)
    // Of the rows that are as they were, the newer index knows the hashes still.
    await expectRun(1, ['2'])
    cpSync(older, bench.file)
    bench.rows = [ann, ben, cleo]
    await expectRun(1, [])
    await expectRun(0, [])
  })

  it('notice that another machine has overtaken them', async () => {
    const mine = join(bench.folder, 'mine')
    cpSync(bench.indexFolder, mine, { recursive: true })
    bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo]
    await expectRun(1, ['2'])
    rmSync(bench.indexFolder, { recursive: true })
    cpSync(mine, bench.indexFolder, { recursive: true })
    bench.rows = [ann, ben, cleo]
    await expectRun(1, ['2'])
  })

  it('trust none after a run that was killed', async () => {
    bench.rows = [ann, ['2', 'Benjamin', 'free'], cleo]
    const files = [bench.file, `${bench.file}-wal`, bench.index]
    bench.answer = () => {
      for (const file of files) cpSync(file, `${file}.then`)
      return null
    }
    await expectRun(1, ['2'])
    // What was on the disk while the request was under way.
    for (const file of files) cpSync(`${file}.then`, file)
    rmSync(`${bench.file}-shm`, { force: true })
    bench.answer = () => null
    bench.rows = [ann, ben, cleo]
    await bench.clock.advance(3_600_000)
    // Nobody knows whether "Benjamin" arrived.
    expect(await expectRun(1, ['2'])).toMatchObject({ status: 'done' })
    await expectRun(0, [])
  })

  it('trust none after the activation was forgotten', async () => {
    const database = await openDatabase({
      location: { kind: 'sqlite', file: bench.file },
      create: false,
    })
    if (database === null) throw new Error('there is no state')
    await forget(database, 'people', { now: bench.clock.now(), hasEnded: () => true })
    await database.close()
    await expectRun(3, ['1', '2', '3'])
    await expectRun(0, [])
  })

  it('send everything again in a full pass, and recognise it afterwards', async () => {
    await bench.run({ full: true })
    expect({ read: bench.read, sent: bench.sent }).toEqual({ read: 3, sent: ['1', '2', '3'] })
    await expectRun(0, [])
  })

  it('go on where the file cannot be written, and say so', async () => {
    rmSync(bench.indexFolder, { recursive: true })
    writeFileSync(bench.indexFolder, 'in the way')
    expect((await expectRun(3, [])).status).toBe('done')
    expect(bench.notices).toEqual([
      expect.stringMatching(
        /^(The index|What is kept) in .*state\.db\.index could not be written \(E/,
      ),
    ])
  })

  it('keep no value in the file', () => {
    expect(readdirSync(bench.indexFolder)).toEqual([basename(bench.index)])
    const text = readFileSync(bench.index).toString('latin1')
    for (const value of ['Ann', 'Cleo', 'free', 'id of', 'external_id']) {
      expect(text).not.toContain(value)
    }
  })
})

describe('runs that change few of many rows', () => {
  const many: readonly Row[] = Array.from({ length: 200 }, (_, at) => [`k${at}`, 'Ann', 'pro'])
  const changed = (places: readonly number[], name = 'Ben'): readonly Row[] =>
    many.map((row, at): Row => (places.includes(at) ? [row[0] ?? null, name, 'pro'] : row))
  let bench: Bench
  let patch: string
  beforeEach(async () => {
    bench = new Bench('hash')
    patch = `${bench.index}.patch`
    bench.rows = many
    expect(await bench.run()).toMatchObject({ status: 'done' })
    await bench.clock.advance(1000)
  })
  afterEach(() => rmSync(bench.folder, { recursive: true }))

  const expectRun = async (rows: readonly Row[], read: number, sent: readonly string[]) => {
    bench.rows = rows
    const { status } = await bench.run()
    expect({ status, read: bench.read, sent: bench.sent }).toEqual({ status: 'done', read, sent })
    await bench.clock.advance(1000)
  }

  it('leave the index as it is, and keep what has changed beside it', async () => {
    const before = readFileSync(bench.index)
    await expectRun(changed([3, 50]), 2, ['k3', 'k50'])
    expect(readFileSync(bench.index).equals(before)).toBe(true)
    expect(existsSync(patch)).toBe(true)
    await expectRun(changed([3, 50]), 0, [])
    await expectRun([...changed([3, 51]).slice(0, 199), ['new', 'Cid', 'pro']], 3, [
      'k50',
      'k51',
      'new',
    ])
    await expectRun([...changed([3, 51]).slice(0, 199), ['new', 'Cid', 'pro']], 0, [])
    await expectRun([...changed([3, 51]), ['new', 'Cid', 'pro']], 0, [])
    expect(readFileSync(bench.index).equals(before)).toBe(true)
  })

  it('write the index anew where more and more has changed', async () => {
    await expectRun(changed([1, 2, 3, 4, 5, 6]), 6, ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'])
    expect(existsSync(patch)).toBe(true)
    const more = changed([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    await expectRun(more, 5, ['k7', 'k8', 'k9', 'k10', 'k11'])
    expect(existsSync(patch)).toBe(false)
    await expectRun(more, 0, [])
  })

  it('keep what was taken away, and what failed', async () => {
    bench.parts = { onRemoved: 'archive' }
    await expectRun(many, 0, [])
    await expectRun(many.slice(1), 0, ['k0'])
    expect(existsSync(patch)).toBe(true)
    await expectRun(many.slice(1), 0, [])
    await expectRun(many, 1, ['k0'])
    await expectRun(many, 0, [])
    bench.rows = changed([7])
    bench.answer = () => ({
      result: 'in_doubt',
      failure: { code: 'in_doubt', message: 'Who knows.' },
    })
    expect(await bench.run()).toMatchObject({ status: 'failures' })
    bench.answer = () => null
    await bench.clock.advance(24 * 3_600_000)
    await expectRun(many, 1, ['k7'])
    await expectRun(many, 0, [])
  })

  it('read all rows after a change of the mapping, and none of those that changed before', async () => {
    await expectRun(changed([3]), 1, ['k3'])
    bench.hashedAs = 'berlin'
    await expectRun(changed([3]), 200, [])
    expect(existsSync(patch)).toBe(false)
    await expectRun(changed([3]), 0, [])
  })

  it('trust the index alone where what was kept beside it is lost, damaged, or of another', async () => {
    await expectRun(changed([3]), 1, ['k3'])
    const whole = readFileSync(patch)
    rmSync(patch)
    // The hashes of the others are those of records that are as they were.
    await expectRun(changed([3]), 1, [])
    await expectRun(changed([3]), 0, [])

    // Once the index was written anew, what belonged to the old one says nothing of it.
    bench.hashedAs = 'berlin'
    await expectRun(changed([3]), 200, [])
    expect(existsSync(patch)).toBe(false)
    writeFileSync(patch, whole)
    await expectRun(changed([3]), 0, [])

    rmSync(patch)
    await expectRun(changed([3, 4]), 1, ['k4'])
    const bytes = readFileSync(patch)
    bytes[1030] = (bytes[1030] ?? 0) ^ 1
    writeFileSync(patch, bytes)
    await expectRun(changed([3]), 1, ['k4'])
    await expectRun(changed([3]), 0, [])
  })

  it('trust nothing that an older or newer snapshot left behind', async () => {
    const older = join(bench.folder, 'older.db')
    cpSync(bench.file, older)
    await expectRun(changed([3]), 1, ['k3'])
    const newer = join(bench.folder, 'newer.db')
    cpSync(bench.file, newer)
    // The index alone is that of the older one.
    cpSync(older, bench.file)
    await expectRun(many, 0, [])
    await expectRun(changed([3]), 1, ['k3'])
    await expectRun(changed([3], 'Cid'), 1, ['k3'])
    cpSync(newer, bench.file)
    await expectRun(changed([3], 'Cid'), 1, ['k3'])
    await expectRun(changed([3], 'Cid'), 0, [])
  })

  it('notice that another machine has overtaken them', async () => {
    await expectRun(changed([3]), 1, ['k3'])
    const mine = join(bench.folder, 'mine')
    cpSync(bench.indexFolder, mine, { recursive: true })
    await expectRun(changed([3], 'Cid'), 1, ['k3'])
    rmSync(bench.indexFolder, { recursive: true })
    cpSync(mine, bench.indexFolder, { recursive: true })
    await expectRun(changed([3]), 1, ['k3'])
    await expectRun(changed([3]), 0, [])
  })

  it('trust neither after a run that was killed', async () => {
    await expectRun(changed([9]), 1, ['k9'])
    const files = [bench.file, `${bench.file}-wal`, bench.index, patch]
    bench.answer = () => {
      for (const file of files) cpSync(file, `${file}.then`)
      return null
    }
    await expectRun(changed([3, 9]), 1, ['k3'])
    const after = readFileSync(patch)
    bench.answer = () => null
    for (const left of [readFileSync(`${patch}.then`), after]) {
      // What was on the disk while the request was under way; or what the run had kept, but not yet counted on.
      for (const file of files.slice(0, 3)) cpSync(`${file}.then`, file)
      rmSync(`${bench.file}-shm`, { force: true })
      writeFileSync(patch, left)
      await bench.clock.advance(3_600_000)
      // Nobody knows whether "Ben" arrived.
      await expectRun(changed([9]), 1, ['k3'])
      await expectRun(changed([9]), 0, [])
    }
  })

  it('leave nothing of it behind when the activation is forgotten', async () => {
    await expectRun(changed([3]), 1, ['k3'])
    await removeIndex(bench.indexFolder, 'people')
    expect(readdirSync(bench.indexFolder)).toEqual([])
  })

  it('keep no value beside the index', async () => {
    await expectRun(changed([3], 'Benjamin'), 1, ['k3'])
    expect(readdirSync(bench.indexFolder).sort()).toEqual([basename(bench.index), basename(patch)])
    expect(readFileSync(patch).toString('latin1')).not.toContain('Benjamin')
  })
})
