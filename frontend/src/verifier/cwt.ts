/** CBOR Web Token claims (RFC 8392), with the status reference of the Token Status List draft. */
import { type Cbor, CborMap, type CborKey, decodeCbor } from './cbor';
import { MalformedInput } from './errors';
import { readReference } from './statusReference';
import type { StatusPlace } from './values';

// The last second that a calendar date has (9999-12-31T23:59:59Z); RFC 8392 itself sets no bound.
export const SECONDS_MAX = 253_402_300_799;
export const AUDIENCES_MAX = 16; // a pass is for everybody or for a few; a list without bound is an attack

/** What a token says of itself, as far as a pass needs it; every named claim has been checked for its type. */
export interface Claims {
  issuer: string | null;
  expires: number | null;
  notBefore: number | null;
  issuedAt: number | null;
  status: StatusPlace | null;
}

/** Read the map of a claims set with its keys checked and its values not. Throws `MalformedInput`. */
export function decodeClaimsMap(raw: Uint8Array, sizeBytesMax: number): CborMap {
  const value = decodeCbor(raw, sizeBytesMax);
  if (!(value instanceof CborMap) || !value.hasOnly('integer', 'text')) {
    throw new MalformedInput('the payload is not a CWT claims set, a map of numbers or texts (RFC 8392, 1.1)');
  }
  return value;
}

/** Take the claims out of a decoded map (RFC 8392, 4; 65535: draft-ietf-oauth-status-list). */
export function readClaims(map: CborMap): Claims {
  read(map, 2n, text);
  read(map, 3n, audience);
  read(map, 7n, tokenId);
  return {
    issuer: read(map, 1n, text),
    // A fraction of a second is rounded so that the token is valid no longer than it says.
    expires: read(map, 4n, (value, key) => seconds(value, key, Math.floor)),
    notBefore: read(map, 5n, (value, key) => seconds(value, key, Math.ceil)),
    issuedAt: read(map, 6n, (value, key) => seconds(value, key, Math.floor)),
    status: read(map, 65535n, readReference),
  };
}

// CBOR's null is a value like any other, and no claim takes it: what is not said is left out (RFC 8392, 3).
function read<Value>(map: CborMap, key: CborKey, reader: (value: Cbor, key: CborKey) => Value): Value | null {
  const value = map.get(key);
  return value === undefined ? null : reader(value, key);
}

function text(value: Cbor, key: CborKey): string {
  if (typeof value !== 'string') {
    throw new MalformedInput(`claim ${key} is not text (RFC 8392, 3.1.${key})`);
  }
  return value;
}

/** One text, or several as RFC 7519, 4.1.3 allows (RFC 8392, 3.1.3 takes its rules over). */
function audience(value: Cbor): void {
  const listed = Array.isArray(value) ? value : [value];
  if (listed.length > AUDIENCES_MAX || !listed.every((one) => typeof one === 'string')) {
    throw new MalformedInput(`claim 3 (aud) is not text or a list of at most ${AUDIENCES_MAX} (RFC 8392, 3.1.3)`);
  }
}

/** A NumericDate: an integer, or a finite float made whole, within the calendar (RFC 8392, 2). */
function seconds(value: Cbor, key: CborKey, whole: (value: number) => number): number {
  const exact = typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? whole(value) : Number.NaN;
  if (!(exact >= 0 && exact <= SECONDS_MAX)) {
    throw new MalformedInput(`claim ${key} is not a time between 1970 and 9999 in seconds (RFC 8392, 2)`);
  }
  return exact + 0;
}

function tokenId(value: Cbor): void {
  if (!(value instanceof Uint8Array)) {
    throw new MalformedInput('claim 7 (cti) is not a byte string (RFC 8392, 3.1.7)');
  }
}
