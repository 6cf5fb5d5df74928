import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import { loadProject } from '../../src/config/project.ts'
import { projectFolder } from './fakes.ts'
import { reference } from './reference.ts'

const page = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))
const text = await readFile(page, 'utf8')
const marker = /<!-- generated[^\n]*-->\n/.exec(text)
const generatedFrom = (marker?.index ?? 0) + (marker?.[0].length ?? 0)

const blocks = [...text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(
  ([, name = '', yaml = '']) => ({ name, yaml }),
)
const projects = blocks.filter(({ name }) => name === 'millrace.yaml')
const activations = blocks.filter(({ name }) => name.startsWith('activations/'))

const environment = {
  WAREHOUSE_URL: 'postgres://user:password@localhost/db',
  INTERCOM_TOKEN: 'token',
}
const beside = { 'queries/people.sql': 'select * from people\n' }

describe('docs/configuration.md', () => {
  test('names the file of every YAML that it shows', () => {
    expect(blocks).toHaveLength([...text.matchAll(/```yaml/g)].length)
    expect(projects.length + activations.length).toBe(blocks.length)
    expect(projects.length).toBeGreaterThan(1)
    expect(activations.length).toBeGreaterThan(1)
  })

  test.each(projects)('shows project files that are right', async ({ yaml }) => {
    const files = Object.fromEntries(activations.map((block) => [block.name, block.yaml]))
    const folder = await projectFolder({ ...beside, ...files, 'millrace.yaml': yaml })
    const profiles = [
      null,
      ...[...yaml.matchAll(/^ {2}(dev|prod):/gm)].map(([, name]) => name ?? ''),
    ]
    for (const profile of profiles) {
      const project = await loadProject({ path: folder, profile, environment, connectors })
      expect(project.activations.map(({ name }) => name)).toEqual([
        'companies',
        'customers',
        'erasure',
        'fields',
        'segments',
        'trial-users',
        'conversations',
      ])
    }
  })

  test('ends with a reference that is up to date', async () => {
    const generated = `\n${await reference(connectors)}`
    if (process.env.UPDATE_DOCS === '1') {
      await writeFile(page, text.slice(0, generatedFrom) + generated)
      return
    }
    expect(text.slice(generatedFrom)).toBe(generated)
  })
})
