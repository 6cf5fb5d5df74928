import type { AttributeValue, Contact } from './contact.ts'
import { parameterInvalid } from './errors.ts'
import type { Workspace } from './workspace.ts'

export type SearchType = 'string' | 'integer' | 'float' | 'boolean' | 'date'

/** The fields that search takes, with their types; those that the sandbox never fills are null for every contact. */
const fields: ReadonlyMap<string, SearchType> = new Map<string, SearchType>([
  ...strings('id role name avatar owner_id email email_domain phone formatted_phone external_id'),
  ...strings('language_override browser browser_language os'),
  ...strings('location.country location.region location.city segment_id tag_id'),
  ...strings('ios_app_version ios_device ios_app_device ios_os_version ios_app_name'),
  ...strings('ios_sdk_version android_app_version android_device android_app_name'),
  ...strings('android_sdk_version andoid_sdk_version'),
  ...['unsubscribed_from_emails', 'marked_email_as_spam', 'has_hard_bounced'].map(
    (name): [string, SearchType] => [name, 'boolean'],
  ),
  ...[
    'created_at signed_up_at updated_at last_seen_at last_contacted_at last_replied_at',
    'last_email_opened_at last_email_clicked_at ios_last_seen_at android_last_seen_at',
  ].flatMap((names) => names.split(' ').map((name): [string, SearchType] => [name, 'date'])),
])

function strings(names: string): [string, SearchType][] {
  return names.split(' ').map((name) => [name, 'string'])
}

const custom = 'custom_attributes.'

/** The type of a field. Throws a 400 for one that search does not take. */
export function typeOf(name: string, workspace: Workspace): SearchType {
  const type = fields.get(name)
  if (type !== undefined) return type
  if (name.startsWith(custom)) {
    const attribute = workspace.attributes.find('contact', name.slice(custom.length))
    if (attribute !== undefined) return attribute.type
    throw parameterInvalid(`Custom attribute '${name.slice(custom.length)}' does not exist`)
  }
  throw parameterInvalid(`'${name}' is not a field that contacts can be searched by`)
}

/** What a contact has in a field; null where nothing. Throws a 400 for a field that search does not take. */
export function fieldValue(contact: Contact, name: string, workspace: Workspace): AttributeValue {
  typeOf(name, workspace)
  return reader(name)(contact)
}

const none = () => null

/** Reads a field that `typeOf` knows. */
export function reader(name: string): (contact: Contact) => AttributeValue {
  if (name.startsWith(custom)) {
    const attribute = name.slice(custom.length)
    return (contact) => contact.custom_attributes[attribute] ?? null
  }
  switch (name) {
    case 'id':
    case 'role':
    case 'name':
    case 'avatar':
    case 'owner_id':
    case 'email':
    case 'phone':
    case 'external_id':
    case 'created_at':
    case 'updated_at':
    case 'signed_up_at':
    case 'last_seen_at':
    case 'unsubscribed_from_emails':
      return (contact) => contact[name]
    case 'formatted_phone':
      return (contact) => contact.phone
    case 'email_domain':
      return (contact) => contact.email?.split('@').at(-1) ?? null
    case 'marked_email_as_spam':
    case 'has_hard_bounced':
      return () => false
    default:
      return none
  }
}
