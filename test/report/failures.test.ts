import { describe, expect, it } from 'vitest'
import { type FailureFormat, failuresJsonl } from '../../src/report/failures.ts'
import { failuresCsv } from '../../src/report/failures-csv.ts'
import { failuresTable } from '../../src/report/failures-table.ts'
import { width } from '../../src/report/layout.ts'
import { coloured, plain } from '../../src/report/style.ts'
import type { FailureRecord } from '../../src/state/store.ts'

function failure(overrides: Partial<FailureRecord> = {}): FailureRecord {
  return {
    activation: 'people',
    run: 7,
    key: 'user-17',
    identifier: 'external_id',
    operation: 'update',
    status: 'rejected',
    code: 'invalid_value',
    message: 'seats takes a whole number, and the column holds text',
    field: 'custom_attributes.seats',
    httpStatus: null,
    requestId: null,
    hint: 'Cast the column in the query.',
    attempts: 2,
    firstSeen: Date.UTC(2026, 10, 20, 8),
    lastSeen: Date.UTC(2026, 10, 21, 8),
    waitsForChange: false,
    nextRetry: null,
    ...overrides,
  }
}

/** What people type, and what attackers put into a sign-up form. */
const hostile = failure({
  key: '=HYPERLINK("https://evil.example","click")',
  message: '\u001b[2J\u001b[31mred, "quoted"\nsecond line\r\nthird',
  hint: '+1+1',
  field: '@SUM(A1)',
  requestId: '-2+3',
  identifier: '\t=1',
})

async function* batches(
  ...given: readonly (readonly FailureRecord[])[]
): AsyncGenerator<readonly FailureRecord[]> {
  yield* given
}

async function text(
  format: FailureFormat,
  ...given: readonly (readonly FailureRecord[])[]
): Promise<string> {
  let whole = ''
  for await (const piece of format(batches(...given))) whole += piece
  return whole
}

describe('jsonl', () => {
  it('gives every field by its name, times in ISO 8601', async () => {
    const line = await text(failuresJsonl, [
      failure({ httpStatus: 422, requestId: 'req-1', nextRetry: Date.UTC(2026, 10, 22) }),
    ])
    expect(line.endsWith('\n')).toBe(true)
    expect(JSON.parse(line)).toEqual({
      activation: 'people',
      run: 7,
      key: 'user-17',
      identifier: 'external_id',
      operation: 'update',
      status: 'rejected',
      code: 'invalid_value',
      message: 'seats takes a whole number, and the column holds text',
      field: 'custom_attributes.seats',
      http_status: 422,
      request_id: 'req-1',
      attempts: 2,
      first_seen: '2026-11-20T08:00:00.000Z',
      last_seen: '2026-11-21T08:00:00.000Z',
      next_retry: '2026-11-22T00:00:00.000Z',
      waits_for: 'time',
      hint: 'Cast the column in the query.',
    })
  })

  it('keeps hostile values whole, one object a line', async () => {
    const lines = (await text(failuresJsonl, [hostile, failure()], [failure()]))
      .trimEnd()
      .split('\n')
    expect(lines).toHaveLength(3)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ key: hostile.key, message: hostile.message })
  })

  it('is empty for nothing', async () => {
    expect(await text(failuresJsonl)).toBe('')
  })
})

/** A reader of RFC 4180, written from the text of the standard so that it shares no mistake with the writer. */
function parse(csv: string): string[][] {
  const records: string[][] = []
  let at = 0
  while (at < csv.length) {
    const record: string[] = []
    for (;;) {
      let cell = ''
      if (csv[at] === '"') {
        at += 1
        for (;;) {
          const end = csv.indexOf('"', at)
          cell += csv.slice(at, end)
          at = end + 1
          if (csv[at] !== '"') break
          cell += '"'
          at += 1
        }
      } else {
        const end = /,|\r\n/.exec(csv.slice(at))?.index ?? csv.length - at
        cell = csv.slice(at, at + end)
        at += end
      }
      record.push(cell)
      if (csv[at] !== ',') break
      at += 1
    }
    expect(csv.slice(at, at + 2)).toBe('\r\n')
    at += 2
    records.push(record)
  }
  return records
}

