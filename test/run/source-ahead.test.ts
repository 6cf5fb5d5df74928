import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Project } from '../../src/config/project.ts'
import { defaultRetention } from '../../src/config/retention.ts'
import { type SourceConnector, StopRunError } from '../../src/connector/index.ts'
import { Interruption } from '../../src/run/interruption.ts'
import { runActivations } from '../../src/run/run.ts'
import { SourceAhead } from '../../src/run/source-ahead.ts'
import { openStateStore } from '../../src/state/index.ts'
import { activation, columns, hashed } from '../plan/support.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

describe('a run and its source', () => {
  let folder: string
  let clock: VirtualClock
  /** What happened, in its order. */
  let log: string[]
  let refusal: Error | null

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-ahead-'))
    clock = new VirtualClock()
    log = []
    refusal = null
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const location = () => ({ kind: 'sqlite', file: join(folder, 'state.db') }) as const
  const openStore = () => openStateStore({ location: location(), clock, create: true })

  async function run({
    wait = 0,
    signal = new AbortController().signal,
    onNotice = () => {},
  } = {}) {
    const source: SourceConnector = {
      type: 'fake',
      options: z.unknown(),
      open: async () => {
        log.push('open')
        if (refusal !== null) throw refusal
        return {
          query: async () => {
            log.push('query')
            return { columns, batches: hashed([], 2).batches }
          },
          close: async () => {
            log.push('close')
          },
        }
      },
    }
    const activations = [activation({})]
    const project: Project = {
      folder,
      profile: null,
      sources: new Map([['warehouse', { name: 'warehouse', connector: source, options: {} }]]),
      targets: new Map(),
      state: location(),
      retention: defaultRetention,
      activations,
    }
    const { activations: summaries } = await clock.runAll(
      runActivations({
        project,
        activations,
        clock,
        random: () => 0.5,
        listener: ({ type }) => {
          if (type === 'notice') onNotice()
          if (type === 'notice' || type === 'started') log.push(type)
        },
        wait,
        signal,
      }),
    )
    return summaries[0]
  }

  async function heldFor(milliseconds: number): Promise<void> {
    const other = await openStore()
    await other.acquireLock('people', 'elsewhere, process 1', milliseconds)
    await other.close()
  }

  it('opens it first, and queries it once it holds the lock', async () => {
    expect(await run()).toMatchObject({ status: 'done' })
    expect(log).toEqual(['open', 'started', 'query', 'close'])
  })

  it('closes it while it waits for the lock, and opens it anew afterwards', async () => {
    await heldFor(20_000)
    expect(await run({ wait: 60_000 })).toMatchObject({ status: 'done' })
    expect(log.filter((event) => event !== 'notice')).toEqual([
      'open',
      'close',
      'started',
      'open',
      'query',
      'close',
    ])
  })

  it('never queries it without the lock', async () => {
    await heldFor(3_600_000)
    expect(await run()).toMatchObject({ status: 'locked', exit_code: 75 })
    expect(log).toEqual(['open', 'close'])
  })

  it('closes it where it is interrupted while it waits', async () => {
    await heldFor(3_600_000)
    const user = new AbortController()
    const onNotice = () => user.abort(new Interruption(130))
    const ended = await run({ wait: 600_000, signal: user.signal, onNotice })
    expect(ended).toMatchObject({ status: 'interrupted', exit_code: 130 })
    expect(log.filter((event) => event !== 'notice')).toEqual(['open', 'close'])
  })

  it('does not open it where it was interrupted before it began', async () => {
    const ended = await run({ signal: AbortSignal.abort(new Interruption(130)) })
    expect(ended).toMatchObject({ status: 'interrupted', exit_code: 130 })
    expect(log).toEqual([])
  })

  it('ends as a run that has begun where it cannot be opened', async () => {
    refusal = new StopRunError('The warehouse is down.')
    const ended = await run()
    expect(ended).toMatchObject({
      status: 'stopped',
      exit_code: 4,
      error: 'The warehouse is down.',
    })
    expect(ended?.run).not.toBeNull()
    expect(log).toEqual(['open', 'started'])
  })

  it('tells of the lock, not of a source that it had no use for', async () => {
    refusal = new StopRunError('The warehouse is down.')
    await heldFor(3_600_000)
    expect(await run()).toMatchObject({ status: 'locked', exit_code: 75 })
  })

  it('closes it where the state cannot be opened', async () => {
    mkdirSync(join(folder, 'state.db'))
    expect(await run()).toMatchObject({ status: 'configuration', exit_code: 2 })
    expect(log).toEqual(['open', 'close'])
  })
})

describe('a source that is opened ahead', () => {
  const source = { query: () => Promise.reject(new Error('nobody asks')), close: async () => {} }

  it('is handed on once, and opened again for the next', async () => {
    let opened = 0
    const ahead = new SourceAhead(async () => {
      opened += 1
      return source
    })
    await ahead.begin()
    await ahead.begin()
    expect(await ahead.take()).toBe(source)
    expect(opened).toBe(1)
    await ahead.take()
    expect(opened).toBe(2)
  })

  it('says what it failed with to whoever takes it, and to nobody else', async () => {
    const ahead = new SourceAhead(() => Promise.reject(new Error('it is down')))
    await ahead.begin()
    await ahead.drop()
    await ahead.begin()
    await expect(ahead.take()).rejects.toThrow('it is down')
  })
})
