import type { AppliedTag } from './tag.ts'

/** What became of a contact. A deleted one is kept, since it still blocks its external_id and its email. */
export type ContactState = 'active' | 'archived' | 'deleted' | 'merged'

export type AttributeValue = string | number | boolean | null

/** A contact as the sandbox holds it. Never changed: a write puts a new one in its place. */
export interface Contact {
  readonly id: string
  /** The order of creation. */
  readonly sequence: number
  readonly state: ContactState
  /** The id of the contact into which it was merged. */
  readonly mergedInto: string | null
  readonly role: 'user' | 'lead'
  readonly external_id: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly name: string | null
  readonly avatar: string | null
  readonly owner_id: string | null
  readonly unsubscribed_from_emails: boolean
  readonly signed_up_at: number | null
  readonly last_seen_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly custom_attributes: Readonly<Record<string, AttributeValue>>
  readonly tags: readonly AppliedTag[]
  /** Intercom ids of its companies, in the order in which they were attached. */
  readonly companies: readonly string[]
}

/** An email as it is compared: case and surrounding space do not matter. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** Entries of a list inside a contact, at most; the rest has to be fetched. */
const mostEmbedded = 10

function list(url: string, type = '', ids: readonly string[] = []) {
  const plural = type === 'company' ? 'companies' : `${type}s`
  return {
    type: 'list',
    data: ids.slice(0, mostEmbedded).map((id) => ({ type, id, url: `/${plural}/${id}` })),
    url,
    total_count: ids.length,
    has_more: ids.length > mostEmbedded,
  }
}

/** A contact as Intercom answers it in a version of the API. */
export function renderContact(contact: Contact, appId: string, version: number) {
  const path = `/contacts/${contact.id}`
  return {
    type: 'contact',
    id: contact.id,
    workspace_id: appId,
    external_id: contact.external_id,
    role: contact.role,
    email: contact.email,
    phone: contact.phone,
    name: contact.name,
    avatar: contact.avatar === null ? null : { type: 'avatar', image_url: contact.avatar },
    owner_id:
      contact.owner_id === null || version >= 216 ? contact.owner_id : Number(contact.owner_id),
    social_profiles: { type: 'list', data: [] },
    has_hard_bounced: false,
    marked_email_as_spam: false,
    unsubscribed_from_emails: contact.unsubscribed_from_emails,
    created_at: contact.created_at,
    updated_at: contact.updated_at,
    signed_up_at: contact.signed_up_at,
    last_seen_at: contact.last_seen_at,
    last_replied_at: null,
    last_contacted_at: null,
    last_email_opened_at: null,
    last_email_clicked_at: null,
    language_override: null,
    browser: null,
    browser_version: null,
    browser_language: null,
    os: null,
    location: {
      type: 'location',
      country: null,
      region: null,
      city: null,
      country_code: null,
      continent_code: null,
    },
    android_app_name: null,
    android_app_version: null,
    android_device: null,
    android_os_version: null,
    android_sdk_version: null,
    android_last_seen_at: null,
    ios_app_name: null,
    ios_app_version: null,
    ios_device: null,
    ios_os_version: null,
    ios_sdk_version: null,
    ios_last_seen_at: null,
    custom_attributes: contact.custom_attributes,
    tags: list(
      `${path}/tags`,
      'tag',
      contact.tags.map(({ id }) => id),
    ),
    notes: list(`${path}/notes`),
    companies: list(`${path}/companies`, 'company', contact.companies),
    opted_out_subscription_types: list(`${path}/subscriptions`),
    opted_in_subscription_types: list(`${path}/subscriptions`),
    utm_campaign: null,
    utm_content: null,
    utm_medium: null,
    utm_source: null,
    utm_term: null,
    referrer: null,
    enabled_push_messaging: null,
  }
}
