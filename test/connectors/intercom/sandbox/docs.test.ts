import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { sandboxOptions, settings } from '../../../../connectors/intercom/sandbox/options.ts'
import { seed } from '../../../../connectors/intercom/sandbox/seed.ts'
import { closeAfterEach, start } from './harness.ts'

closeAfterEach()

const page = readFileSync(
  fileURLToPath(new URL('../../../../docs/sandbox.md', import.meta.url)),
  'utf8',
)

function blocks(language: string): string[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...found].map((match) => match[1] ?? '')
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

test.skipIf(!hasCurl)('the examples of the page run, one after the other', async () => {
  const { sandbox } = await start({ attributes: ['contact.seats:integer'], search_lag_ms: 60_000 })
  const env = { ...process.env, SANDBOX: sandbox.url }
  const answers = []
  for (const script of blocks('sh')) {
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env })
    answers.push(stdout)
  }
  expect(answers[0]).toContain('"seats":3')
  expect(answers[1]).toContain('A contact matching those details already exists')
  expect(answers[2]).toContain('"total_count":1')
  expect(answers[3]).toContain('"total":0')
  expect(answers[4]).toContain('"tagged":true')
  expect(answers[4]).toContain('token_unauthorized')
  expect(answers[5]).toContain('"rate_limit":167')
  expect(answers[6]).toContain('"kind":"reset"')
  expect(answers[7]).toContain('unique_company_constraint')
  expect(answers.join()).not.toContain('{"error":')
})

test('the seed of the page can be used', async () => {
  const { sandbox } = await start()
  const [example = ''] = blocks('json')
  expect(sandbox.seed(seed.parse(JSON.parse(example))).contacts).toHaveLength(4)
  expect(sandbox.contents().contacts[0]).toMatchObject({
    tags: ['vip', 'churned'],
    companies: ['c1'],
  })
})

test('every option that is no flag of the start is on the page', () => {
  for (const name of Object.keys(settings.shape)) {
    const flag = `--${name.replaceAll('_', '-')}`
    expect(page.includes(flag) || page.includes(`\`${name}\``), name).toBe(true)
  }
})

test('every flag that the page names exists', () => {
  const flags = new Set(
    [...page.matchAll(/millrace sandbox.*|`--[a-z-]+/g)].flatMap(([text]) =>
      [...text.matchAll(/--([a-z-]+)/g)].map((match) => match[1] ?? ''),
    ),
  )
  const known = Object.keys(sandboxOptions.shape).map((name) => name.replaceAll('_', '-'))
  for (const flag of flags) expect([...known, 'json', 'help']).toContain(flag)
  expect(flags.size).toBeGreaterThan(5)
})
