// `npm run quickstart`: a first look at millrace in a few seconds. It works in a temporary copy of the sample project,
// against a local stand-in for Intercom, and checks every number that it tells.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSandbox } from './sandbox.js'
import { expect, millrace, show, step, tell, Unexpected } from './terminal.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const sample = [
  'millrace.yaml',
  'sandbox.json',
  'data',
  'activations/companies.yaml',
  'activations/people.yaml',
]

/** Replaces a piece of a line of a CSV file, as an update in a warehouse would. */
async function change(file, rowKey, from, to) {
  const lines = (await readFile(file, 'utf8')).split('\n')
  const index = lines.findIndex((line) => line.startsWith(`${rowKey},`))
  const changed = lines[index]?.replace(from, to)
  if (changed === undefined || changed === lines[index]) {
    throw new Unexpected(`The sample data has no ${JSON.stringify(from)} in row ${rowKey}.`)
  }
  lines[index] = changed
  await writeFile(file, lines.join('\n'))
}

async function rowsIn(file) {
  return (await readFile(file, 'utf8')).trim().split('\n').length - 1
}

async function story(folder) {
  const companiesFile = join(folder, 'data/companies.csv')
  const peopleFile = join(folder, 'data/people.csv')
  const partnersFile = join(folder, 'data/partners.csv')
  const companies = await rowsIn(companiesFile)
  const people = await rowsIn(peopleFile)

  tell(`Millrace brings rows of a SQL query to Intercom. Here the warehouse is two CSV files, read by DuckDB: ${companies} companies
and ${people} people. Intercom is a sandbox on this machine. Each activation says which rows go where:`)
  show(
    '$ cat activations/people.yaml',
    await readFile(join(folder, 'activations/people.yaml'), 'utf8'),
  )

  const sandbox = await openSandbox(folder)
  try {
    const companiesBefore = await sandbox.count('companies')
    const contactsBefore = await sandbox.count('contacts')
    const project = {
      folder,
      environment: {
        INTERCOM_BASE_URL: sandbox.url,
        INTERCOM_TOKEN: sandbox.token,
        MILLRACE_STATE: join(folder, '.millrace/state.db'),
        MILLRACE_PROFILE: undefined,
      },
    }

    step(1, 'The first run')
    tell(
      'Nothing has been sent yet, so every row is new: companies first, then the people. One call for each, and a few to prepare.',
    )
    const first = await millrace(['run'], project)
    expect('the exit code', first.code, 0)
    const companiesMade = (await sandbox.count('companies')) - companiesBefore
    const contactsMade = (await sandbox.count('contacts')) - contactsBefore
    expect('the number of new companies in Intercom', companiesMade, companies)
    expect('the number of new contacts in Intercom', contactsMade, people)

    step(2, 'The same again')
    tell(
      'The warehouse has not changed. Millrace remembers what Intercom confirmed, so nothing is sent: no call at all.',
    )
    const before = await sandbox.calls()
    const second = await millrace(['run'], project)
    expect('the exit code', second.code, 0)
    expect('the number of calls', (await sandbox.calls()) - before, 0)

    step(3, 'Some rows change, and one is bad')
    await change(peopleFile, 'usr_20001', 'Zoé Dubois', 'Zoé Dubois-Martin')
    await change(peopleFile, 'usr_20004', 'Office Manager', 'Head of Operations')
    await change(peopleFile, 'usr_20007', 'Account Manager', 'VP Sales')
    await change(companiesFile, 'acc_1001', 'growth,39,1131', 'growth,45,1305')
    await change(companiesFile, 'acc_1002', 'enterprise,43,1935', 'enterprise,43,193500000000')
    tell(`In the warehouse, three people and one company have changed; and somebody gave another company a monthly spend with
eight zeros too many, more than Intercom can hold. What would a run do?`)
    const planned = await millrace(['plan'], project)
    expect('the exit code', planned.code, 0)
    tell(
      'One bad row does not stop the others. It makes the exit code 1, so that a scheduler notices.',
    )
    const writes = await sandbox.calls('writes')
    const third = await millrace(['run'], project)
    expect('the exit code', third.code, 1)
    expect('the number of calls that write', (await sandbox.calls('writes')) - writes, 4)

    step(4, 'What failed, and why')
    tell(
      'Every failure is kept until its row is delivered: which row, which field, what is wrong, and what to do.',
    )
    const failures = await millrace(['failures'], project)
    expect('the exit code', failures.code, 0)
    expect('that the report names the company', failures.output.includes('acc_1002'), true)
    tell(
      'Once the number is mended in the warehouse, the next run delivers that company, and nothing else.',
    )
    await change(companiesFile, 'acc_1002', '193500000000', '2150')
    const unmended = await sandbox.calls('writes')
    const fourth = await millrace(['run', 'companies'], project)
    expect('the exit code', fourth.code, 0)
    expect('the number of calls that write', (await sandbox.calls('writes')) - unmended, 1)

    step(5, 'Tags and companies')
    tell(
      'Another activation says which tags partners shall have, and which companies they shall belong to:',
    )
    await cp(join(root, 'activations/partners.yaml'), join(folder, 'activations/partners.yaml'))
    show(
      "$ sed -n '/^tags/,$p' activations/partners.yaml",
      (await readFile(join(folder, 'activations/partners.yaml'), 'utf8')).replace(
        /^.*?(?=^tags)/ms,
        '',
      ),
    )
    const partners = await millrace(['run', 'partners'], project)
    expect('the exit code', partners.code, 0)
    tell(`One of them loses the certificate, and an account. What a row no longer wants is taken away: one call for the tag and one
for the company, after one that lists the workspace's tags.`)
    await change(partnersFile, 'par_301', 'true', 'false')
    await change(partnersFile, 'par_301', 'acc_1001;acc_1002', 'acc_1002')
    const untagged = await sandbox.calls()
    const fifth = await millrace(['run', 'partners'], project)
    expect('the exit code', fifth.code, 0)
    const { tags, companies: attached } = await sandbox.tagsAndCompanies('par_301')
    expect('the tags', tags.join(), 'Partner,topic: migrations,topic: onboarding')
    expect('the companies', attached.join(), 'acc_1002,agency_brightpath')
    expect('the number of calls', (await sandbox.calls()) - untagged, 3)

    step(6, 'What Intercom holds now')
    const contact = await sandbox.contact('usr_20001')
    expect('the name', contact.name, 'Zoé Dubois-Martin')
    const { type, external_id, name, email, signed_up_at, custom_attributes } = contact
    show(
      'GET /contacts/find_by_external_id/usr_20001',
      JSON.stringify({ type, external_id, name, email, signed_up_at, custom_attributes }, null, 2),
    )
  } finally {
    await sandbox.close()
  }
}

const started = performance.now()
const folder = await mkdtemp(join(tmpdir(), 'millrace-quickstart-'))
try {
  for (const path of sample) await cp(join(root, path), join(folder, path), { recursive: true })
  await story(folder)
  tell(`That was all of it, in ${((performance.now() - started) / 1000).toFixed(1)} s. To go on:

  node dist/src/cli/main.js init my-project    a project of your own
  activations/                                 an example of every mode
  docs/modes.md                                what each mode does, by which identifier, at what cost
  docs/configuration.md                        everything an activation can say
  docs/failures.md                             every failure code, and what to do about it
  docs/scheduling.md                           cron, Airflow, Docker, exit codes`)
} catch (error) {
  if (!(error instanceof Unexpected)) throw error
  process.exitCode = 1
  process.stderr.write(`\nThe quickstart did not go as told. ${error.message}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
