import { describe, expect, it } from 'vitest'
import { type Scenario, scenarios } from './scenarios.ts'
import { repeatsPerKill, Stage } from './stage.ts'

/** Kills for each scenario: few where every change is tested, more with `npm run chaos`. */
const kills = Number(process.env.MILLRACE_CHAOS_KILLS ?? 2)

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

describe('a process killed at any point', () => {
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
            if (await stage.killAfter(Math.floor(random() * most))) killed += 1
          }
          const { code, stderr } = await stage.run()
          expect(code, stderr).toBe(0)
        }
        expect(stage.contents()).toEqual(wanted.contents)
        const repeats = repeatsPerKill + (scenario.repeatsMore ?? 0)
        expect(stage.writes()).toBeLessThanOrEqual(wanted.writes + killed * repeats)
        const requests = stage.sandbox.requests().total
        expect((await stage.run()).code).toBe(0)
        expect(stage.sandbox.requests().total).toBe(requests)
      } finally {
        await stage.close()
      }
      expect(killed).toBeGreaterThan(0)
    },
    60_000 + kills * 10_000,
  )
})
