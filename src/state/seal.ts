import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/**
 * Makes text unreadable for everybody but this process: its key is nowhere else, and gone with it. What is on disk of
 * a run that was killed, in a backup or in the log of a database, so holds no values.
 */
export class Seal {
  readonly #key = randomBytes(32)

  /** The text, in UTF-8, encrypted, as base64. */
  close(text: Uint8Array): string {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv(algorithm, this.#key, iv)
    const sealed = [iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]
    return Buffer.concat(sealed).toString('base64')
  }

  /** The text that `close` was given. Throws where another seal closed it. */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, ivBytes))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const text = decipher.update(bytes.subarray(ivBytes, -tagBytes))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  }
}
