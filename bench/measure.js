// Whole processes are measured, from their start to their end, and in turns: what disturbs the machine for a while
// disturbs all of them.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { interruption } from './interruption.js'

const usage = fileURLToPath(new URL('usage.cjs', import.meta.url))

/**
 * Runs a program to its end, its standard output read, or dropped as by `> /dev/null`. Resolves to the seconds of the
 * clock and what it printed. Rejects where it ends with another exit code than `expected`, and once it has ended where the
 * benchmark is broken off, which kills it.
 */
export async function runProcess(command, args, options = {}) {
  const { output = 'pipe', expected = 0, ...rest } = options
  const started = performance.now()
  interruption.throwIfAborted()
  const child = spawn(command, args, {
    stdio: ['ignore', output, 'pipe', 'pipe'],
    signal: interruption,
    killSignal: 'SIGKILL',
    ...rest,
  })
  const texts = ['', '', '', '']
  for (const descriptor of [1, 2, 3]) {
    child.stdio[descriptor]?.setEncoding('utf8').on('data', (text) => {
      texts[descriptor] += text
    })
  }
  let seconds = 0
  child.once('exit', () => {
    seconds = (performance.now() - started) / 1000
  })
  const code = await new Promise((resolve, reject) => {
    // One that is killed has not ended yet when that is said.
    child.once('error', (error) => {
      if (error.name !== 'AbortError') reject(error)
    })
    child.once('close', resolve)
  })
  interruption.throwIfAborted()
  if (code !== expected) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${texts[2].slice(-2000)}`)
  }
  return { seconds, stdout: texts[1], used: texts[3] }
}

/** Runs a program of Node as `runProcess` does. Resolves also to its CPU seconds and the memory it held at most. */
export async function runNode(args, options) {
  const result = await runProcess(process.execPath, ['--require', usage, ...args], options)
  return { ...result, ...JSON.parse(result.used) }
}

/**
 * Measures every variant once a round, each round beginning with another one; the first round warms up and is dropped.
 * A variant has a `name`, `run`, which resolves to figures, and may have `prepare`, which is not measured.
 * Resolves to the figures of each variant by its name, one entry a round.
 */
export async function inTurns(variants, rounds) {
  const figures = new Map(variants.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const { name, prepare, run } = variants[(round + turn) % variants.length]
      await prepare?.()
      const measured = await run()
      if (round > 0) figures.get(name).push(measured)
    }
  }
  return figures
}

/** The middle of some numbers; null for none, and where one is missing. */
export function median(numbers) {
  if (numbers.length === 0 || numbers.includes(undefined)) return null
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : (sorted[middle - 1] + sorted[middle]) / 2
}

/** What the rounds of one variant come to: medians; `ratio` is that of the ratios to the baseline's same rounds. */
export function summarizeRounds(measured, baseline) {
  const seconds = measured.map((figure) => figure.seconds)
  return {
    seconds: median(seconds),
    seconds_min: Math.min(...seconds),
    seconds_max: Math.max(...seconds),
    ratio: baseline && median(seconds.map((value, round) => value / baseline[round].seconds)),
    cpu_seconds: median(measured.map((figure) => figure.cpuSeconds)),
    peak_megabytes: median(measured.map((figure) => figure.peakMegabytes)),
  }
}
