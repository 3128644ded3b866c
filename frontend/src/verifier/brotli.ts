/**
 * Brotli streams (RFC 7932), whole and bounded.
 *
 * The decoder is a compiled copy of the reference one. It leaves three checks out, which are made here: reserved
 * windows, the length of the last block, and the bits behind the end.
 */
import init, { BrotliDecStream } from 'brotli-dec-wasm/web';
import inlined from 'virtual:brotli-wasm';
import { isSame } from './bytes';

const SUCCESS = 1;
let started: Promise<unknown> | null = null;

function start(): Promise<unknown> {
  // The module travels inside this file as base64 text; nothing is fetched.
  const text = atob(inlined);
  return init({ module_or_path: Uint8Array.from(text, (letter) => letter.charCodeAt(0)) });
}

/** Unpack one whole stream of at most `sizeBytesMax` bytes; null for anything else. Stops at the limit. */
export async function unbrotli(raw: Uint8Array, sizeBytesMax: number): Promise<Uint8Array<ArrayBuffer> | null> {
  // RFC 7932, 9.1: this beginning is reserved; the decoder takes it for windows beyond the standard's.
  if (raw.length === 0 || (raw[0]! & 0x7f) === 0x11) {
    return null;
  }
  started ??= start();
  await started;
  const out = decode(raw, sizeBytesMax);
  if (out === null || !isAsLongAsSaid(raw, out.length) || !isPaddedWithZeros(raw, out, sizeBytesMax)) {
    return null;
  }
  return out;
}

function decode(raw: Uint8Array, sizeBytesMax: number): Uint8Array<ArrayBuffer> | null {
  const stream = new BrotliDecStream();
  try {
    const result = stream.dec(raw, sizeBytesMax + 1);
    const isWhole = result.code === SUCCESS && result.input_offset === raw.length;
    const out = new Uint8Array(result.buf);
    return isWhole && out.length <= sizeBytesMax ? out : null;
  } catch {
    return null;
  } finally {
    stream.free();
  }
}

/** The bits of a stream, lowest first (RFC 7932, 1.5.1). */
class Bits {
  at = 0;

  constructor(readonly raw: Uint8Array) {}

  take(count: number): number {
    let value = 0;
    for (let place = 0; place < count; place += 1, this.at += 1) {
      value |= (((this.raw[this.at >> 3] ?? 0) >> (this.at & 7)) & 1) << place;
    }
    return value;
  }
}

/**
 * RFC 7932, 9.2 and 10: no copy goes beyond the length that its block's header says. Blocks that hold their bytes as
 * they are can be stepped over; behind a compressed one that is not the last, nothing can be told, and encoders write
 * such only for contents that are larger than any pass.
 */
function isAsLongAsSaid(raw: Uint8Array, length: number): boolean {
  const bits = new Bits(raw);
  skipWindow(bits);
  for (let said = 0; ; ) {
    const isLast = bits.take(1) === 1;
    if (isLast && bits.take(1) === 1) {
      return said === length;
    }
    const nibbles = bits.take(2);
    if (nibbles === 3) {
      return true; // metadata: no pass has any, and what follows is the decoder's own business
    }
    const here = bits.take(4 * (nibbles + 4)) + 1;
    said += here;
    if (isLast) {
      return said === length;
    }
    if (bits.take(1) === 0) {
      return true;
    }
    bits.at = ((bits.at + 7) & ~7) + 8 * here;
  }
}

/** RFC 7932, 9.1: WBITS takes 1, 4 or 7 bits. */
function skipWindow(bits: Bits): void {
  if (bits.take(1) === 1 && bits.take(3) === 0) {
    bits.take(3);
  }
}

/**
 * RFC 7932, 10: the bits behind the last one, up to a whole byte, are zero. This decoder does not look, nor does it
 * say where the last one is. So the uppermost 1 of the last byte is cleared: if nothing changes, nobody read it.
 * (A stream made by hand could end in a bit that is read and changes nothing; it is refused, which errs on the safe
 * side. A pass ends in its signature, and there every bit that is read changes a byte.)
 */
function isPaddedWithZeros(raw: Uint8Array, out: Uint8Array, sizeBytesMax: number): boolean {
  const last = raw[raw.length - 1]!;
  if (last === 0) {
    return true;
  }
  const cleared = raw.slice();
  cleared[raw.length - 1] = last & ~(0x80 >> (Math.clz32(last) - 24));
  const other = decode(cleared, sizeBytesMax);
  return other === null || !isSame(other, out);
}
