import { describe, expect, it } from 'vitest'
import { planMarkdown, planText } from '../../src/report/plan.ts'
import { planJson } from '../../src/report/plan-json.ts'
import { plain } from '../../src/report/style.ts'
import type { ActivationPlan } from '../../src/run/plan.ts'

const plan: ActivationPlan = {
  activation: 'people',
  target: 'intercom',
  object: 'contact',
  mode: 'upsert',
  keepsValues: true,
  totals: {
    rows: 10_000,
    create: 120,
    update: 34,
    delete: 0,
    archive: 3,
    untag: 0,
    unchanged: 9843,
    waiting: 0,
    rejected: 3,
    repeated: 0,
    removed: 5,
    known: 9_882,
    changedFields: { name: 4, 'custom_attributes.plan': 31 },
  },
  operations: [
    { key: 'user-1', kind: 'create', changed: ['email', 'name'] },
    { key: 'user-2', kind: 'update', changed: ['name', 'custom_attributes.plan'] },
    { key: 'user-9', kind: 'archive', changed: [] },
  ],
  rejected: [
    { key: 'user-3', code: 'invalid_value', message: 'email is not an address' },
    { key: 'user-4', code: 'duplicate_key', message: '2 rows with this key differ' },
  ],
  refusals: ['max_removals: 5 keys'],
  error: null,
  exitCode: 0,
}

const failed: ActivationPlan = {
  ...plan,
  activation: 'companies',
  object: 'company',
  totals: null,
  operations: [],
  rejected: [],
  refusals: [],
  error: 'activations/companies.yaml:3:8: column "nam" does not exist',
  exitCode: 2,
}

const hostile: ActivationPlan = {
  ...plan,
  operations: [{ key: '</code><script>|`x`\u001b[31m\n', kind: 'create', changed: [] }],
  rejected: [],
}

describe('planText', () => {
  it('shows totals, fields, keys and rejected rows', () => {
    expect(planText([plan], plain)).toMatchInlineSnapshot(`
      "people: upsert intercom.contact
        10,000 rows: 120 new, 34 changed, 3 to archive, 9,843 unchanged, 3 rejected
        2 keys no longer in the query, kept in the target
        a run would be refused: max_removals: 5 keys
        changed fields: custom_attributes.plan 31, name 4
        + user-1
        ~ user-2  name, custom_attributes.plan
        - user-9  archive
        … 154 more (--show N)
        rejected: invalid_value
          user-3: email is not an address
        rejected: duplicate_key
          user-4: 2 rows with this key differ
        … 1 more rejected (--show N)
      "
    `)
  })

  it('shows why a plan failed, and the others all the same', () => {
    const text = planText([failed, plan], plain)
    expect(text).toContain('companies: upsert intercom.company\n  activations/companies.yaml:3:8: ')
    expect(text).toContain('10,000 rows')
  })

  it('prints no key raw', () => {
    expect(planText([hostile], plain)).toContain('+ </code><script>|`x`\\u001b[31m\\n\n')
  })
})

describe('planMarkdown', () => {
  it('suits a comment on a pull request', () => {
    expect(planMarkdown([plan, failed])).toMatchInlineSnapshot(`
      "### millrace plan: 157 operations in 2 activations

      #### people → intercom.contact

      | rows | new | changed | to delete | to archive | to untag | unchanged | rejected | waiting | no longer in the query |
      |---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
      | 10,000 | 120 | 34 | 0 | 3 | 0 | 9,843 | 3 | 0 | 5 |

      > **A run would be refused:** max\\_removals: 5 keys

      Changed fields: \`custom_attributes.plan\` 31, \`name\` 4

      <details><summary>First 3 operations</summary>

      | key | operation |
      |---|---|
      | \`user-1\` | new |
      | \`user-2\` | changed: \`name\`, \`custom_attributes.plan\` |
      | \`user-9\` | archive |

      … 154 more

      </details>

      Rejected rows:

      | code | key | message |
      |---|---|---|
      | \`invalid_value\` | \`user-3\` | email is not an address |
      | \`duplicate_key\` | \`user-4\` | 2 rows with this key differ |

      … 1 more

      #### companies → intercom.company

      > **This plan failed.**  
      > activations/companies.yaml:3:8: column "nam" does not exist  
      "
    `)
  })

  it('takes nothing from a key for markup', () => {
    expect(planMarkdown([hostile])).toContain(
      '| <code>&lt;/code&gt;&lt;script&gt;\\|\\`x\\`\\\\u001b\\[31m\\\\n</code> | new |',
    )
  })
})

describe('a key of a megabyte', () => {
  const key = 'k'.repeat(1_000_000)
  const long: ActivationPlan = {
    ...plan,
    operations: [{ key, kind: 'create', changed: [] }],
    rejected: [{ key, code: 'invalid_value', message: 'is too long' }],
  }

  it('is cut for people and whole for programs', () => {
    expect(planText([long], plain)).toContain(`+ ${'k'.repeat(119)}…\n`)
    expect(planText([long], plain).length).toBeLessThan(1000)
    expect(planMarkdown([long]).length).toBeLessThan(1500)
    expect(planJson([long], 0)).toContain(key)
  })
})

describe('a plan without values to compare with', () => {
  const unknown: ActivationPlan = {
    ...plan,
    keepsValues: false,
    operations: [{ key: 'user-2', kind: 'update', changed: null }],
  }

  it('says to people that it cannot tell which fields change', () => {
    const said = 'not known, since this activation has keep_values: false; all are sent'
    expect(planText([unknown], plain)).toContain(`  changed fields: ${said}\n  ~ user-2\n`)
    expect(planText([unknown], plain)).not.toContain('custom_attributes.plan')
    expect(planMarkdown([unknown])).toContain('| `user-2` | changed |')
    expect(planMarkdown([unknown])).toContain('Changed fields: not known')
  })

  it('gives programs null', () => {
    expect(JSON.parse(planJson([unknown], 0))).toMatchObject({
      activations: [
        { totals: { changed_fields: null }, operations: [{ key: 'user-2', changed: null }] },
      ],
    })
  })
})

describe('planJson', () => {
  it('is one object with names in snake_case', () => {
    const json = planJson([plan, failed], 2)
    expect(json).not.toContain('\n')
    expect(JSON.parse(json)).toEqual({
      exit_code: 2,
      activations: [
        {
          activation: 'people',
          target: 'intercom',
          object: 'contact',
          mode: 'upsert',
          totals: {
            rows: 10_000,
            create: 120,
            update: 34,
            delete: 0,
            archive: 3,
            untag: 0,
            unchanged: 9843,
            rejected: 3,
            waiting: 0,
            repeated: 0,
            removed: 5,
            changed_fields: { name: 4, 'custom_attributes.plan': 31 },
          },
          operations: plan.operations,
          rejected: plan.rejected,
          refusals: plan.refusals,
          error: null,
          exit_code: 0,
        },
        {
          activation: 'companies',
          target: 'intercom',
          object: 'company',
          mode: 'upsert',
          totals: null,
          operations: [],
          rejected: [],
          refusals: [],
          error: failed.error,
          exit_code: 2,
        },
      ],
    })
  })
})
