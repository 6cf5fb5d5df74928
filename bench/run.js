// `npm run bench [-- ROWS]`: a table for people, and the same as one JSON object on the last line.
import { benchPlanner } from './planner.js'

const rows = Number(process.argv[2] ?? 200_000)
if (!Number.isInteger(rows) || rows < 1) {
  process.stderr.write('Usage: npm run bench -- ROWS\n')
  process.exit(2)
}

const results = await benchPlanner(rows)
const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024)

console.log(
  `${'planner'.padEnd(24)}${'rows/s'.padStart(12)}${'seconds'.padStart(10)}${'ratio'.padStart(8)}`,
)
for (const { name, seconds, rowsPerSecond, ratio } of results) {
  const cells = [
    name.padEnd(24),
    rowsPerSecond.toLocaleString('en-US').padStart(12),
    seconds.toFixed(2).padStart(10),
    `${ratio.toFixed(1)}x`.padStart(8),
  ]
  console.log(cells.join(''))
}
console.log(`peak memory ${peakMegabytes} MB, Node ${process.version}`)
console.log(
  JSON.stringify({ planner: results, peak_megabytes: peakMegabytes, node: process.version }),
)
