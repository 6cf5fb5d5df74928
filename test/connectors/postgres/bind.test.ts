import { expect, it } from 'vitest'
import { bindMessage } from '../../../connectors/postgres/bind.ts'
import { decodedColumn } from '../../../connectors/postgres/values.ts'

it('asks for each column in its form', () => {
  const columns = [25, 1184, 23].map((oid) => decodedColumn('a', oid, 0, 'a', true))
  const names = '0000'
  const noParameters = '00000000'
  const forms = '0003000000010000'
  const content = names + noParameters + forms
  const length = (content.length / 2 + 4).toString(16).padStart(8, '0')
  expect(bindMessage(columns).toString('hex')).toBe(`42${length}${content}`)
})

it('asks for nothing where there are no columns', () => {
  expect(bindMessage([]).toString('hex')).toBe('420000000c0000000000000000')
})

it('asks for text alone where binary is not wanted', () => {
  const columns = [701, 1114, 1184].map((oid) => decodedColumn('a', oid, 0, 'a'))
  expect(bindMessage(columns).subarray(-6).toString('hex')).toBe('000000000000')
})
