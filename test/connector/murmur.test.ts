import { describe, expect, it } from 'vitest'
import { murmur128 } from '../../src/connector/index.ts'

function hash(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const into = new Int32Array(4)
  murmur128(new DataView(bytes.buffer, bytes.byteOffset), start, end, into)
  return Buffer.from(into.buffer).toString('hex')
}

/** The first bytes of a fixed sequence that has small and large ones. */
const sequence = (length: number) => Uint8Array.from({ length }, (_, i) => i * 37 + 11)

describe('murmur128', () => {
  // From the reference implementation in C++, through mmh3 for Python: `hash_bytes(key, 0, x64arch=False)`.
  it.each([
    [0, '00000000000000000000000000000000'],
    [1, '3c892a1a6bb55d826bb55d826bb55d82'],
    [2, '6a085be2e0376694e0376694e0376694'],
    [3, '47d55defd3e14f81d3e14f81d3e14f81'],
    [4, '70ef21d08e0afabf8e0afabf8e0afabf'],
    [5, 'f5d9bda19789b5fc03ef3e2503ef3e25'],
    [6, '19c60411a21f3a534ef386cf4ef386cf'],
    [7, '3f3efbfe4e68f70cde48c0f2de48c0f2'],
    [8, 'd54101fc67909af83863e1403863e140'],
    [9, '385fdd372cc99d0fd92a38dd15e3f0c0'],
    [10, '089771be12ff318b228c067f68031e35'],
    [11, 'b0ddd8b7682cff027c05eb5c3bd76428'],
    [12, '8b8bbe6ba2e2dd928a9e7c42c2aafe04'],
    [13, '29daedcb2c887c107f08ab3bc3e04514'],
    [14, '425dbe3b67293b264d89a8086d80d7f5'],
    [15, '3d1634e81c11c188a99f55031c796271'],
    [16, '73203aaa4518c4a88241f0ade72356b3'],
    [17, 'c08d07c51f51e3fbb00bde9e8b53e0ae'],
    [31, '16a41f66c469e564a2c5d9c4182fbcae'],
    [32, '37f75fce38b3dfe314b3535d3fe9afab'],
    [33, '1752cef28f8d7528a592588b9d3f7e88'],
    [63, '0af658bee269ca26d7c1374d66e5a84c'],
  ])('is the reference hash of %i bytes', (length, expected) => {
    expect(hash(sequence(length))).toBe(expected)
  })

  it('is the reference hash of text', () => {
    const fox = 'The quick brown fox jumps over the lazy dog'
    expect(hash(Buffer.from(fox))).toBe('c383152f672ceeec6cf67b5d2c1de9e5')
    expect(hash(Buffer.from('naïve 漢字'))).toBe('9a1dc0ad0818c7e17b5d613b803c3ef1')
  })

  it('is the reference hash of the hashes of 300 keys', () => {
    const keys = Array.from({ length: 300 }, (_, i) =>
      Uint8Array.from({ length: i }, (_, j) => i * 7 + j * 13),
    )
    const hashes = Buffer.from(keys.map((key) => hash(key)).join(''), 'hex')
    expect(hash(hashes)).toBe('b7c0251f2c6a04777ffc5797aa4864eb')
  })

  it('looks at nothing outside of its range', () => {
    const bytes = sequence(63)
    for (let length = 0; length <= bytes.length; length++) {
      const around = Uint8Array.from([255, 1, 2, ...bytes.subarray(0, length), 255, 254, 253])
      expect(hash(around, 3, 3 + length)).toBe(hash(bytes.subarray(0, length)))
    }
  })
})
