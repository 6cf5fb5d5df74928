import { execFile as execFileWith } from 'node:child_process'
import { inspect, promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { postgres } from '../../../connectors/postgres/index.ts'
import { withPackages } from '../../support/packages.ts'

const execFile = promisify(execFileWith)

function problems(options: unknown): string {
  const parsed = postgres.options.safeParse(options)
  const told = (issue: z.core.$ZodIssue): string => {
    if (issue.code === 'invalid_union') return issue.errors.flat().map(told).join('; ')
    return issue.code === 'unrecognized_keys' ? issue.keys.join() : issue.message
  }
  return (parsed.error?.issues ?? []).map((i) => `${i.path.join('.')}: ${told(i)}`).join('\n')
}

describe('postgres options', () => {
  it('read durations with and without a unit', () => {
    const parse = (statement_timeout: unknown) =>
      postgres.options.parse({ host: 'h', user: 'u', statement_timeout }).statement_timeout
    expect(parse(250)).toBe(250)
    expect(parse('250')).toBe(250)
    expect(parse('30s')).toBe(30_000)
    expect(parse('5 min')).toBe(300_000)
    expect(parse('2h')).toBe(7_200_000)
    expect(problems({ host: 'h', user: 'u', statement_timeout: 'soon' })).toContain(
      'statement_timeout',
    )
  })

  it.each([
    [{}, '`url`'],
    [{ host: 'h' }, '`user` is missing'],
    [{ url: 'postgres://u@h/d', port: 5432 }, 'port: '],
    [{ url: 'mysql://u@h/d' }, 'must start with postgres://'],
    [{ url: 'h:5432/d' }, 'postgres://'],
    [{ url: 'postgres://h/d' }, 'names no user'],
    [{ url: 'postgres://u:a%b@h/d' }, '%25'],
    [{ url: 'postgres://u@h/d?sslmode=allow' }, 'sslmode'],
    [{ url: 'postgres://u@h/d?options=-c' }, '`options`'],
    [{ url: 'postgres://u@h/d', ssl: 'yes' }, 'ssl'],
    [{ host: 'h', user: 'u', port: 'x' }, 'port: must be the number of a port'],
    [{ url: 'postgres://u@h/d', hots: 'x' }, 'hots'],
  ])('%j is refused', (options, text) => {
    expect(problems(options)).toContain(text)
  })

  it('never print a secret', () => {
    const url = 'postgres://u:private-word@h/d'
    expect(inspect(postgres.options.parse({ url }), { depth: 9 })).not.toContain('private-word')
    expect(problems({ url: `${url}?nope=1` })).not.toContain('private-word')
    expect(problems({ url: 'private-word' })).not.toContain('private-word')
  })

  it.each([
    'postgres://u:pri@vate@h/d',
    'postgres://u:pri@vate@h:5432/d?sslmode=require',
    'postgres://u:1/vate@h/d',
    'postgres://u:pri/vate@h/d',
    'postgres://u:pri@1/vate@h/d',
    'postgres://u:1?vate@h/d',
    'postgres://u:1#vate@h/d',
    'postgres://u:pri#vate@h/d',
    'postgres://u:pri@h/vate?x=1#vate@h/d',
    'postgres://u:pri vate@h/d',
    'postgres://u@h/d?vate@h',
  ])('ask for percent-encoding in %s, and show no part of it', (url) => {
    const text = problems({ url })
    expect(text).toContain('percent-encoded')
    expect(text).not.toMatch(/vate|pri\b|pri@/)
  })

  it.each([
    'postgres://u@h',
    'postgres://u:p%40%2F%23%3F@h:5432/d%40',
    'POSTGRESQL://u:!$&*()=+[]:;,.~-_@[::1]:5432/d',
    'postgres://u@localhost/d?host=/var/run/postgresql&sslmode=disable',
  ])('take %s', (url) => {
    expect(problems({ url })).toBe('')
  })

  it('have a JSON Schema with a description for each', () => {
    const schema = z.toJSONSchema(postgres.options, { io: 'input' })
    const properties = Object.entries(schema.properties ?? {})
    expect(properties.length).toBe(11)
    for (const [name, property] of properties) {
      expect([name, typeof property === 'object' && property.description]).toEqual([
        name,
        expect.any(String),
      ])
    }
  })
})

describe('the table of contents', () => {
  const drivers = { postgres: 'pg', duckdb: '@duckdb/node-api' } as const

  it.each(['postgres', 'duckdb'] as const)(
    'loads the driver of %s when it is opened',
    async (name) => {
      const entry = new URL(`../../../dist/connectors/${name}/index.js`, import.meta.url).href
      const load = `const { ${name} } = await import(${JSON.stringify(entry)})`
      const open = `await ${name}.open({ host: '/nowhere', user: 'nobody' }, { projectFolder: '.' })`
      const node = (program: string) =>
        withPackages(async (env) => {
          const options = { env: { ...process.env, ...env } }
          await execFile(process.execPath, ['--input-type=module', '-e', program], options)
        })
      expect((await node(load)).packages).not.toContain(drivers[name])
      expect((await node(`${load}\n${open}`)).packages).toContain(drivers[name])
    },
  )

  it('loads neither all of fetch nor TLS with the driver of postgres', async () => {
    const entry = new URL('../../../dist/connectors/postgres/index.js', import.meta.url).href
    const program = `const { postgres } = await import(${JSON.stringify(entry)})
      await postgres.open({ host: '/nowhere', user: 'nobody' }, { projectFolder: '.' })
      const has = (part) => process.moduleLoadList.some((name) => name.includes(part))
      console.log(has('undici'), has('NativeModule tls'), new Response() && has('undici'))`
    const { stdout } = await execFile(process.execPath, ['--input-type=module', '-e', program])
    expect(stdout.trim()).toBe('false false true')
  })
})
