// Makes companies.csv and people.csv: `node data/generate.js`. The same every time; every name is invented,
// and every domain ends in `.example`, which nobody can own.
import { writeFileSync } from 'node:fs'

/** A number in [0, 1), the same row of numbers each time (mulberry32). */
let seed = 20260101
function random() {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}
const whole = (from, to) => from + Math.floor(random() * (to - from + 1))
const pick = (list) => list[whole(0, list.length - 1)]

const firstWords =
  'Alder Amber Anchor Arbor Aurora Basalt Beacon Birch Cedar Cobalt Copper Coral Delta Ember Fjord Granite Harbor Hazel Indigo Juniper Kestrel Lantern Linden Lumen Maple Meridian Nimbus Nordwind Onyx Opal Orchard Pebble Pine Prism Quartz Quill River Saffron Sierra Slate Solstice Sparrow Sterling Summit Tidal Timber Umber Vela Verdant Willow Zephyr'.split(
    ' ',
  )
const industries = {
  Software: ['Labs', 'Software', 'Systems'],
  Logistics: ['Freight', 'Logistics', 'Shipping'],
  Healthcare: ['Clinics', 'Health', 'Care'],
  Retail: ['Goods', 'Market', 'Outfitters'],
  Education: ['Academy', 'Learning', 'Press'],
  'Financial Services': ['Capital', 'Payments', 'Ledger'],
  Manufacturing: ['Works', 'Tooling', 'Robotics'],
  Hospitality: ['Hotels', 'Kitchens', 'Travel'],
}
const plans = {
  starter: { seats: [1, 5], seatPrice: 19 },
  growth: { seats: [5, 40], seatPrice: 29 },
  enterprise: { seats: [40, 400], seatPrice: 45 },
}
const cultures = [
  [
    'Emma Oliver Grace Noah Amelia Jack Hannah Thomas'.split(' '),
    'Walker Bennett Hughes Clarke Foster Reed'.split(' '),
  ],
  [
    'Lucía Mateo Valentina Santiago Camila Diego Inés'.split(' '),
    'García Fernández Ortiz Navarro Peña Castillo'.split(' '),
  ],
  [
    'Zoé Léa Hugo Camille Étienne Chloé'.split(' '),
    'Lefèvre Moreau Girard Dubois Béranger'.split(' '),
  ],
  [
    'Jürgen Anna Lukas Käthe Felix Johanna'.split(' '),
    'Müller Schäfer Vogel Köhler Weiß Lindner'.split(' '),
  ],
  [
    'Aarav Priya Rohan Ananya Vikram Meera'.split(' '),
    'Sharma Iyer Patel Nair Reddy Banerjee'.split(' '),
  ],
  ['Yuki Haruto Sakura Ren Aoi Kenji'.split(' '), 'Tanaka Sato Nakamura Kobayashi Mori'.split(' ')],
  ['Wei Xiulan Jun Mei Hao Ling'.split(' '), 'Chen Zhang Liu Huang Zhao'.split(' ')],
  [
    'Amara Chinedu Ngozi Tunde Zainab Kwame'.split(' '),
    'Okafor Adeyemi Mensah Balogun Eze'.split(' '),
  ],
  ['Layla Omar Fatima Yusuf Noor Karim'.split(' '), 'Haddad Mansour Rahman Khalil Aziz'.split(' ')],
  [
    'Ingrid Søren Astrid Magnus Freja Elin'.split(' '),
    'Bergström Nielsen Dahl Lindqvist Åkesson'.split(' '),
  ],
  [
    'Zofia Piotr Katarzyna Marek Agnieszka'.split(' '),
    'Nowak Wójcik Kowalczyk Zieliński'.split(' '),
  ],
  ['Siobhán Niamh Cillian Aoife Sean'.split(' '), ["O'Brien", 'Kelly', "O'Neill", 'Byrne']],
]
const titles = [
  'Account Manager',
  'Data Analyst',
  'Engineer',
  'Founder',
  'Head of Operations',
  'Marketing Manager',
  'Office Manager',
  'Product Manager',
  'Support Lead',
  'VP Sales',
]
const letters = { ø: 'o', ß: 'ss', ł: 'l', ń: 'n', "'": '' }

/** A name as it stands in an address: `Søren` is `soren`. */
function address(name) {
  return name
    .toLowerCase()
    .replace(/[øßłń']/g, (letter) => letters[letter])
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
}

const day = 86_400_000
const end = Date.UTC(2026, 0, 15)
const timestamp = (milliseconds) =>
  new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace('.000Z', 'Z')

const companies = firstWords
  .slice(0, 50)
  .concat(firstWords.slice(0, 10))
  .map((word, index) => {
    const industry = pick(Object.keys(industries))
    const name = `${word} ${pick(industries[industry])}`
    const plan = pick(['starter', 'starter', 'growth', 'growth', 'growth', 'enterprise'])
    const seats = whole(...plans[plan].seats)
    const domain = `${address(name).replaceAll(' ', '-')}.example`
    const created = end - whole(60, 1400) * day - whole(0, day)
    return {
      account_id: `acc_${1001 + index}`,
      name,
      website: `https://www.${domain}`,
      industry: random() < 0.08 ? '' : industry,
      employees: seats * whole(1, 6) + whole(0, 9),
      plan,
      seats,
      mrr: seats * plans[plan].seatPrice,
      created_at: created,
      domain,
    }
  })

const taken = new Set()
const people = []
while (people.length < 400) {
  // Every company has somebody; large ones have more.
  const company =
    people.length < companies.length
      ? companies[people.length]
      : companies[Math.floor(random() ** 1.6 * companies.length)]
  const [given, family] = pick(cultures)
  const first = pick(given)
  const last = pick(family)
  const email = `${address(first)}.${address(last)}@${company.domain}`
  if (taken.has(email)) continue
  taken.add(email)
  const signedUp = company.created_at + Math.floor(random() * (end - company.created_at))
  const lastSeen = signedUp + Math.floor(random() ** 0.4 * (end - signedUp))
  people.push({
    user_id: `usr_${20001 + people.length}`,
    email,
    full_name: `${first} ${last}`,
    job_title: random() < 0.1 ? '' : pick(titles),
    plan: company.plan,
    logins_30d: Math.floor(random() ** 2 * 60),
    is_admin: people.length < companies.length,
    newsletter: random() < 0.7,
    signed_up_at: timestamp(signedUp),
    last_seen_at: random() < 0.05 ? '' : timestamp(lastSeen),
    account_id: company.account_id,
  })
}

function writeCsv(file, columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))]
  writeFileSync(new URL(file, import.meta.url), lines.map((line) => `${line.join(',')}\n`).join(''))
}

writeCsv(
  'companies.csv',
  ['account_id', 'name', 'website', 'industry', 'employees', 'plan', 'seats', 'mrr', 'created_at'],
  companies.map((company) => ({ ...company, created_at: timestamp(company.created_at) })),
)
writeCsv('people.csv', Object.keys(people[0]), people)
