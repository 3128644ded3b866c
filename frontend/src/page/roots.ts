// The root that signs trust lists: pinned on first use, changed only by the reader's own hand.
import { carried } from './carried';

export type Jwk = Readonly<Record<string, string>>;

// RFC 7638, 3.2; RFC 8037, 2: the members that make the key, in the order of the alphabet.
const REQUIRED: Readonly<Record<string, readonly string[]>> = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'] };

/** Writes a root's fingerprint for people: the first half of its RFC 7638 thumbprint, in groups of four. */
export async function fingerprint(jwk: Jwk): Promise<string> {
  const members = (REQUIRED[jwk['kty'] ?? ''] ?? []).map((name) => [name, jwk[name] ?? '']);
  const written = new TextEncoder().encode(JSON.stringify(Object.fromEntries(members)));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', written));
  const digits = Array.from(digest.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/.{4}(?=.)/g, '$& ');
}

/** Tells whether two JWKs are one key, whatever else stands in them. */
export function isSameKey(one: Jwk, other: Jwk): boolean {
  const names = REQUIRED[one['kty'] ?? ''] ?? [];
  return names.length > 0 && names.every((name) => one[name] === other[name]);
}

/** The root that the server's page names now. */
export const named: Jwk = carried.root;
