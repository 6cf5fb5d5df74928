import { expect, it } from 'vitest'
import type { Session } from '../../src/cli/action.ts'
import { openProgress } from '../../src/cli/progress-display.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const activation = 'people'

const totals = {
  rows: 10,
  create: 10,
  update: 0,
  delete: 0,
  archive: 0,
  untag: 0,
  unchanged: 0,
  waiting: 0,
  rejected: 0,
  repeated: 0,
  removed: 0,
  known: 0,
  changedFields: {},
}

function writing(applied: number): RunEvent {
  const requests = { total: applied, byEndpoint: {}, rateLimited: 0 }
  return { type: 'writing', activation, operations: 10, applied, failed: 0, requests }
}

/** A display on something that is no terminal, and what it has shown. */
async function open() {
  const shown: string[] = []
  const clock = new VirtualClock()
  const output = {
    isTerminal: false,
    columns: undefined,
    put: (text: string) => shown.push(text),
  }
  const session = {
    context: { clock, stderr: output, environment: {} },
    options: { color: false },
    voice: {
      log: null,
      say: (_level: string, text: string) => shown.push(`${text}\n`),
      redirect: () => undefined,
    },
  } as unknown as Session
  return { display: await openProgress(session), clock, shown }
}

it('shows what was heard last of the writing, whatever came after it', async () => {
  const { display, clock, shown } = await open()
  display.listener({ type: 'started', activation, run: 1 })
  display.listener({ type: 'planned', activation, totals })
  for (let applied = 1; applied <= 5; applied += 1) display.listener(writing(applied))
  display.listener({ type: 'notice', activation, message: 'waiting' })
  await clock.advance(10_000)
  expect(shown.at(-2)).toBe('people: waiting\n')
  expect(shown.at(-1)).toMatch(/^people: 5 of 10 operations written · 5 calls · 0\.5\/s/)
  display.listener(writing(7))
  await clock.advance(10_000)
  expect(shown.at(-1)).toMatch(/^people: 7 of 10 operations written · 7 calls/)
  // Nothing more is heard: the same is shown again, and no rate is made up.
  await clock.advance(60_000)
  expect(shown.at(-1)).toMatch(/^people: 7 of 10 operations written · 7 calls/)
  await display.close()
})
