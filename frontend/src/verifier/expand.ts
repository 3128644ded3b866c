/** The compressions that passes in the wild carry: none, zlib, Brotli. Bounded. */
import { unbrotli } from './brotli';
import { MalformedInput, TooLarge } from './errors';
import { inflate } from './inflate';

// How COSE messages begin (RFC 9052, 2); see `wire/compression.py` for the reasons.
const COSE_FIRST = [0xd2, 0xd0, 0x84];
const COSE_SECOND = [0x3d, 0x60, 0x61, 0x62]; // behind 0xd8

export type Compression = 'none' | 'zlib' | 'brotli';

/** Tell the compression from the first two bytes; whatever is neither COSE nor zlib must be Brotli. */
export function sniff(raw: Uint8Array): Compression {
  const [first = 0, second = 0] = raw;
  if (COSE_FIRST.includes(first) || (raw.length > 1 && first === 0xd8 && COSE_SECOND.includes(second))) {
    return 'none';
  }
  // RFC 1950, 2.2: method 8, window up to 2^15, and the two bytes are a multiple of 31.
  const isZlib = raw.length > 1 && (first & 0x8f) === 0x08 && ((first << 8) | second) % 31 === 0;
  return isZlib ? 'zlib' : 'brotli';
}

/** Unpack `raw` to at most `sizeBytesMax` bytes. Throws `MalformedInput`. */
export async function expand(raw: Uint8Array<ArrayBuffer>, sizeBytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const kind = sniff(raw);
  if (kind === 'none') {
    if (raw.length > sizeBytesMax) {
      throw new TooLarge(`the contents are larger than ${sizeBytesMax} bytes; that is an attack, not a pass`);
    }
    return raw;
  }
  const out = kind === 'zlib' ? inflate(raw, sizeBytesMax) : await unbrotli(raw, sizeBytesMax);
  if (out === null) {
    throw new MalformedInput(`neither a COSE message nor a whole ${kind} stream; scan the code again`);
  }
  return out;
}
