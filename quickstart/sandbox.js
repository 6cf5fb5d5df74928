import { once } from 'node:events'
import { show, start, Unexpected } from './terminal.js'

const patience = 20_000

/** Starts `millrace sandbox` in the background and waits until it listens. */
export async function openSandbox(folder) {
  const commandArguments = ['sandbox', '--seed', 'sandbox.json']
  const child = start(commandArguments, { folder, environment: {} })
  const closed = once(child, 'close')
  let output = ''
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Unexpected(`The sandbox did not start. It printed:\n${output}`)),
      patience,
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)
        if (found === null || !output.endsWith('\n')) return
        clearTimeout(timer)
        resolve(found[0])
      })
    }
    child.on('close', () => reject(new Unexpected(`The sandbox ended. It printed:\n${output}`)))
  }).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  show(`$ millrace ${commandArguments.join(' ')} &`, output)

  const { token } = await ask('/_sandbox/settings')

  async function ask(path, headers = {}) {
    const response = await fetch(`${url}${path}`, { headers })
    if (!response.ok) throw new Unexpected(`The sandbox answered ${path} with ${response.status}.`)
    return await response.json()
  }

  return {
    url,
    token,
    /** How many contacts or companies it holds. */
    async count(kind) {
      return (await ask('/_sandbox/contents'))[kind].length
    },
    /** How many requests it has had: all of them, or those that write contacts and companies. */
    async calls(which = 'all') {
      const { total, byEndpoint } = await ask('/_sandbox/requests')
      if (which === 'all') return total
      const writes = [
        'POST /contacts',
        'PUT /contacts/{id}',
        'POST /companies',
        'PUT /companies/{id}',
      ]
      return writes.reduce((sum, endpoint) => sum + (byEndpoint[endpoint] ?? 0), 0)
    },
    /** The names of all tags and the company_ids of all companies of a contact, sorted. */
    async tagsAndCompanies(externalId) {
      const { contacts } = await ask('/_sandbox/contents')
      const { tags, companies } = contacts.find((contact) => contact.external_id === externalId)
      return { tags: tags.toSorted(), companies: companies.toSorted() }
    },
    /** A contact as Intercom's API answers it. */
    contact(externalId) {
      return ask(`/contacts/find_by_external_id/${externalId}`, {
        Authorization: `Bearer ${token}`,
        'Intercom-Version': '2.16',
      })
    },
    async close() {
      child.kill('SIGTERM')
      await closed
    },
  }
}
