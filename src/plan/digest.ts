import { createHash } from 'node:crypto'
import { murmur128 } from '../connector/index.ts'
import { writeText } from './text-bytes.ts'

/** A 128-bit digest as four 32-bit words, the first the most significant. */
export type DigestWords = Int32Array

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Characters of a digest as text. */
export const digestLength = 22
const textPattern = /^[\w-]{21}[AQgw]$/

const sextets = new Int32Array(128)
for (let index = 0; index < alphabet.length; index += 1) {
  sextets[alphabet.charCodeAt(index)] = index
}

/** Room for one digest. */
export function digestRoom(): DigestWords {
  return new Int32Array(4)
}

export function isSameDigest(a: DigestWords, b: DigestWords): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]
}

let written = Buffer.allocUnsafeSlow(1024)
let writtenView = new DataView(written.buffer)

/** The digest of a text, written to `into`: the MurmurHash3 of its UTF-8. It holds no halves of surrogate pairs. */
export function digest(text: string, into: DigestWords): void {
  const most = text.length * 3
  if (most > written.length) {
    written = Buffer.allocUnsafeSlow(most)
    writtenView = new DataView(written.buffer)
  }
  murmur128(writtenView, 0, writeText(text, written, 0), into)
}

/**
 * A digest of a text that what is kept for good rests on: the first 128 bits of its SHA-256. Where it would change, keys
 * that stand in the snapshot would be others.
 */
export function lastingDigest(text: string, into: DigestWords): void {
  const bytes = createHash('sha256').update(text).digest()
  for (let word = 0; word < 4; word += 1) into[word] = bytes.readInt32BE(word * 4)
}

const formatted = Buffer.alloc(16)

/** A digest as base64url without padding: 22 characters. */
export function formatDigest(words: DigestWords): string {
  for (let word = 0; word < 4; word += 1) formatted.writeInt32BE(words[word] as number, word * 4)
  return formatted.toString('base64url')
}

/** Reads what `formatDigest` wrote; false where `text` is no such thing. */
export function parseDigest(text: string, into: DigestWords): boolean {
  if (text.length !== digestLength || !textPattern.test(text)) return false
  const at = (index: number) => sextets[text.charCodeAt(index)] ?? 0
  into[0] =
    (at(0) << 26) | (at(1) << 20) | (at(2) << 14) | (at(3) << 8) | (at(4) << 2) | (at(5) >> 4)
  into[1] =
    (at(5) << 28) | (at(6) << 22) | (at(7) << 16) | (at(8) << 10) | (at(9) << 4) | (at(10) >> 2)
  into[2] =
    (at(10) << 30) | (at(11) << 24) | (at(12) << 18) | (at(13) << 12) | (at(14) << 6) | at(15)
  into[3] =
    (at(16) << 26) | (at(17) << 20) | (at(18) << 14) | (at(19) << 8) | (at(20) << 2) | (at(21) >> 4)
  return true
}
