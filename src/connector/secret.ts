import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import * as z from 'zod/mini'
import { described } from './described.ts'

const hidden = new WeakMap<Secret, string>()

/** A password, a token or a connection string: prints as `***` wherever it is printed, logged or serialised. */
export class Secret {
  constructor(value: string) {
    hidden.set(this, value)
  }

  /** The secret itself. Only the code that hands it to the driver or to the wire may call this. */
  reveal(): string {
    return hidden.get(this) ?? ''
  }

  /** Stands for the secret where the same one has to be known again and it must not be kept (64 characters). */
  digest(salt: string): string {
    return createHmac('sha256', salt).update(this.reveal()).digest('hex')
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return '***'
  }
}

/** The zod type of an option that is a secret: a non-empty string that becomes a `Secret`. */
export function secretOption(description: string) {
  return described(
    z.pipe(
      z.string().check(z.minLength(1, 'must not be empty')),
      z.transform((value) => new Secret(value)),
    ),
    description,
  )
}
