/** Base64 and base64url as the formats need them (RFC 4648; RFC 7515, 2). */
import { MalformedInput } from './errors';

const URL_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NONE = 64;
const URL_VALUES = table(URL_ALPHABET);

function table(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(NONE);
  for (let at = 0; at < 64; at += 1) {
    values[alphabet.charCodeAt(at)] = at;
  }
  return values;
}

/** Write bytes as base64url without padding. */
export function encodeUrl(raw: Uint8Array): string {
  let text = '';
  for (let at = 0; at < raw.length; at += 3) {
    const word = (raw[at]! << 16) | ((raw[at + 1] ?? 0) << 8) | (raw[at + 2] ?? 0);
    const count = Math.min(3, raw.length - at) + 1;
    for (let place = 0; place < count; place += 1) {
      text += URL_ALPHABET[(word >> (18 - 6 * place)) & 63]!;
    }
  }
  return text;
}

/** Read base64url without padding in its one canonical form. Throws `MalformedInput`. */
export function decodeUrl(text: string): Uint8Array<ArrayBuffer> {
  const spare = text.length % 4;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [word, bits, put] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const value = code < 128 ? URL_VALUES[code]! : NONE;
    if (value === NONE) {
      throw new MalformedInput(`${text.length} characters are not base64url without padding`);
    }
    word = ((word << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[put++] = (word >> bits) & 0xff;
    }
  }
  // RFC 4648, 3.5: unused bits that are not zero MAY be refused; here they always are.
  if (spare === 1 || (word & ((1 << bits) - 1)) !== 0) {
    throw new MalformedInput('base64url text is not in its one canonical form');
  }
  return out;
}

/** Read padded base64 of the plain alphabet in its one canonical form; null if it is not. */
export function decodePlain(text: string): Uint8Array | null {
  const pads = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bare = text.slice(0, text.length - pads);
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(bare)) {
    return null;
  }
  return tryUrl(bare.replaceAll('+', '-').replaceAll('/', '_'));
}

/** Read base64url without padding in its one canonical form; null if it is not. */
export function tryUrl(text: string): Uint8Array | null {
  try {
    return decodeUrl(text);
  } catch {
    return null;
  }
}
