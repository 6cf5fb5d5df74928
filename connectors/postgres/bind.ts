import type { DecodedColumn } from './values.ts'

/**
 * The message that asks for the columns of the statement that was parsed last, each in its form, where the statement has no
 * parameters. pg itself asks for all columns in one form.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND
 */
export function bindMessage(columns: readonly DecodedColumn[]): Buffer {
  const forms = columns.map(({ form }) => (form === 'binary' ? 1 : 0))
  const message = Buffer.alloc(13 + forms.length * 2)
  message.write('B')
  message.writeInt32BE(message.length - 1, 1)
  // Both without a name, no parameters.
  message.writeInt16BE(forms.length, 11)
  for (const [position, form] of forms.entries()) message.writeInt16BE(form, 13 + position * 2)
  return message
}
