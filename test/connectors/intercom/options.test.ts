import { expect, test } from 'vitest'
import { options } from '../../../connectors/intercom/options.ts'

const parse = (rate_limit?: unknown) => options.safeParse({ token: 'token', rate_limit })

test('rate_limit is a share of the limit, or requests per window; a variable gives either as text', () => {
  for (const [written, share] of [
    [undefined, { share: 1 }],
    ['80%', { share: 0.8 }],
    ['12.5 %', { share: 0.125 }],
    [500, { count: 500 }],
    ['500', { count: 500 }],
  ]) {
    expect(parse(written).data?.rate_limit).toEqual(share)
  }
})

test('rate_limit says what it takes', () => {
  for (const written of ['0%', '101%']) {
    expect(parse(written).error?.message).toContain('from above 0% to 100%')
  }
  for (const written of [0, -1, 0.8, '0.8', 'half', true, null]) {
    const { error } = parse(written)
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['rate_limit'])
    expect(error?.message).toContain('such as 80%, or requests per 10 seconds, such as 500')
  }
})
