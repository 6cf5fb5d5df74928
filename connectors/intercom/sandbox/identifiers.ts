import type { Random } from '../../../src/connector/index.ts'

/** A UUID of version 4 out of handed-in chance. */
export function randomUuid(random: Random): string {
  const digits = [0, 0, 0, 0].map(() =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0'),
  )
  const text = digits.join('')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`
}
