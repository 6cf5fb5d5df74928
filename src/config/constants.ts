import type { Field, Scalar } from '../connector/index.ts'
import { didYouMean, oneOf } from './suggest.ts'

/** A constant as the target takes it, or what is wrong with it, as the end of a sentence. */
export type Constant = { readonly value: Scalar } | { readonly fault: string }

const dateText = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/

function toDate(value: string | number): Constant {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { value } : { fault: 'takes whole unix seconds' }
  }
  const milliseconds = dateText.test(value) ? Date.parse(value.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(milliseconds)
    ? { fault: 'takes a date such as 2026-01-31 or 2026-01-31T09:00:00Z, or unix seconds' }
    : { value: Math.floor(milliseconds / 1000) }
}

function toNumber(value: string | number | boolean, field: Omit<Field, 'name'>): Constant {
  const whole = field.type === 'integer'
  if (
    typeof value !== 'number' ||
    !(whole ? Number.isSafeInteger(value) : Number.isFinite(value))
  ) {
    return { fault: whole ? 'takes a whole number' : 'takes a number' }
  }
  if (field.minimum !== undefined && value < field.minimum) {
    return { fault: `takes numbers from ${field.minimum}` }
  }
  if (field.maximum !== undefined && value > field.maximum) {
    return { fault: `takes numbers up to ${field.maximum}` }
  }
  return { value }
}

function toText(
  value: string | number | boolean,
  field: Omit<Field, 'name'>,
  hidden: boolean,
): Constant {
  if (typeof value !== 'string') return { fault: 'takes text; put the value in quotes' }
  if (field.choices !== undefined && !field.choices.includes(value)) {
    const hint = hidden ? '' : didYouMean(value, field.choices)
    return { fault: `takes ${oneOf(field.choices)}${hint}` }
  }
  if (field.maxLength !== undefined && value.length > field.maxLength) {
    return { fault: `takes at most ${field.maxLength} characters, and this has ${value.length}` }
  }
  return { value }
}

/** Text that came from a variable, as the number or boolean that the field takes, where it reads as one. */
function read(text: string, type: Field['type']): string | number | boolean {
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  const numeric = type === 'integer' || type === 'float' || type === 'date'
  return numeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/**
 * Checks a constant against the field that it is for; dates become unix seconds.
 * `fromVariable`: the value came from the environment, is text whatever it stands for, and must not be shown.
 */
export function constantFor(
  field: Omit<Field, 'name'>,
  written: string | number | boolean,
  fromVariable: boolean,
): Constant {
  const value = fromVariable && typeof written === 'string' ? read(written, field.type) : written
  switch (field.type) {
    case 'string':
      return toText(value, field, fromVariable)
    case 'integer':
    case 'float':
      return toNumber(value, field)
    case 'boolean':
      return typeof value === 'boolean' ? { value } : { fault: 'takes true or false' }
    case 'date':
      return typeof value === 'boolean' ? { fault: 'takes a date' } : toDate(value)
    case 'any':
      return typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)
        ? { fault: 'is too large a number to be exact; put it in quotes' }
        : { value }
  }
}
