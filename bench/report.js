// node bench/report.js FILE [PAGE]: puts the results of `npm run bench -- --out FILE` into docs/performance.md, or another page
// with the same two marks.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { markdown } from './tables.js'

const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->']

const ours = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const [file, page = ours] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('Usage: node bench/report.js FILE [PAGE]\n')
  process.exit(2)
}
const results = JSON.parse(await readFile(file, 'utf8'))
const text = await readFile(page, 'utf8')
const [from, to] = [text.indexOf(begin), text.indexOf(end)]
if (from === -1 || to < from) throw new Error(`${page} lacks the lines ${begin} and ${end}`)
await writeFile(
  page,
  `${text.slice(0, from + begin.length)}\n\n${markdown(results)}\n${text.slice(to)}`,
)
