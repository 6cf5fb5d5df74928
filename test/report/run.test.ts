import { describe, expect, it } from 'vitest'
import { nothingToDo, runText } from '../../src/report/run.ts'
import { plain } from '../../src/report/style.ts'
import type { CommandSummary, RunSummary } from '../../src/run/summary.ts'

const nothing: RunSummary['planned'] = {
  create: 0,
  update: 0,
  delete: 0,
  archive: 0,
  untag: 0,
  unchanged: 0,
  rejected: 0,
  waiting: 0,
  repeated: 0,
  removed: 0,
}

function summary(overrides: Partial<RunSummary> = {}): RunSummary {
  return {
    activation: 'people',
    run: 7,
    status: 'failures',
    exit_code: 1,
    started_at: '2026-11-21T08:00:00.000Z',
    finished_at: '2026-11-21T08:03:20.000Z',
    duration_ms: 200_000,
    rows: 10_000,
    allowed: [],
    full: false,
    planned: {
      ...nothing,
      create: 120,
      update: 34,
      archive: 3,
      unchanged: 9844,
      rejected: 2,
      waiting: 4,
      removed: 5,
    },
    outcomes: { applied: 150, rejected: 3, failed: 2, in_doubt: 0, not_attempted: 1 },
    failures_by_code: { invalid_value: 3, timeout: 2, not_attempted: 1 },
    failures: { new: 5, still: 4, cured: 2 },
    calls: {
      total: 1204,
      by_endpoint: { 'POST /contacts': 1204 },
      rate_limited: 0,
      rows_per_call: 0.125,
    },
    error: null,
    ...overrides,
  }
}

function command(...activations: RunSummary[]): CommandSummary {
  return { status: 'failures', exit_code: activations.at(-1)?.exit_code ?? 0, activations }
}

const quiet = summary({
  status: 'done',
  exit_code: 0,
  planned: { ...nothing, unchanged: 10_000 },
  outcomes: { applied: 0, rejected: 0, failed: 0, in_doubt: 0, not_attempted: 0 },
  failures_by_code: {},
  failures: { new: 0, still: 0, cured: 0 },
  calls: { total: 0, by_endpoint: {}, rate_limited: 0, rows_per_call: null },
  duration_ms: 420,
})

describe('runText', () => {
  it('tells what was planned, what came of it, and where to look', () => {
    expect(runText(command(summary()), false, plain)).toMatchInlineSnapshot(`
      "people: done, with failures (run 7) in 3 min 20 s
        rows      10,000: 120 new, 34 changed, 3 to archive, 9,844 unchanged, 2 rejected, 4 waiting after a failure
        kept      2 keys no longer in the query
        outcomes  150 applied, 3 rejected, 2 failed, 1 not attempted
        failures  invalid_value 3, timeout 2
        open      5 new, 4 still failing, 2 cured
        calls     1,204 (0.13 rows per call)
        next run  sends 1 row that this one did not attempt
        report    millrace failures people --run 7
      "
    `)
  })

  it('tells of each activation and of all', () => {
    const companies = { ...quiet, activation: 'companies' }
    expect(runText(command(companies, summary()), false, plain)).toMatchInlineSnapshot(`
      "companies: done (run 7) in 420 ms
        rows      10,000: 10,000 unchanged
        outcomes  nothing to do
        calls     0

      people: done, with failures (run 7) in 3 min 20 s
        rows      10,000: 120 new, 34 changed, 3 to archive, 9,844 unchanged, 2 rejected, 4 waiting after a failure
        kept      2 keys no longer in the query
        outcomes  150 applied, 3 rejected, 2 failed, 1 not attempted
        failures  invalid_value 3, timeout 2
        open      5 new, 4 still failing, 2 cured
        calls     1,204 (0.13 rows per call)
        next run  sends 1 row that this one did not attempt
        report    millrace failures people --run 7

      2 activations: 1 done, 1 with failures
      "
    `)
  })

  it('adds the calls by endpoint when asked for more', () => {
    expect(runText(command(summary()), true, plain)).toContain('POST /contacts 1,204')
  })

  it('is short where there was no run', () => {
    const locked = summary({ run: null, status: 'locked', exit_code: 75, duration_ms: 12 })
    expect(runText(command(locked), false, plain)).toBe(
      'people: not started: another run holds this activation\n',
    )
  })

  it('is empty where no activation ran', () => {
    expect(runText(command(), false, plain)).toBe('')
  })
})

describe('nothingToDo', () => {
  it('is true only where everything was unchanged and went well', () => {
    expect(nothingToDo(command(quiet))).toBe(true)
    expect(nothingToDo(command(quiet, summary()))).toBe(false)
    expect(nothingToDo(command(summary({ exit_code: 0 })))).toBe(false)
    expect(nothingToDo({ ...command(quiet), exit_code: 4 })).toBe(false)
  })
})
