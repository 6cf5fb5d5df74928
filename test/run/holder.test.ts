import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { hasEnded, thisHolder } from '../../src/run/holder.ts'

it('names host and process, and knows that this process lives', () => {
  expect(thisHolder()).toContain(`, process ${process.pid}`)
  expect(hasEnded(thisHolder())).toBe(false)
})

it.runIf(existsSync('/proc/self/stat'))(
  'knows a process of this machine that has ended',
  async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    const own = thisHolder()
    const place = /\[(\w+)\./.exec(own)?.[1]
    await new Promise((resolve) => child.once('spawn', resolve))
    const number = child.pid as number
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    expect(hasEnded(`host, process ${number} [${place}.12345]`)).toBe(true)
  },
)

it.runIf(existsSync('/proc/self/stat'))(
  'is not misled by a number that another process has now',
  () => {
    const own = thisHolder()
    expect(hasEnded(own.replace(/\.\w+\]$/, '.1]'))).toBe(true)
  },
)

it('waits for holders of whom it cannot know', () => {
  expect(hasEnded('elsewhere, process 1 [0badcafe.77]')).toBe(false)
  expect(hasEnded('elsewhere, process 1')).toBe(false)
  expect(hasEnded('')).toBe(false)
})
