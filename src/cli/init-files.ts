/** The port that the example's sandbox listens on. */
export const sandboxPort = 4010

const project = `# What millrace reads from and writes to. Every \${NAME} comes from the environment, or from .env beside this file.
sources:
  warehouse:
    type: duckdb # no path: queries read the CSV, Parquet or JSON files beside this one

targets:
  intercom:
    type: intercom
    token: \${INTERCOM_TOKEN:-sandbox-token}
    # The local sandbox. For Intercom itself: remove this line, and say \`region: us\`, \`eu\` or \`au\`.
    base_url: \${INTERCOM_BASE_URL:-http://127.0.0.1:${sandboxPort}}
`

const companies = `# Every account is a company in Intercom.
query: |
  select account_id, name, website, plan, seats, created_at
  from 'data/companies.csv'

target: company
mode: upsert
identifier: company_id
fields: # Intercom's field: the query's column
  company_id: account_id
  name: name
  website: website
  plan: plan
  remote_created_at: created_at
  custom_attributes.seats: seats
`

const people = `# Every user is a contact in Intercom.
query: |
  select user_id, email, full_name, job_title, signed_up_at
  from 'data/people.csv'

target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
  signed_up_at: signed_up_at
  custom_attributes.job_title: { column: job_title, on_null: skip } # unknown: leave what Intercom has
`

const companyRows = `account_id,name,website,plan,seats,created_at
acc-1,Harbour Books,https://harbour-books.example,team,12,2024-03-04T09:12:00Z
acc-2,Northwind Tea,https://northwind-tea.example,business,48,2023-11-20T14:05:30Z
acc-3,Lumen Cycles,https://lumen-cycles.example,free,3,2025-06-01T08:00:00Z
`

const peopleRows = `user_id,email,full_name,job_title,signed_up_at
u-1,ada@harbour-books.example,Ada Marsh,Owner,2024-03-04T09:12:00Z
u-2,ben@harbour-books.example,Ben Osei,Buyer,2024-03-06T10:40:12Z
u-3,chiara@northwind-tea.example,Chiara Conti,Head of Sales,2023-11-20T14:05:30Z
u-4,dmitri@northwind-tea.example,Dmitri Volkov,,2024-01-15T07:30:00Z
u-5,elif@northwind-tea.example,Elif Kaya,Support Lead,2025-02-02T16:22:45Z
u-6,femi@lumen-cycles.example,Femi Adeyemi,Founder,2025-06-01T08:00:00Z
`

const sandbox = `{
  "attributes": ["company.seats:integer", "contact.job_title:string"]
}
`

const environment = `# Copy to .env, which git ignores. The environment wins over .env.
INTERCOM_TOKEN=the access token of your app
`

const ignored = `.env
.millrace/
`

/** The files of a project that runs as it stands, by path. */
export const projectFiles: Readonly<Record<string, string>> = {
  'millrace.yaml': project,
  'activations/companies.yaml': companies,
  'activations/people.yaml': people,
  'data/companies.csv': companyRows,
  'data/people.csv': peopleRows,
  'sandbox.json': sandbox,
  '.env.example': environment,
  '.gitignore': ignored,
}
