/** Where a pass's status stands: the `status_list` member of a status claim (Token Status List, 6). */
import { type Cbor, CborMap } from './cbor';
import { MalformedInput } from './errors';
import type { Json } from './strictJson';
import type { StatusPlace } from './values';

// A status address is printed inside a QR code, where 80 characters already cost a version; 512 is generous.
export const URI_CHARS_MAX = 512;
// No list that we read has more than 2^23 entries; 2^32 keeps an index inside every language's integers.
export const INDEX_MAX = 0xffff_ffffn;
// RFC 3986, 3: a scheme, a colon, then printable ASCII.
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/;

/** Refuse a text that cannot be the address of a status list. */
export function requireUri(uri: string): void {
  if (uri.length > URI_CHARS_MAX || !URI.test(uri)) {
    throw new MalformedInput(`a status address must be a URI of at most ${URI_CHARS_MAX} characters`);
  }
}

/** Read the value of CWT claim 65535 or of the JWT claim `status`. Throws `MalformedInput`. */
export function readReference(value: Cbor | Json): StatusPlace {
  const listed = member(value, 'status_list');
  const [uri, index] = [member(listed, 'uri'), member(listed, 'idx')];
  if (typeof uri !== 'string' || typeof index !== 'bigint') {
    throw new MalformedInput('the status claim names no status_list with idx, an integer, and uri, a text');
  }
  requireUri(uri);
  // 6.2: idx MUST be a non-negative integer.
  if (index < 0n || index > INDEX_MAX) {
    throw new MalformedInput(`a status index must lie between 0 and ${INDEX_MAX}`);
  }
  return { uri, index: Number(index) };
}

function member(value: unknown, name: string): unknown {
  return value instanceof CborMap || value instanceof Map ? value.get(name) : undefined;
}
