import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Overflow } from '../../src/plan/interfaces.ts'
import { openOverflow } from '../../src/state/overflow-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-overflow-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function opened(file: string): Promise<Overflow> {
  const overflow = await openOverflow(file)
  if (overflow === null) throw new Error('the file was not made')
  return overflow
}

async function read(overflow: Overflow, at: number, length: number): Promise<string> {
  const into = new Uint8Array(length)
  await overflow.read(into, at)
  return Buffer.from(into).toString()
}

test('gives back what was put into it, and leaves nothing behind', async () => {
  const file = join(folder, 'index', 'people.index.overflow')
  const overflow = await opened(file)
  expect(await overflow.write(Buffer.from('second'), 5)).toBe(true)
  expect(await overflow.write(Buffer.from('first'), 0)).toBe(true)
  expect(await read(overflow, 5, 6)).toBe('second')
  expect(await read(overflow, 0, 5)).toBe('first')
  await expect(overflow.read(new Uint8Array(6), 6)).rejects.toThrow('cut off')
  await overflow.close()
  expect(existsSync(file)).toBe(false)
})

test('takes nothing over from a process that died', async () => {
  const file = join(folder, 'people.index.overflow')
  writeFileSync(file, 'left behind')
  const overflow = await opened(file)
  await expect(overflow.read(new Uint8Array(1), 0)).rejects.toThrow('cut off')
  await overflow.close()
})

test('says that it could not be made, or written', async () => {
  writeFileSync(join(folder, 'file'), '')
  expect(await openOverflow(join(folder, 'file', 'people.index.overflow'))).toBe(null)
  const overflow = await opened(join(folder, 'people.index.overflow'))
  await overflow.close()
  expect(await overflow.write(Buffer.from('late'), 0)).toBe(false)
})
