/** Keys that verify: ES256 (P-256) and EdDSA (Ed25519), as JWK (RFC 7517, 7518, 8037) and by kid, by WebCrypto. */
import { decodeUrl, encodeUrl } from './base64';
import { characters, isSame, join, NO_BYTES, sha256, toUtf8 } from './bytes';
import { MalformedInput, UnsupportedAlgorithm } from './errors';
import type { Json, JsonObject } from './strictJson';

export type Algorithm = 'ES256' | 'EdDSA';

export const KID_BYTES = 8;
// Both algorithms sign with two 32-byte halves (RFC 9053, 2.1 and 2.2).
export const SIGNATURE_BYTES = 64;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']; // RFC 7518, 6
const TEXT_MEMBERS = ['kty', 'crv', 'x', 'y', 'alg', 'use'];

/** A key that verifies, with the one algorithm it may be used for. A value of this type is a valid key. */
export class PublicKey {
  private constructor(
    readonly algorithm: Algorithm,
    readonly x: Uint8Array,
    readonly y: Uint8Array,
    /** The first 8 bytes of the RFC 7638 thumbprint. Eight bytes can collide: a hint, never a proof. */
    readonly kid: Uint8Array,
    readonly key: CryptoKey,
  ) {}

  /** Read a public JWK that stands in an object; its own `kid` is not believed but computed. */
  static async fromJwk(value: Json | undefined): Promise<PublicKey> {
    const { algorithm, jwk } = readJwk(value);
    const x = coordinate(jwk, 'x');
    const y = algorithm === 'ES256' ? coordinate(jwk, 'y') : NO_BYTES;
    const kid = (await sha256(toUtf8(thumbprintText(algorithm, x, y)))).slice(0, KID_BYTES);
    return new PublicKey(algorithm, x, y, kid, await load(algorithm, x, y));
  }

  /** Read the JWK of a pinned root as a settings file holds it. */
  static fromRoot(jwk: Record<string, string>): Promise<PublicKey> {
    return PublicKey.fromJwk(new Map(Object.entries(jwk)));
  }

  isEqual(other: PublicKey): boolean {
    return this.algorithm === other.algorithm && isSame(this.x, other.x) && isSame(this.y, other.y);
  }

  /** Tell whether `signature` (64 bytes: r and s, or R and S) is this key's over `message`. */
  async isSignatureOf(signature: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>): Promise<boolean> {
    // RFC 9053, 2.1: another length is invalid too; RFC 8032, 5.1.7.
    if (signature.length !== SIGNATURE_BYTES) {
      return false;
    }
    const how = this.algorithm === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' };
    return crypto.subtle.verify(how, this.key, signature, message);
  }
}

/** Check everything of a JWK that comes before its coordinates, and tell its algorithm. */
export function readJwk(value: Json | undefined): { algorithm: Algorithm; jwk: JsonObject } {
  if (!(value instanceof Map)) {
    throw new MalformedInput('a JWK is a JSON object (RFC 7517, 4)');
  }
  if (TEXT_MEMBERS.some((name) => value.has(name) && typeof value.get(name) !== 'string')) {
    throw new MalformedInput('kty, crv, x, y, alg and use of a JWK are texts (RFC 7517, 4; RFC 7518, 6)');
  }
  if (PRIVATE_MEMBERS.some((name) => value.has(name))) {
    throw new MalformedInput('a private key where a public one belongs; withdraw it, it has been shown');
  }
  return { algorithm: algorithmOf(value), jwk: value };
}

function algorithmOf(jwk: JsonObject): Algorithm {
  const kind = `${String(jwk.get('kty'))} ${String(jwk.get('crv'))}`;
  const algorithm = kind === 'EC P-256' ? 'ES256' : kind === 'OKP Ed25519' ? 'EdDSA' : null;
  if (algorithm === null) {
    throw new UnsupportedAlgorithm('a JWK of another type or curve; the house takes EC P-256 and OKP Ed25519');
  }
  // RFC 7517, 4.4 and 4.2; RFC 9864 names EdDSA with Ed25519 also "Ed25519".
  const named = jwk.get('alg') ?? algorithm;
  if (!(algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : ['ES256']).includes(String(named))) {
    throw new UnsupportedAlgorithm(`the JWK's alg is not the one of its curve, ${algorithm}`);
  }
  if ((jwk.get('use') ?? 'sig') !== 'sig') {
    throw new UnsupportedAlgorithm('the JWK is not meant for signatures (RFC 7517, 4.2)');
  }
  return algorithm;
}

/** Read 32 bytes of unpadded base64url in their one canonical form (RFC 7518, 2 and 6.2.1.2). */
function coordinate(jwk: JsonObject, name: string): Uint8Array<ArrayBuffer> {
  const text = jwk.get(name);
  const value = typeof text === 'string' && characters(text) === 43 ? decodeUrl(text) : NO_BYTES;
  if (value.length !== 32) {
    throw new MalformedInput(`the JWK member ${name} is not 32 bytes in base64url`);
  }
  return value;
}

/** RFC 7638, 3; RFC 8037, 2: the required members in order, without spaces. */
function thumbprintText(algorithm: Algorithm, x: Uint8Array, y: Uint8Array): string {
  return algorithm === 'EdDSA'
    ? `{"crv":"Ed25519","kty":"OKP","x":"${encodeUrl(x)}"}`
    : `{"crv":"P-256","kty":"EC","x":"${encodeUrl(x)}","y":"${encodeUrl(y)}"}`;
}

async function load(algorithm: Algorithm, x: Uint8Array, y: Uint8Array): Promise<CryptoKey> {
  const how = algorithm === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' };
  // RFC 9053, 7.1.1: the point must be on the curve; 4 says that both coordinates follow (SEC 1, 2.3.3).
  const raw = algorithm === 'ES256' ? join(Uint8Array.of(4), x, y) : join(x);
  try {
    return await crypto.subtle.importKey('raw', raw, how, true, ['verify']);
  } catch {
    throw new MalformedInput('the coordinates are not a point of the curve; the key is damaged or forged');
  }
}
