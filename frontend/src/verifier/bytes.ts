/** Small dealings with bytes and texts that must go exactly as they do in Python. */

export const NO_BYTES = new Uint8Array(0);

// ignoreBOM: a byte order mark is a character like any other, never dropped.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** Decode UTF-8 strictly; null where it is not well formed. */
export function utf8(raw: Uint8Array): string | null {
  try {
    return UTF8.decode(raw);
  } catch {
    return null;
  }
}

export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function hex(raw: Uint8Array): string {
  return Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function sha256(raw: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', raw));
}

/** Count characters (code points), not the UTF-16 units that `length` counts. */
export function characters(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

// Unicode's White_Space and the four separators U+001C to U+001F, without the byte order mark that trim() takes.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const SPACES_FIRST = new RegExp(`^${SPACE}+`);
const IS_SPACE = new RegExp(`^${SPACE}$`);

/** Strip white space from both ends. */
export function strip(text: string): string {
  const bare = text.replace(SPACES_FIRST, '');
  let end = bare.length;
  while (end > 0 && IS_SPACE.test(bare[end - 1]!)) {
    end -= 1;
  }
  return bare.slice(0, end);
}

/** Strip the given characters from both ends. */
export function stripOnly(text: string, these: string): string {
  let [start, end] = [0, text.length];
  while (start < end && these.includes(text[start]!)) {
    start += 1;
  }
  while (end > start && these.includes(text[end - 1]!)) {
    end -= 1;
  }
  return text.slice(start, end);
}
