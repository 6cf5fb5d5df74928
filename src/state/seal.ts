import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16

/**
 * Makes bytes unreadable for everybody but this process: its key is nowhere else, and gone with it. What is on disk of
 * a run that was killed, in a backup or in the log of a database, so holds no values.
 */
export class Seal {
  readonly #key = randomBytes(32)

  /** The bytes, encrypted. */
  close(bytes: Uint8Array): Buffer {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv(algorithm, this.#key, iv)
    return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }

  /** The bytes that `close` was given. Throws where another seal closed them. */
  open(sealed: Uint8Array): Buffer {
    const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, ivBytes))
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    const bytes = decipher.update(sealed.subarray(ivBytes, -tagBytes))
    return Buffer.concat([bytes, decipher.final()])
  }
}
