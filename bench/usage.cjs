// Preloaded into a process that is measured: what it took, as JSON on descriptor 3 when it exits.
const { readFileSync, writeSync } = require('node:fs')

/** Megabytes of memory that the process held at most. Linux counts a parent's memory in `maxRSS` of its children. */
function peakMegabytes() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
}

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  const usage = { cpuSeconds: (user + system) / 1e6, peakMegabytes: peakMegabytes() }
  writeSync(3, JSON.stringify(usage))
})
