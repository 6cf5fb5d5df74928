// Bundles the program and the library, with the packages that are part of them, into `dist/` or the folder that is named.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

/** The program and the library. */
const products = ['src/cli/main.ts', 'src/index.ts']

/** Where tests and benchmarks reach into what was built. */
const insides = [
  'connectors/duckdb/index.ts',
  'connectors/index.ts',
  'connectors/intercom/index.ts',
  'connectors/postgres/index.ts',
  'src/cli/files.ts',
  'src/cli/prepare.ts',
  'src/cli/start.ts',
  'src/run/planning.ts',
  'src/state/index.ts',
  'src/write/writer.ts',
]

// Native code, what loads files of its own while it runs, and what is used too seldom or by too few to be worth its copy.
const external = /^(knex|pg-native|pino)(\/|$)/

// What is needed together is one file: to open and link a file takes longer than to compile a few kilobytes.
const groups = [
  {
    name: 'base',
    test: /\/connectors\/index\.ts$|\/src\/(report\/(style|text)|run\/(events|holder|index-folder|interruption|system)|cli\/(context|signals))\.ts$/,
  },
  {
    name: 'configuration',
    // What describes schemas to editors is asked for by `millrace schema` alone.
    test: /^(?!.*json-schema).*(\/src\/(config|connector)\/|\/node_modules\/(yaml|zod)\/)/,
  },
  // Their drivers are loaded by whoever opens a state of that kind.
  { name: 'state', test: /\/src\/state\/(?!postgres|sqlite)/ },
  { name: 'run', test: /\/src\/(plan|run|write)\// },
]

/** Only the pool of undici: the rest of it takes 60 ms and 9 MB, of every run that writes. */
function poolOfUndici() {
  const pool = 'undici/lib/dispatcher/pool.js'
  return {
    name: 'pool-of-undici',
    resolveId: (id) => (id === 'undici' ? '\0undici' : null),
    load: (id) => (id === '\0undici' ? `export { default as Pool } from '${pool}'` : null),
  }
}

/** YAML as modules, of which only what is used is kept: every command that reads a project starts 7 ms earlier. */
function modulesOfYaml() {
  const entry = fileURLToPath(new URL('node_modules/yaml/browser/dist/index.js', import.meta.url))
  return { name: 'modules-of-yaml', resolveId: (id) => (id === 'yaml' ? entry : null) }
}

/** Commander can start other programs for subcommands, which is not asked of it: what starts them takes 2 ms to load. */
function noPrograms() {
  return {
    name: 'no-programs',
    resolveId: (id, importer) =>
      id === 'node:child_process' && /\/node_modules\/commander\//.test(importer)
        ? '\0no-programs'
        : null,
    load: (id) => (id === '\0no-programs' ? 'export {}' : null),
  }
}

const duckDb = '@duckdb/node-api'

/**
 * What our own files import of these is required. Where DuckDB's driver is imported, Node first reads its hundred files to
 * learn the names of what they export, which takes 40 ms; where its own modules are, it asks for all that they have, which
 * loads what they keep for those who ask: 3 ms.
 */
const required = {
  [duckDb]: Object.keys(createRequire(import.meta.url)(duckDb)).filter(
    (name) => name !== 'default',
  ),
  'node:crypto': ['createCipheriv', 'createDecipheriv', 'createHash', 'createHmac', 'randomBytes'],
  'node:util': ['inspect', 'parseEnv'],
}

function requiredNotImported() {
  const prefix = '\0required '
  return {
    name: 'required-not-imported',
    resolveId: (id, importer) =>
      Object.hasOwn(required, id) && !importer.includes('/node_modules/') ? `${prefix}${id}` : null,
    load(id) {
      if (!id.startsWith(prefix)) return null
      const module = id.slice(prefix.length)
      return `import { createRequire } from 'node:module'
        export const { ${required[module].join(', ')} } = createRequire(import.meta.url)('${module}')`
    },
  }
}

/**
 * The state's driver, but for how it finds its native part: to learn which libc this is, it has Node write a report on the whole
 * process, which takes 5 ms, where a look at a file tells. The native part is a package that the driver alone depends on.
 */
function quickDriverOfState() {
  const changes = {
    'libsql/index.js': [
      [
        'let target = currentTarget();',
        `let target = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
        ? \`linux-\${process.arch}-\${familySync() === MUSL ? 'musl' : 'gnu'}\`
        : currentTarget();`,
      ],
      [
        'return require(',
        "return require('node:module').createRequire(require.resolve('libsql'))(",
      ],
    ],
    // Other programs are asked only where no file tells: what starts them takes 2 ms to load.
    'detect-libc/lib/detect-libc.js': [
      ["const childProcess = require('child_process');", ''],
      ['childProcess.exec(', "require('child_process').exec("],
      ['childProcess.execSync(', "require('child_process').execSync("],
    ],
  }
  return {
    name: 'quick-driver-of-state',
    transform(code, id) {
      const file = Object.keys(changes).find((each) => id.endsWith(`/node_modules/${each}`))
      if (file === undefined) return null
      const changed = changes[file].reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`${file} has changed: no "${from}"`)
        return text.replace(from, () => to)
      }, code)
      return { code: changed, map: null }
    },
  }
}

/** Adds the licences of everything that became part of the program, as they ask for. */
function notices() {
  return {
    name: 'notices',
    generateBundle(_options, bundle) {
      const folders = new Set()
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const id of chunk.moduleIds) {
          const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0]
          if (folder !== undefined) folders.add(folder)
        }
      }
      const source = [...folders].map(noticeOf).sort().join('\n')
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source })
    },
  }
}

function noticeOf(folder) {
  const read = (file) => readFileSync(`${folder}/${file}`, 'utf8')
  const { name, version, license } = JSON.parse(read('package.json'))
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each))
  // Some say it at the end of their README only.
  const text =
    file === undefined ? /^#* *licen[cs]e\n(.*)/ims.exec(read('README.md'))?.[1] : read(file)
  if (text === undefined) throw new Error(`${name} has no licence to hand on.`)
  return `${name} ${version} (${license})\n\n${text.trim()}\n\n${'-'.repeat(80)}\n`
}

await build({
  input: Object.fromEntries([...products, ...insides].map((file) => [file.slice(0, -3), file])),
  platform: 'node',
  external,
  // To learn whether this is Cloudflare, pg would load all of fetch where there is a Response: 40 ms.
  transform: { define: { Response: 'undefined' } },
  plugins: [
    poolOfUndici(),
    modulesOfYaml(),
    noPrograms(),
    requiredNotImported(),
    quickDriverOfState(),
    notices(),
  ],
  output: {
    dir: process.argv[2] ?? 'dist',
    cleanDir: true,
    sourcemap: true,
    // Stacks name files and lines; the sources themselves are in the repository.
    sourcemapExcludeSources: true,
    chunkFileNames: 'chunks/[name].js',
    // Without comments and spaces every command starts 7 ms earlier; names stay.
    minify: { compress: false, mangle: false, codegen: true },
    codeSplitting: { groups },
  },
})
