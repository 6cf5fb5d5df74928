import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const manifest = JSON.parse(read('package.json')) as {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly bin: { readonly millrace: string }
  readonly dependencies: Readonly<Record<string, string>>
}

/** The files of `dist/` whose names end so, with their text. */
function built(ending: string): ReadonlyMap<string, string> {
  const folder = join(root, 'dist')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const wanted = files.filter((file) => file.endsWith(ending))
  return new Map(wanted.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

describe('the image', () => {
  const dockerfile = read('Dockerfile')

  test('has one version of Node in all stages, and one that package.json allows', () => {
    const versions = [...dockerfile.matchAll(/^FROM node:(\d+)-slim/gm)].map((match) => match[1])
    expect(versions).toHaveLength(2)
    expect(new Set(versions).size).toBe(1)
    const least = Number(/>=(\d+)/.exec(manifest.engines.node)?.[1])
    expect(Number(versions[0])).toBeGreaterThanOrEqual(least)
  })

  test('runs the program of package.json as process 1, and not as root', () => {
    expect(dockerfile).toContain(`ENTRYPOINT ["node", "/app/${manifest.bin.millrace}"]`)
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^VOLUME \/state$/m)
  })

  test('gets every file that it copies', () => {
    const allowed = read('.dockerignore').split('\n')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    )
    for (const file of copied) expect(allowed).toContain(`!${file.replace('./', '')}`)
  })
})

describe('the package', () => {
  test('holds the program, the library and its types, and neither tests nor sources', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const parsed = JSON.parse(output) as Record<string, unknown> | unknown[]
    const [packed] = Object.values(parsed) as [{ readonly files: readonly { path: string }[] }]
    const files = packed.files.map(({ path }) => path)
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/src/cli/main.js',
        'dist/src/index.js',
        'dist/src/index.d.ts',
        'dist/connectors/index.d.ts',
        'dist/THIRD-PARTY-NOTICES.txt',
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
      ]),
    )
    expect(
      files.filter((file) =>
        /^(dist\/)?(test|bench|quickstart|data)\/|^(src|connectors)\/|\.test\./.test(file),
      ),
    ).toEqual([])
  })

  test('depends on what it loads, beside what is part of it', () => {
    const wanted = new Set<string>()
    for (const text of built('.js').values()) {
      for (const [, name = ''] of text.matchAll(
        /\b(?:from|require\(|import\(?)["`]([@\w][^"`]*)["`]/g,
      )) {
        if (!isBuiltin(name)) wanted.add(/^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
      }
    }
    // pg asks for it where somebody wants it, and does without.
    wanted.delete('pg-native')
    expect(wanted).toContain('pino')
    expect(wanted).not.toContain('yaml')
    expect([...wanted].filter((name) => !(name in manifest.dependencies))).toEqual([])
  })

  test('has the part of the driver of its state that is native beside it, as the driver has', () => {
    const parts = [...built('.js').values()].filter((text) => text.includes('@libsql/'))
    expect(parts.length).toBeGreaterThan(0)
    for (const text of parts) expect(text).toMatch(/\.resolve\(["`]libsql["`]\)/)
    expect(manifest.dependencies).toHaveProperty('libsql')
  })

  test('hands on the licence of every package that is part of it', () => {
    const parts = new Set<string>()
    for (const text of built('.js.map').values()) {
      for (const source of (JSON.parse(text) as { readonly sources: string[] }).sources) {
        const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]
        if (name !== undefined) parts.add(name)
      }
    }
    expect([...parts]).toEqual(expect.arrayContaining(['commander', 'pg', 'yaml', 'zod']))
    const notices = read('dist/THIRD-PARTY-NOTICES.txt').split(`\n${'-'.repeat(80)}\n`)
    for (const name of parts) {
      const notice = notices.find((each) => each.trimStart().startsWith(`${name} `)) ?? ''
      expect([name, notice]).toEqual([name, expect.stringMatching(/copyright.*permission/is)])
    }
  })

  test('runs where it was unpacked, as a program and as a library', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
    try {
      const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
      execFileSync('npm', pack, { cwd: root, stdio: 'ignore' })
      execFileSync('tar', ['-xzf', `millrace-${manifest.version}.tgz`], { cwd: folder })
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      const version = [join(folder, 'package', manifest.bin.millrace), '--version']
      expect(execFileSync(process.execPath, version, { encoding: 'utf8' }).trim()).toBe(
        manifest.version,
      )
      const library = `import(${JSON.stringify(join(folder, 'package/dist/src/index.js'))})
        .then((library) => console.log(typeof library.loadProject, typeof library.runActivations))`
      expect(execFileSync(process.execPath, ['-e', library], { encoding: 'utf8' }).trim()).toBe(
        'function function',
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is a command once it is linked, as the README says', () => {
    expect(read('README.md')).toContain('npm run build && npm link')
    const prefix = mkdtempSync(join(tmpdir(), 'millrace-link-'))
    try {
      execFileSync('npm', ['link', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: root,
        stdio: 'ignore',
        env: { ...process.env, npm_config_prefix: prefix },
      })
      const command = join(prefix, 'bin/millrace')
      expect(execFileSync(command, ['--version'], { encoding: 'utf8' }).trim()).toBe(
        manifest.version,
      )
    } finally {
      rmSync(prefix, { recursive: true })
    }
  })

  test('has an entry in the changelog', () => {
    expect(read('CHANGELOG.md')).toContain(`## ${manifest.version}`)
  })

  test('locks what other platforms need too, without which `npm ci` refuses', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>
    }
    const locked = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''))
    const wanted = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    )
    expect(wanted.filter((name) => !locked.includes(name))).toEqual([])
  })

  test('names no registry in its lock file', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      readonly packages: Record<string, { readonly resolved?: string }>
    }
    const named = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)
    expect(named).toEqual([])
  })
})