describe('csv', () => {
  it('has a heading, also for nothing', async () => {
    expect(await text(failuresCsv)).toBe(
      'activation,run,key,identifier,operation,status,code,message,field,http_status,request_id,attempts,first_seen,last_seen,next_retry,waits_for,hint\r\n',
    )
  })

  it('quotes what has to be quoted and disarms what a spreadsheet would run', async () => {
    const [heading, ...records] = parse(await text(failuresCsv, [hostile], [failure()]))
    const cells = Object.fromEntries((heading ?? []).map((name, i) => [name, records[0]?.[i]]))
    expect(records).toHaveLength(2)
    expect(cells).toMatchObject({
      key: `'${hostile.key}`,
      message: hostile.message,
      hint: "'+1+1",
      field: "'@SUM(A1)",
      request_id: "'-2+3",
      identifier: "'\t=1",
      run: '7',
      next_retry: '',
    })
    for (const cell of records.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })
})

describe('table', () => {
  it('names row, code, field, message and remedy', async () => {
    expect(await text(failuresTable(100, plain), [failure()])).toMatchInlineSnapshot(`
      "people
      KEY      CODE           FIELD                    MESSAGE
      user-17  invalid_value  custom_attributes.seats  seats takes a whole number, and the column holds
                                                       text
                                                       → Cast the column in the query.
                                                       update, 2 attempts · since 2026-11-20 08:00:00 UTC
                                                       · again with the next run
      "
    `)
  })

  it('cuts a key that nobody reads to its end', async () => {
    const table = await text(failuresTable(100, plain), [failure({ key: 'k'.repeat(1_000_000) })])
    expect(table.match(/k{5,}/g)?.join('').length).toBeLessThan(130)
    expect(table).toContain('…')
  })

  it('says once what is wrong with many rows that follow each other', async () => {
    const left = { status: 'not_attempted', code: 'not_attempted', field: null } as const
    const rows = ['u-1', 'u-2', 'u-3'].map((key) => failure({ ...left, key, attempts: 0 }))
    rows.push(failure({ ...left, key: 'u-4' }), failure({ key: 'u-5' }))
    expect(await text(failuresTable(100, plain), rows)).toMatchInlineSnapshot(`
      "people
      KEY  CODE           FIELD                    MESSAGE
      u-1  not_attempted                           seats takes a whole number, and the column holds text
                                                   → Cast the column in the query.
                                                   update, 0 attempts · since 2026-11-20 08:00:00 UTC ·
                                                   again with the next run
      u-2  not_attempted                           as above
      u-3  not_attempted                           as above
      u-4  not_attempted                           update, 2 attempts · since 2026-11-20 08:00:00 UTC ·
                                                   again with the next run
      u-5  invalid_value  custom_attributes.seats  as above
      "
    `)
    const other = failure({ ...left, key: 'u-1', activation: 'companies' })
    expect(await text(failuresTable(100, plain), rows.slice(0, 1), [other])).not.toContain('above')
  })

  it('prints nothing from outside raw', async () => {
    const table = await text(failuresTable(90, plain), [hostile])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(table.replace(/\s+/g, '')).toContain('\\u001b[2J\\u001b[31mred')
  })

  it.each([60, 80, 120, 200])('fits a terminal of %d columns', async (columns) => {
    const long = failure({
      key: 'k'.repeat(300),
      message: 'word '.repeat(100),
      hint: '北京'.repeat(90),
    })
    const lines = (
      await text(failuresTable(columns, coloured), [failure(), long], [hostile])
    ).split('\n')
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns)
  })

  it('begins a heading for each activation, and asks for the next batch only when it needs it', async () => {
    const seen: string[] = []
    async function* source() {
      seen.push('first')
      yield [failure()]
      seen.push('second')
      yield [failure({ activation: 'companies' })]
    }
    const pieces = failuresTable(100, plain)(source())[Symbol.asyncIterator]()
    const first = await pieces.next()
    expect(first.value).toContain('people\n')
    expect(seen).toEqual(['first'])
    const second = await pieces.next()
    expect(second.value).toContain('companies\n')
  })
})
