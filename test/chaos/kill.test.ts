import { describe, expect, it } from 'vitest'
import { difference } from './contents.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { repeatsPerKill, Stage } from './stage.ts'

/** Kills for each scenario: few where every change is tested, more with `npm run chaos`. */
const kills = Number(process.env.MILLRACE_CHAOS_KILLS ?? 2)

/** How long a process takes to its first request or so, in milliseconds, and how long to record what it learnt. */
const starting = 900
const working = 50

/** Numbers in [0, 1), the same each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The end state and the writes of runs that nobody disturbs. */
async function undisturbed(scenario: Scenario) {
  const stage = await Stage.open(scenario)
  try {
    for (const rows of scenario.results) {
      await stage.give(rows)
      const { code, stderr } = await stage.run()
      expect(code, stderr).toBe(0)
    }
    return { contents: stage.contents(), writes: stage.writes() }
  } finally {
    await stage.close()
  }
}

describe.concurrent('a process killed at any point', () => {
  it.each(scenarios.map((scenario, index) => [scenario.name, scenario, index] as const))(
    '%s: nothing lost, nothing doubled',
    async (_name, scenario, index) => {
      const wanted = await undisturbed(scenario)
      const random = numbers(index + 1)
      const stage = await Stage.open(scenario)
      let killed = 0
      try {
        const perResult = Math.ceil(kills / scenario.results.length)
        const most = Math.ceil(wanted.writes / scenario.results.length / perResult) + 3
        for (const rows of scenario.results) {
          await stage.give(rows)
          for (let round = 0; round < perResult; round += 1) {
            const requests = Math.floor(random() * most)
            const milliseconds = random() * (requests === 0 ? starting : working)
            if (await stage.killAfter(requests, milliseconds)) killed += 1
          }
          const { code, stderr } = await stage.run()
          expect(code, stderr).toBe(0)
        }
        const repeated = stage.writes() - wanted.writes
        const { lost, doubled } = difference(wanted.contents, stage.contents())
        const figures = `${killed} kills, ${lost} lost, ${doubled} doubled, ${repeated} requests repeated`
        if (kills >= 20) process.stdout.write(`${scenario.name}: ${figures}\n`)
        expect(stage.contents(), figures).toEqual(wanted.contents)
        const repeats = repeatsPerKill + (scenario.repeatsMore ?? 0)
        expect(repeated).toBeLessThanOrEqual(killed * repeats)
        const requests = stage.sandbox.requests().total
        expect((await stage.runAgain()).code).toBe(0)
        expect(stage.sandbox.requests().total).toBe(requests)
      } finally {
        await stage.close()
      }
      expect(killed).toBeGreaterThan(0)
    },
    60_000 + kills * 10_000,
  )
})
