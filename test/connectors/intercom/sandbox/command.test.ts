import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../../../../dist/src/cli/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `millrace sandbox`; `started` gets what it printed first, and what stops it. */
function sandbox(
  args: readonly string[],
  started?: (stdout: string) => Promise<NodeJS.Signals>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, 'sandbox', ...args])
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      const first = stdout === ''
      stdout += chunk
      if (!first || started === undefined) return
      started(stdout).then(
        (signal) => child.kill(signal),
        (error) => {
          child.kill('SIGKILL')
          reject(error)
        },
      )
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

test.each(['SIGINT', 'SIGTERM'] as const)('serves until %s, and ends with 0', async (signal) => {
  const ended = await sandbox(['--json', '--rate-limit', '167', '--token', 'abc'], async (line) => {
    const { url, token } = JSON.parse(line)
    expect(token).toBe('abc')
    const headers = { authorization: `Bearer ${token}`, 'intercom-version': '2.16' }
    const answer = await fetch(`${url}/me`, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-ratelimit-limit')).toBe('167')
    return signal
  })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
})

test('says how to use it', async () => {
  const ended = await sandbox(['intercom'], async () => 'SIGINT')
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(ended.stdout)?.[0]
  expect(ended.stdout).toContain(`base_url: ${url}`)
  expect(ended.stdout).toContain('export INTERCOM_TOKEN=sandbox-token')
})

test('its help names every option of the sandbox', async () => {
  const { code, stdout } = await sandbox(['--help'])
  expect(code).toBe(0)
  for (const flag of [
    '--json',
    '--port',
    '--rate-limit',
    '--search-lag-ms',
    '--seed',
    'Examples:',
  ]) {
    expect(stdout).toContain(flag)
  }
})

test.each([
  [['--rate-limit', 'many'], '--rate-limit: '],
  [['--attributes', 'seats'], '--attributes: must read contact.NAME:TYPE'],
  [['--ratelimit', '1'], "unknown option '--ratelimit'"],
  [['--email-adoption', 'never'], 'Allowed choices are duplicate, conflict'],
  [['salesforce'], "There is no sandbox for 'salesforce', but for intercom."],
  [['--seed', 'missing.json'], 'The seed file missing.json cannot be read'],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await sandbox(args)
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(2)
})
