/** Base45 (RFC 9285): nothing is skipped, repaired or guessed. */
import { MalformedInput, TooLarge } from './errors';

// 1 MiB of text is 240 times what the largest QR code holds (4296 characters); more is not a QR code's text.
export const TEXT_CHARS_MAX = 1 << 20;
// RFC 9285, 4.2, table 1.
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES = new Int8Array(128).fill(-1);
for (let at = 0; at < ALPHABET.length; at += 1) {
  VALUES[ALPHABET.charCodeAt(at)] = at;
}

/** Read Base45 text. Throws `MalformedInput`. */
export function decodeBase45(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > TEXT_CHARS_MAX) {
    throw new TooLarge(`${text.length} characters of Base45; at most ${TEXT_CHARS_MAX} are read`);
  }
  // RFC 9285, 4.2: three characters for two bytes, two for one; a single one stands for nothing.
  if (text.length % 3 === 1) {
    throw new MalformedInput(`${text.length} characters cannot be Base45; the text is cut or padded`);
  }
  const out = new Uint8Array(Math.floor((text.length * 2) / 3));
  let put = 0;
  for (let at = 0; at < text.length; at += 3) {
    if (at + 2 < text.length) {
      const pair = group(text, at, 2, 0xffff);
      out[put++] = pair >> 8;
      out[put++] = pair & 0xff;
    } else {
      out[put++] = group(text, at, 1, 0xff);
    }
  }
  return out;
}

function group(text: string, at: number, last: number, most: number): number {
  let value = 0;
  for (let place = last; place >= 0; place -= 1) {
    const code = text.charCodeAt(at + place);
    const digit = code < 128 ? VALUES[code]! : -1;
    // RFC 9285, 6: characters outside the alphabet are refused, not ignored.
    if (digit < 0) {
      throw new MalformedInput(`character ${at + place + 1} of ${text.length} is not in the Base45 alphabet`);
    }
    value = value * 45 + digit;
  }
  // RFC 9285, 6: "GGW" is 65535; a larger group is not the encoding of any two bytes.
  if (value > most) {
    throw new MalformedInput(`the Base45 group at character ${at + 1} is too large for its bytes`);
  }
  return value;
}
