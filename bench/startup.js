// How long a command takes that does next to nothing, beside Node that does nothing.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inTurns, runNode, summarizeRounds } from './measure.js'

const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))

const activation = (number) => `
query: select user_id, email, full_name, plan, seats, created_at, segments from marts.users_${number}
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
  signed_up_at: created_at
  custom_attributes.plan: plan
  custom_attributes.seats: { column: seats, on_null: skip }
tags:
  - { from: segments, prefix: "wh: " }
`

/** Measures `millrace validate` on ten activations so often. */
export async function benchStartup(rounds) {
  const cwd = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    await mkdir(join(cwd, 'activations'))
    await writeFile(
      join(cwd, 'millrace.yaml'),
      'sources: { warehouse: { type: duckdb } }\ntargets: { intercom: { type: intercom, token: none } }\n',
    )
    for (let number = 1; number <= 10; number += 1) {
      await writeFile(join(cwd, `activations/users-${number}.yaml`), activation(number))
    }
    const variants = [
      { name: 'node -e 0', run: () => runNode(['-e', '0'], { cwd }) },
      { name: 'millrace --help', run: () => runNode([main, '--help'], { cwd }) },
      {
        name: 'millrace validate, ten activations',
        run: () => runNode([main, 'validate'], { cwd }),
      },
    ]
    const figures = await inTurns(variants, rounds)
    const baseline = figures.get('node -e 0')
    return variants.map(({ name }) => ({ name, ...summarizeRounds(figures.get(name), baseline) }))
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}
