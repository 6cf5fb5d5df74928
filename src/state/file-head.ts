import type { FileHandle } from 'node:fs/promises'
import { endianness } from 'node:os'
import { crc32 } from 'node:zlib'
import type * as z from 'zod/mini'

/** Bytes before the content of a file that is kept beside the state. */
export const headBytes = 1024

/** Reads the head of a file; null where it is none of this kind, or was written on another kind of machine. */
export async function readHead<Head>(
  handle: FileHandle,
  magic: string,
  schema: z.ZodMiniType<Head>,
): Promise<Head | null> {
  const bytes = Buffer.alloc(headBytes)
  await handle.read(bytes, 0, headBytes, 0)
  const [name, text = '', sum] = bytes.toString('latin1').split('\n')
  if (name !== kindOf(magic) || sum !== String(crc32(text))) return null
  const head = schema.safeParse(JSON.parse(text))
  return head.success ? head.data : null
}

/** Writes the head of a file, whose texts are ASCII. */
export async function writeHead<Head>(
  handle: FileHandle,
  magic: string,
  head: Head,
): Promise<void> {
  const text = JSON.stringify(head)
  await handle.write(`${kindOf(magic)}\n${text}\n${crc32(text)}\n`.padEnd(headBytes), 0, 'latin1')
}

/** Numbers are written as the machine has them. */
function kindOf(magic: string): string {
  return `${magic} ${endianness()}`
}
