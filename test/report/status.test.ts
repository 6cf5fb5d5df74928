import { describe, expect, it } from 'vitest'
import { type ActivationStatus, statusJson, statusText } from '../../src/report/status.ts'
import { plain } from '../../src/report/style.ts'

const started = Date.UTC(2026, 10, 21, 8)

const statuses: readonly ActivationStatus[] = [
  {
    activation: 'people',
    runs: [
      {
        run: 8,
        activation: 'people',
        status: 'running',
        startedAt: started + 600_000,
        finishedAt: null,
        summary: null,
        notAttempted: 0,
      },
      {
        run: 7,
        activation: 'people',
        status: 'failures',
        startedAt: started,
        finishedAt: started + 200_000,
        summary: '{"rows":3}',
        notAttempted: 0,
      },
    ],
    failures: { timeout: 1, invalid_value: 1200 },
    retries: { nextRun: 1200, waiting: 1, first: started + 3_600_000, forChange: 2 },
  },
  {
    activation: 'companies',
    runs: [],
    failures: {},
    retries: { nextRun: 0, waiting: 0, first: null, forChange: 0 },
  },
]

describe('status', () => {
  it('tells people of runs, failures and retries', () => {
    expect(statusText(statuses, plain)).toMatchInlineSnapshot(`
      "people
        run 8  2026-11-21 08:10:00 UTC  running
        run 7  2026-11-21 08:00:00 UTC  done, with failures in 3 min 20 s
        1,201 open failures: invalid_value 1,200, timeout 1
        1,200 rows tried again by the next run
        1 row waiting, the first until 2026-11-21 09:00:00 UTC
        2 rows waiting to be changed
        report: millrace failures people

      companies
        never ran
      "
    `)
  })

  const stopped = {
    run: 6,
    activation: 'people',
    status: 'stopped' as const,
    startedAt: started,
    finishedAt: started,
    summary: null,
    notAttempted: 2980,
  }
  const people = (runs: ActivationStatus['runs']): ActivationStatus => ({
    activation: 'people',
    runs,
    failures: {},
    retries: { nextRun: 0, waiting: 0, first: null, forChange: 0 },
  })

  it('tells of rows that a run did not get to, until a run has come to its end', () => {
    expect(statusText([people([stopped])], plain)).toMatchInlineSnapshot(`
      "people
        run 6  2026-11-21 08:00:00 UTC  stopped in 0 ms
        2,980 rows were not attempted by run 6 (stopped early); the next run sends them
        report: millrace failures people --run 6
      "
    `)
    const planning = { ...stopped, run: 7, notAttempted: 0 }
    expect(statusText([people([planning, stopped])], plain)).toMatchInlineSnapshot(`
      "people
        run 7  2026-11-21 08:00:00 UTC  stopped in 0 ms
        run 6  2026-11-21 08:00:00 UTC  stopped in 0 ms
        2,980 rows were not attempted by run 6 (stopped early); the next run sends them
      "
    `)
    const done = { ...planning, status: 'done' as const }
    expect(statusText([people([done, stopped])], plain)).toContain('no open failures')
    const json = (runs: ActivationStatus['runs']) =>
      JSON.parse(statusJson([people(runs)])).activations[0].not_attempted
    expect(json([planning, stopped])).toEqual({ run: 6, rows: 2980 })
    expect(json([done, stopped])).toBeNull()
  })

  it('tells programs the same', () => {
    expect(JSON.parse(statusJson(statuses))).toMatchObject({
      activations: [
        {
          activation: 'people',
          runs: [
            { run: 8, status: 'running', finished_at: null, summary: null },
            {
              run: 7,
              started_at: '2026-11-21T08:00:00.000Z',
              finished_at: '2026-11-21T08:03:20.000Z',
              summary: { rows: 3 },
            },
          ],
          open_failures: { timeout: 1, invalid_value: 1200 },
          next_retries: {
            next_run: 1200,
            waiting: 1,
            first: '2026-11-21T09:00:00.000Z',
            for_change: 2,
          },
        },
        { activation: 'companies', runs: [], open_failures: {} },
      ],
    })
  })
})
