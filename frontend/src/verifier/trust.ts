/** Which trust lists are accepted, and which keys one trusts for what. Fails closed. */
import { decodeUrl } from './base64';
import { hex } from './bytes';
import { asInstant } from './days';
import { MalformedInput, TrustRefused } from './errors';
import type { PublicKey } from './keys';
import { decodeJsonObject } from './strictJson';
import { decodeTrustList, type KeyUse, kidText, type SignedTrustList, type TrustedIssuer, type TrustedKey, type TrustList } from './trustList';

// Kids are 8 bytes and may collide: all are tried; more than a handful of collisions is an attack on our time.
export const CANDIDATES_MAX = 16;
export const HEADER_CHARS_MAX = 4096;

/** A key that may have signed, with the issuer it stands for. */
export interface Candidate {
  issuer: TrustedIssuer;
  key: TrustedKey;
}

/** An accepted trust list, indexed by key. Who holds one need not ask again until it expires. */
export class Trust {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly #byKid = new Map<string, Candidate[]>();

  private constructor(readonly listed: TrustList) {
    this.issuers = new Map(listed.issuers.map((issuer) => [issuer.id, issuer]));
    for (const issuer of listed.issuers) {
      for (const key of issuer.keys) {
        const kids = new Set([hex(key.public.kid), hex(key.alias ?? key.public.kid)]);
        kids.forEach((kid) => this.#byKid.set(kid, [...(this.#byKid.get(kid) ?? []), { issuer, key }]));
      }
    }
  }

  get sequence(): number {
    return this.listed.sequence;
  }

  /** The instant from which nothing is believed on the word of this list. */
  get expires(): number {
    return this.listed.expires;
  }

  /**
   * Accept a signed trust list, or refuse it.
   *
   * (1) A pinned root signed it (RFC 7515, 5.2). (2) Its number is not below the one held (rollback; The Update
   * Framework, 5.3.4). (3) It has not expired at `at` (freeze; 5.3.6).
   */
  static async accept(text: string, roots: readonly PublicKey[], heldSequence: number, at: number): Promise<Trust> {
    if (isUnsigned(text)) {
      throw new TrustRefused('credentials.trust_unsigned', 'the trust list carries no signature at all');
    }
    const signed = await decodeTrustList(text);
    if (!(await isSignedByOneOf(signed, roots))) {
      throw new TrustRefused('credentials.trust_unsigned', 'the trust list is not signed by a pinned root');
    }
    const { sequence, expires } = signed.unverified;
    if (sequence < heldSequence) {
      const message = `the trust list has number ${sequence}, number ${heldSequence} is held already`;
      throw new TrustRefused('credentials.trust_rolled_back', message);
    }
    if (at >= expires) {
      throw new TrustRefused('credentials.trust_expired', `the trust list expired ${asInstant(expires)}`);
    }
    return new Trust(signed.unverified);
  }

  /** List the keys that may have signed: those with `kid`, or without a kid all keys of `issuer`. */
  findCandidates(kid: Uint8Array | null, issuer: string | null): Candidate[] {
    if (kid !== null) {
      return (this.#byKid.get(hex(kid)) ?? []).slice(0, CANDIDATES_MAX);
    }
    const named = this.issuers.get(issuer ?? '');
    return named ? named.keys.slice(0, CANDIDATES_MAX).map((key) => ({ issuer: named, key })) : [];
  }

  /** List the issuer's keys that may have signed for `use` at the instant `at`. */
  findSigningKeys(issuer: string, use: KeyUse, at: number): PublicKey[] {
    const keys = this.issuers.get(issuer)?.keys ?? [];
    return keys.filter((key) => isTrusted(key, use, at)).map((key) => key.public);
  }

  /** List the issuers that publish status lists at `uri`; addresses may lie within one another. */
  findPublishers(uri: string): TrustedIssuer[] {
    return this.listed.issuers.filter((one) => one.statusUris.some((prefix) => uri.startsWith(prefix)));
  }
}

/** Tell whether what `key` signed for `use` at `at` is believed; a withdrawn key is believed for nothing. */
export function isTrusted(key: TrustedKey, use: KeyUse, at: number): boolean {
  return key.withdrawnAt === null && key.uses.includes(use) && key.notBefore <= at && at < key.notAfter;
}

/** The kid finds candidates only; 8 bytes can collide, so every one of them is tried. */
async function isSignedByOneOf(signed: SignedTrustList, roots: readonly PublicKey[]): Promise<boolean> {
  const candidates = roots.filter((root) => kidText(root) === signed.rootKid);
  const found = await Promise.all(candidates.map((root) => signed.token.isSignedBy(root)));
  return found.includes(true);
}

/** Tell whether a JWS says of itself that nobody signed it: no signature, or `alg` none (RFC 7515, A.5). */
function isUnsigned(text: string): boolean {
  const parts = text.split('.', 4);
  if (parts.length !== 3 || parts[0]!.length > HEADER_CHARS_MAX) {
    return false;
  }
  try {
    const header = decodeJsonObject(decodeUrl(parts[0]!), HEADER_CHARS_MAX);
    const named = header.get('alg') ?? 'none';
    return parts[2] === '' || (typeof named === 'string' && named.toLowerCase() === 'none');
  } catch (refusal) {
    if (refusal instanceof MalformedInput) {
      return false;
    }
    throw refusal;
  }
}
