import type { AttributeType, Model } from './attributes.ts'

const readOnly = false
const writable = true

/** The attributes that every workspace has: full name, type, and whether the API says that it may be written. */
const contact: readonly (readonly [string, AttributeType, boolean])[] = [
  ['id', 'string', readOnly],
  ['external_id', 'string', writable],
  ['role', 'string', writable],
  ['name', 'string', writable],
  ['email', 'string', writable],
  ['phone', 'string', writable],
  ['avatar', 'string', writable],
  ['owner_id', 'integer', writable],
  ['signed_up_at', 'date', writable],
  ['last_seen_at', 'date', writable],
  ['unsubscribed_from_emails', 'boolean', writable],
  ['created_at', 'date', readOnly],
  ['updated_at', 'date', readOnly],
  ['workspace_id', 'string', readOnly],
  ['has_hard_bounced', 'boolean', readOnly],
  ['marked_email_as_spam', 'boolean', readOnly],
  ['last_replied_at', 'date', readOnly],
  ['last_contacted_at', 'date', readOnly],
  ['last_email_opened_at', 'date', readOnly],
  ['last_email_clicked_at', 'date', readOnly],
  ['language_override', 'string', readOnly],
  ['browser', 'string', readOnly],
  ['browser_version', 'string', readOnly],
  ['browser_language', 'string', readOnly],
  ['os', 'string', readOnly],
  ['location.country', 'string', readOnly],
  ['location.region', 'string', readOnly],
  ['location.city', 'string', readOnly],
]

/** company_id is said to be read-only though a create takes it: so Intercom answers. */
const company: readonly (readonly [string, AttributeType, boolean])[] = [
  ['name', 'string', writable],
  ['company_id', 'string', readOnly],
  ['last_request_at', 'date', readOnly],
  ['remote_created_at', 'date', writable],
  ['user_count', 'integer', readOnly],
  ['session_count', 'integer', readOnly],
  ['plan.name', 'string', readOnly],
  ['monthly_spend', 'float', writable],
  ['size', 'integer', writable],
  ['industry', 'string', writable],
  ['website', 'string', writable],
]

export const builtInAttributes = [
  ...contact.map((row) => render('contact', row)),
  ...company.map((row) => render('company', row)),
]

function render(model: Model, [fullName, type, apiWritable]: readonly [string, string, boolean]) {
  const name = fullName.slice(fullName.lastIndexOf('.') + 1)
  return {
    type: 'data_attribute',
    name,
    full_name: fullName,
    label: name.replaceAll('_', ' '),
    data_type: type,
    api_writable: apiWritable,
    ui_writable: false,
    messenger_writable: true,
    custom: false,
    archived: false,
    model,
  }
}
