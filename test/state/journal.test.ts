import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Journal } from '../../src/state/journal.ts'
import { applied, operation } from './builders.ts'

/** A journal whose commits last until they are ended. */
function journal() {
  const commits: { outcomes: number[]; marks: number[]; end: (error?: Error) => void }[] = []
  const of = new Journal(
    (outcomes, operations) =>
      new Promise((resolve, reject) => {
        commits.push({
          outcomes: outcomes.map(({ ordinal }) => ordinal),
          marks: operations.map(({ ordinal }) => ordinal),
          end: (error) => (error === undefined ? resolve() : reject(error)),
        })
      }),
  )
  const said = () => commits.map(({ outcomes, marks }) => [outcomes, marks])
  const mark = (...ordinals: number[]) => of.sending(ordinals.map((one) => operation(one)))
  const record = (...ordinals: number[]) =>
    of.record(ordinals.map((one) => applied(operation(one))))
  return { commits, said, mark, record }
}

it('commits in one go what comes in one turn, and what comes while a commit goes on', async () => {
  const { commits, said, mark, record } = journal()
  const ended: string[] = []
  const note = (what: string) => () => ended.push(what)
  const first = [mark(0, 1).then(note('mark')), record(7).then(note('record'))]
  await Promise.resolve()
  first.push(mark(2).then(note('late mark')))
  await setImmediate()
  await setImmediate()
  expect(said()).toEqual([[[7], [0, 1, 2]]])
  const second = [record(0, 1), mark(3)]
  await setImmediate()
  await setImmediate()
  expect(commits).toHaveLength(1)
  expect(ended).toEqual([])
  commits[0]?.end()
  await Promise.all(first)
  await setImmediate()
  await setImmediate()
  expect(said()[1]).toEqual([[0, 1], [3]])
  commits[1]?.end()
  await Promise.all(second)
  expect(commits).toHaveLength(2)
})

it('tells each call of a commit that failed, and goes on with the next', async () => {
  const { commits, said, mark, record } = journal()
  const both = [mark(0), record(1)]
  await setImmediate()
  await setImmediate()
  const next = mark(2)
  commits[0]?.end(new Error('no room'))
  for (const call of both) await expect(call).rejects.toThrow('no room')
  await setImmediate()
  await setImmediate()
  expect(said()[1]).toEqual([[], [2]])
  commits[1]?.end()
  await next
})
