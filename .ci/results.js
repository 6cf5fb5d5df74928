// Reads the JSON results that vitest wrote, one per version of Node, and prints what they come to.
// Exits 1 where a test failed, where a run left no result, or where none ran.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2] ?? '.'
const total = { passed: 0, failed: 0, skipped: 0 }
let unsuccessful = false

for (const file of readdirSync(folder)
  .filter((name) => /^result-\d+\.json$/.test(name))
  .sort()) {
  const result = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const passed = result.numPassedTests
  // A file that could not be loaded has failed, although none of its tests was counted.
  const broken = result.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  ).length
  const failed = result.numFailedTests + broken
  const skipped = result.numPendingTests + result.numTodoTests
  console.log(
    `Node ${file.match(/\d+/)[0]}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  )
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  if (!result.success) unsuccessful = true
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = unsuccessful || total.failed > 0 || total.passed === 0 ? 1 : 0
