import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { ConfigurationError } from '../../src/connector/index.ts'

type FileName = 'ca' | 'cert' | 'key'

/**
 * How Node does what libpq's sslmode says, with the content of files that are named relative to a folder.
 * Throws `ConfigurationError` where one of them cannot be read, or used.
 */
export async function tlsOptions(
  mode: string,
  files: Readonly<Record<FileName, string | undefined>>,
  folder: string,
): Promise<ConnectionOptions> {
  const contents: Partial<Record<FileName, string>> = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = files[name]
    if (file !== undefined) contents[name] = await readPem(name, resolve(folder, file))
  }
  // libpq: `require` verifies the chain, not the name, as soon as there is a root certificate.
  // https://www.postgresql.org/docs/current/libpq-ssl.html#LIBQ-SSL-CERTIFICATES
  const chain =
    mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && contents.ca)
  return {
    ...contents,
    rejectUnauthorized: Boolean(chain),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

const labels: Readonly<Record<FileName, string>> = {
  ca: 'CERTIFICATE',
  cert: 'CERTIFICATE',
  key: 'PRIVATE KEY',
}

async function readPem(name: FileName, path: string): Promise<string> {
  const file = `the file that \`ssl.${name}\` names, ${path}`
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`Cannot read ${file}: ${(error as Error).message}.`)
  }
  const label = labels[name]
  // Some keys say more: "RSA PRIVATE KEY".
  if (!new RegExp(`-----BEGIN [A-Z0-9 ]*${label}-----`).test(text)) {
    throw new ConfigurationError(`There is no "-----BEGIN ${label}-----" in ${file}.`)
  }
  const { createSecureContext } = await import('node:tls')
  try {
    // As `ca`, what cannot be read would be passed over in silence.
    createSecureContext(name === 'key' ? { key: text } : { cert: text })
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(text) ? '; a key must not ask for a passphrase' : ''
    throw new ConfigurationError(`Cannot use ${file}: ${(error as Error).message}${encrypted}.`)
  }
  return text
}
