/** Of 32 bits. It is kept on disk: of one key it is the same in every version. */
export function hashOfKey(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  }
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) | 0
}

/** Where keys may be found: numbers that grow, by the hashes of keys. Some twenty bytes for each. */
export class KeyPlaces {
  #count = 0
  #hashes = new Int32Array(1024)
  #places = new Float64Array(1024)
  /** Of each entry, the one before it in its chain; of each chain, the last one. Counted from 1. */
  #before = new Int32Array(1024)
  #lasts = new Int32Array(1024)

  /** The greatest place that was added; 0 where none was. */
  get last(): number {
    return this.#count === 0 ? 0 : (this.#places[this.#count - 1] as number)
  }

  add(hash: number, place: number): void {
    if (this.#count === this.#hashes.length) this.#grow()
    this.#hashes[this.#count] = hash
    this.#places[this.#count] = place
    this.#count += 1
    this.#link(this.#count)
  }

  /** The greatest place of a key with that hash that is below `below`; null where there is none. */
  newest(hash: number, below = Number.POSITIVE_INFINITY): number | null {
    for (let entry = this.#lasts[this.#chain(hash)] as number; entry > 0; ) {
      const place = this.#places[entry - 1] as number
      if (this.#hashes[entry - 1] === hash && place < below) return place
      entry = this.#before[entry - 1] as number
    }
    return null
  }

  #chain(hash: number): number {
    return hash & (this.#lasts.length - 1)
  }

  #link(entry: number): void {
    const chain = this.#chain(this.#hashes[entry - 1] as number)
    this.#before[entry - 1] = this.#lasts[chain] as number
    this.#lasts[chain] = entry
  }

  #grow(): void {
    const room = this.#hashes.length * 2
    const [hashes, places] = [new Int32Array(room), new Float64Array(room)]
    hashes.set(this.#hashes)
    places.set(this.#places)
    this.#hashes = hashes
    this.#places = places
    this.#before = new Int32Array(room)
    this.#lasts = new Int32Array(room)
    for (let entry = 1; entry <= this.#count; entry += 1) this.#link(entry)
  }
}
