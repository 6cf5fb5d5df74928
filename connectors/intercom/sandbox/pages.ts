import { parameterInvalid } from './errors.ts'

/**
 * One page of a list that is walked by cursor. The cursor names the last item of the page before, so that what is
 * added or taken away meanwhile shifts nothing. Throws a 400 for a cursor that was not handed out.
 */
export function cursorPage<Item extends { readonly sequence: number }>(
  items: readonly Item[],
  perPage: number,
  startingAfter: string | null,
  place: (sequence: number) => number = (sequence) => firstAfter(items, sequence),
) {
  const start = startingAfter === null ? 0 : place(readCursor(startingAfter))
  const data = items.slice(start, start + perPage)
  const last = data.at(-1)
  const more = last !== undefined && start + perPage < items.length
  const pages = {
    type: 'pages',
    page: Math.floor(start / perPage) + 1,
    per_page: perPage,
    total_pages: Math.ceil(items.length / perPage),
    ...(more && { next: { per_page: perPage, starting_after: cursor(last.sequence) } }),
  }
  return { type: 'list', data, total_count: items.length, pages }
}

/** One page of a list that is walked by page number; past the end it is empty. */
export function numberedPage<Item>(items: readonly Item[], page: number, perPage: number) {
  const start = (page - 1) * perPage
  const pages = {
    type: 'pages',
    page,
    per_page: perPage,
    total_pages: Math.ceil(items.length / perPage),
  }
  return {
    type: 'list',
    data: items.slice(start, start + perPage),
    total_count: items.length,
    pages,
  }
}

/** Where the items after `sequence` begin, in a list in order of creation. */
function firstAfter(items: readonly { readonly sequence: number }[], sequence: number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((items[middle]?.sequence ?? 0) <= sequence) low = middle + 1
    else high = middle
  }
  return low
}

function cursor(sequence: number): string {
  return Buffer.from(`after:${sequence}`).toString('base64url')
}

function readCursor(text: string): number {
  const match = /^after:(\d+)$/.exec(Buffer.from(text, 'base64url').toString())
  if (match === null) throw parameterInvalid('starting_after is not a cursor that was handed out')
  return Number(match[1])
}
