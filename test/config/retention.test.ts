import { describe, expect, test } from 'vitest'
import { complaints, load, people, plainProject, type Surroundings } from './fakes.ts'

const files = (retention: string) => ({
  'millrace.yaml': `${plainProject}retention: ${retention}\n`,
  'activations/people.yaml': people,
})
const retentionOf = async (written: string, surroundings: Surroundings = {}) =>
  (await load(files(written), surroundings)).retention

const defaults = { runs: { runs: 1_000 }, outcomes: { runs: 100 } }
const day = 24 * 60 * 60_000
const fault = 'takes a number of runs, a time such as 90 days or 12 weeks, or "forever"'

describe('retention', () => {
  test('has defaults where the project says nothing', async () => {
    const project = await load({ 'millrace.yaml': plainProject, 'activations/a.yaml': people })
    expect(project.retention).toEqual(defaults)
    expect(await retentionOf('{}')).toEqual(defaults)
  })

  test.each([
    ['a number of runs', '{ runs: 50 }', { runs: { runs: 50 } }],
    ['the same in words', '{ outcomes: 1 run }', { outcomes: { runs: 1 } }],
    ['days', '{ runs: 90 days }', { runs: { milliseconds: 90 * day } }],
    ['days in short', '{ runs: 7d }', { runs: { milliseconds: 7 * day } }],
    ['weeks', '{ outcomes: 2 weeks }', { outcomes: { milliseconds: 14 * day } }],
    ['all there is', '{ runs: forever }', { runs: null }],
  ])('takes %s', async (_, written, expected) => {
    expect(await retentionOf(written)).toEqual({ ...defaults, ...expected })
  })

  test('comes from variables and profiles', async () => {
    const written =
      '{ runs: "$' + '{KEEP}", outcomes: 5 }\nprofiles: { dev: { retention: { outcomes: 1 day } } }'
    expect(await retentionOf(written, { environment: { KEEP: '30' }, profile: 'dev' })).toEqual({
      runs: { runs: 30 },
      outcomes: { milliseconds: day },
    })
  })

  test.each([
    ['{ runs: 0 }', '5:20: "runs" takes at least 1'],
    ['{ runs: 0 days }', '5:20: "runs" takes at least 1 day'],
    ['{ outcomes: 5 years }', `5:24: "outcomes" ${fault}`],
    ['{ outcomes: 90% }', `5:24: "outcomes" ${fault}`],
    ['{ runs: -1 }', `5:20: "runs" ${fault}`],
    ['{ runs: off }', `5:20: "runs" ${fault}`],
    ['{ runs: yes please }', `5:20: "runs" ${fault}`],
    ['{ runs: [1] }', '5:14: "runs" takes a number or text, and this is a list'],
    ['{ run: 1 }', '5:14: unknown key "run"; did you mean "runs"?'],
    ['90 days', '5:12: "retention" takes keys with values, and this is text'],
  ])('is refused for %s', async (written, expected) => {
    expect(await complaints(files(written))).toEqual([`millrace.yaml:${expected}`])
  })

  test('is checked in profiles that are not chosen, as far as its form goes', async () => {
    const written = '{}\nprofiles: { dev: { retention: { rns: 5 } } }'
    expect(await complaints(files(written))).toEqual([
      'millrace.yaml:6:33: unknown key "rns"; did you mean "runs"?',
    ])
  })
})
