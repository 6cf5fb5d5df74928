import type { List } from '../connector/index.ts'

/** How many lists are remembered at most, and how long their texts are: rows have few different ones. */
const places = 256
const longest = 256

/** Remembers lists by the texts that they were read from: to read one anew takes ten times as long as to find it. */
export class ListMemory {
  readonly #texts: (Uint8Array | undefined)[] = new Array(places)
  readonly #lists: (List | undefined)[] = new Array(places)

  /** The list that was read from the text which lies in `bytes` from `start` to `end`; undefined where it is not known. */
  find(bytes: Uint8Array, start: number, end: number): List | undefined {
    const place = placeOf(bytes, start, end)
    const text = this.#texts[place]
    if (text?.length !== end - start) return undefined
    for (let at = 0; at < text.length; at += 1) if (text[at] !== bytes[start + at]) return undefined
    return this.#lists[place]
  }

  /** Takes the place of one that was remembered before. */
  keep(bytes: Uint8Array, start: number, end: number, list: List): void {
    if (end - start > longest) return
    const place = placeOf(bytes, start, end)
    this.#texts[place] = Uint8Array.from(bytes.subarray(start, end))
    this.#lists[place] = list
  }
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start
  const last = Math.min(end, start + longest)
  for (let at = start; at < last; at += 1) sum = (Math.imul(sum, 31) + (bytes[at] as number)) | 0
  return (sum ^ (sum >>> 8) ^ (sum >>> 16)) & (places - 1)
}
