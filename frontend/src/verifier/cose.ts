/** COSE_Sign1: one signature over one payload (RFC 9052, 4.2 and 4.4). What is read is not yet true. */
import { join, toUtf8 } from './bytes';
import { type Cbor, CborMap, decodeCbor, head, Tag } from './cbor';
import { MalformedInput, TooLarge, UnsupportedAlgorithm } from './errors';
import type { Algorithm } from './keys';

// alg, kid and a chain of three certificates fit.
export const HEADERS_BYTES_MAX = 4096;
// RFC 9052, 3.1: a key identifier has no fixed length; ours has 8 bytes, a SHA-256 has 32.
export const KID_BYTES_MAX = 64;
const SIGN1_TAG = 18n; // RFC 9052, 2
const CWT_TAG = 61n; // RFC 8392, 6
const [ALG, CRIT, CONTENT_TYPE, KID, TYP] = [1n, 2n, 3n, 4n, 16n]; // RFC 9052, 3.1; RFC 9596, 2
const UNDERSTOOD = [ALG, CRIT, CONTENT_TYPE, KID, TYP];
// RFC 9864 gives the computations of -7 and -8 the fully specified names -9 (ESP256) and -19.
const ALGORITHMS = new Map<bigint, Algorithm>([
  [-7n, 'ES256'],
  [-8n, 'EdDSA'],
  [-9n, 'ES256'],
  [-19n, 'EdDSA'],
]);
const CONTEXT = join(Uint8Array.of(0x84, 0x6a), toUtf8('Signature1')); // RFC 9052, 4.4

/** A COSE_Sign1 as it was written. `tags` are the CBOR tags around it, outermost first. */
export interface Sign1 {
  algorithm: Algorithm;
  kid: Uint8Array | null;
  payload: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
  tags: readonly number[];
  headers: CborMap;
  unprotected: CborMap;
  signingInput: Uint8Array<ArrayBuffer>;
}

/** Read a COSE_Sign1 under the tags 61(18()), 18() or none. Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export function decodeCose(raw: Uint8Array, sizeBytesMax: number): Sign1 {
  if (raw.length > sizeBytesMax) {
    throw new TooLarge(`a COSE message of ${raw.length} bytes; at most ${sizeBytesMax} are read here`);
  }
  const { tags, inner } = untag(decodeCbor(raw, raw.length));
  // RFC 9052, 4.2: an array of protected, unprotected, payload, signature.
  if (!Array.isArray(inner) || inner.length !== 4) {
    throw new MalformedInput('not a COSE_Sign1, which is an array of 4; this code is no signed pass');
  }
  const [written, unprotected, payload, signature] = inner;
  if (!(written instanceof Uint8Array && signature instanceof Uint8Array && unprotected instanceof CborMap)) {
    throw new MalformedInput('not a COSE_Sign1: its headers or its signature are of another type (RFC 9052, 4.2)');
  }
  // RFC 9052, 4.1: a nil payload lies elsewhere ("detached"); a pass must carry what it says.
  if (!(payload instanceof Uint8Array)) {
    throw new MalformedInput('the COSE_Sign1 has no payload inside; detached payloads are not read');
  }
  const { headers, algorithm, kid } = readProtected(written);
  const otherKid = unprotected.size > 0 ? unprotectedKid(unprotected) : null;
  const signingInput = join(
    CONTEXT, head(2, written.length), written, head(2, 0), head(2, payload.length), payload,
  ); // prettier-ignore
  // RFC 9052, 3: what the protected header says wins; anybody can change the other.
  return { algorithm, kid: kid ?? otherKid, payload, signature, tags, headers, unprotected, signingInput };
}

function untag(value: Cbor): { tags: readonly number[]; inner: Cbor } {
  if (!(value instanceof Tag)) {
    return { tags: [], inner: value };
  }
  if (value.number === SIGN1_TAG) {
    return { tags: [18], inner: value.value };
  }
  // RFC 8392, 6: the CWT tag must be followed by a COSE tag.
  if (value.number === CWT_TAG && value.value instanceof Tag && value.value.number === SIGN1_TAG) {
    return { tags: [61, 18], inner: value.value.value };
  }
  throw new MalformedInput(`CBOR tag ${value.number}: not a COSE_Sign1 under 18 or 61(18) (RFC 9052, 2; RFC 8392, 6)`);
}

/** Read the protected header: the only place that may say which algorithm it is (RFC 9052, 3.1, 4.4). */
function readProtected(raw: Uint8Array): { headers: CborMap; algorithm: Algorithm; kid: Uint8Array | null } {
  if (raw.length > HEADERS_BYTES_MAX) {
    throw new TooLarge(`protected headers of ${raw.length} bytes; at most ${HEADERS_BYTES_MAX} are read`);
  }
  // RFC 9052, 3: an empty map may be written as no bytes at all.
  const headers = raw.length > 0 ? decodeCbor(raw, HEADERS_BYTES_MAX) : new CborMap();
  if (!(headers instanceof CborMap)) {
    throw new MalformedInput('the protected header is not a map (RFC 9052, 3)');
  }
  checkLabels(headers);
  checkCritical(headers);
  const type = headers.get(CONTENT_TYPE) ?? null;
  if (!(type === null || typeof type === 'string' || (typeof type === 'bigint' && type >= 0n))) {
    throw new MalformedInput('the content type is neither text nor a number (RFC 9052, 3.1)');
  }
  return { headers, algorithm: algorithmOf(headers), kid: kidOf(headers) };
}

function algorithmOf(headers: CborMap): Algorithm {
  const number = headers.get(ALG);
  const algorithm = typeof number === 'bigint' ? ALGORITHMS.get(number) : undefined;
  if (algorithm === undefined) {
    throw new UnsupportedAlgorithm('the protected header names neither ES256 (-7) nor EdDSA (-8)');
  }
  return algorithm;
}

function kidOf(headers: CborMap): Uint8Array | null {
  const kid = headers.get(KID) ?? null;
  if (kid !== null && !(kid instanceof Uint8Array && kid.length <= KID_BYTES_MAX)) {
    throw new MalformedInput(`the kid is not a byte string of at most ${KID_BYTES_MAX} bytes (RFC 9052, 3.1)`);
  }
  return kid;
}

function unprotectedKid(unprotected: CborMap): Uint8Array | null {
  checkLabels(unprotected);
  if (unprotected.has(CRIT)) {
    throw new MalformedInput('crit stands in the unprotected header (RFC 9052, 3.1: it must be protected)');
  }
  return kidOf(unprotected);
}

function checkLabels(headers: CborMap): void {
  if (!headers.hasOnly('integer', 'text')) {
    throw new MalformedInput('a header label is neither a number nor text (RFC 9052, 1.4)');
  }
}

/** RFC 9052, 3.1: every label in crit must be present, and understood, or the message is refused. */
function checkCritical(headers: CborMap): void {
  if (!headers.has(CRIT)) {
    return;
  }
  const critical = headers.get(CRIT);
  if (!Array.isArray(critical) || critical.length === 0) {
    throw new MalformedInput('crit is not a list of labels (RFC 9052, 3.1)');
  }
  if (!critical.every((one) => typeof one === 'bigint' && headers.has(one) && UNDERSTOOD.includes(one))) {
    throw new MalformedInput('crit names a header that is absent or not understood here (RFC 9052, 3.1)');
  }
}

