import { describe, expect, it } from 'vitest'
import { advance, type Progress, progressText, rate } from '../../src/cli/progress.ts'
import { progressLine } from '../../src/cli/progress-line.ts'
import { width } from '../../src/report/layout.ts'
import { coloured, plain } from '../../src/report/style.ts'
import type { RunEvent } from '../../src/run/events.ts'

const activation = 'people'

/** What is known after events that came at these times. */
function progressAfter(...events: readonly (readonly [at: number, event: RunEvent])[]): Progress {
  let progress: Progress | null = null
  for (const [at, event] of events) progress = advance(progress, event, at)
  if (progress === null) throw new Error('no activation is under way')
  return progress
}

const started: RunEvent = { type: 'started', activation, run: 1 }

function planned(create: number): RunEvent {
  const totals = {
    rows: create + 5,
    create,
    update: 0,
    delete: 0,
    archive: 0,
    untag: 0,
    unchanged: 5,
    waiting: 0,
    rejected: 0,
    repeated: 0,
    removed: 0,
    known: 5,
    changedFields: {},
  }
  return { type: 'planned', activation, totals }
}

function writing(applied: number, failed = 0): RunEvent {
  const requests = { total: applied + failed + 3, byEndpoint: {}, rateLimited: 0 }
  return { type: 'writing', activation, operations: 10_000, applied, failed, requests }
}

describe('progress', () => {
  it('counts rows while the query streams', () => {
    const progress = progressAfter(
      [1000, started],
      [2000, { type: 'planning', activation, rows: 12_000 }],
    )
    expect(progressText(progress, 3000)).toBe('planning: 12,000 rows · 6,000/s · 2.0 s')
  })

  it('tells written, failed, calls, rate and time left', () => {
    const progress = progressAfter(
      [0, started],
      [1000, planned(10_000)],
      [6000, writing(950, 50)],
      [11_000, writing(1950, 50)],
    )
    expect(rate(progress, 11_000)).toBe(200)
    expect(progressText(progress, 11_000)).toBe(
      '2,000 of 10,000 operations written · 50 failed · 2,003 calls · 200/s · 40.0 s left',
    )
  })

  it('takes the rate over the last seconds, not over the whole run', () => {
    let progress = progressAfter([0, planned(10_000)])
    for (let second = 1; second <= 60; second += 1) {
      const done = second <= 30 ? second * 100 : 3000 + (second - 30) * 10
      progress = advance(progress, writing(done), second * 1000) ?? progress
    }
    expect(rate(progress, 60_000)).toBe(10)
    expect(progress.samples.length).toBeLessThan(25)
  })

  it('does not guess a rate before it can know one', () => {
    const progress = progressAfter([0, planned(10)], [100, writing(1)])
    expect(rate(progress, 100)).toBeNull()
    expect(progressText(progress, 100)).toBe('1 of 10,000 operations written · 4 calls')
  })

  it('says no time left while nothing moves', () => {
    const progress = progressAfter([0, planned(10)], [100, writing(0)])
    expect(progressText(progress, 60_000)).not.toContain('left')
  })

  it('begins anew with the next activation and ends with the last event', () => {
    const progress = progressAfter(
      [0, started],
      [1, planned(3)],
      [2, { ...started, activation: 'other' }],
    )
    expect(progress).toMatchObject({ activation: 'other', totals: null, rows: 0 })
    expect(advance(progress, { type: 'notice', activation: 'other', message: 'x' }, 3)).toEqual(
      progress,
    )
  })

  it.each([20, 40, 79, 80, 120, 300])('draws one line that fits %d columns', (columns) => {
    const name = 'an-activation-with-a-name-that-is-long-\u001b[31m'
    const progress = {
      ...progressAfter([0, planned(10_000)], [9000, writing(5000, 9)]),
      activation: name,
    }
    for (const style of [plain, coloured]) {
      const line = progressLine(progress, 9000, columns, style)
      expect(width(line)).toBeLessThan(columns)
      expect(line).not.toContain('\n')
    }
    expect(progressLine(progress, 9000, columns, plain)).not.toContain('\u001b')
  })

  it('draws a bar where there is room', () => {
    const progress = progressAfter([0, planned(10_000)], [9000, writing(5000)])
    expect(progressLine(progress, 9000, 100, plain)).toBe(
      'people  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 5,000 of 10,000 operations written · 5,003 calls · 556/s · 9.0 s left',
    )
  })
})
