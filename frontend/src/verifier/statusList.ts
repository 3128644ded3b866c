/** The Status List Token (draft-ietf-oauth-status-list), as a JWT or as a CWT. Clauses are that draft's. */
import { decodeUrl } from './base64';
import { type Cbor, CborMap, decodeCbor } from './cbor';
import { decodeCose } from './cose';
import { MalformedInput } from './errors';
import { inflate } from './inflate';
import { decodeJws } from './jws';
import type { PublicKey } from './keys';
import { requireUri } from './statusReference';
import type { Json } from './strictJson';
import { Statuses } from './statuses';

// Our shards hold 2^20 entries of 2 bits: 256 KiB. 1 MiB is the largest list of the draft's vectors.
export const LIST_BYTES_MAX = 1 << 20;
export const TOKEN_BYTES_MAX = LIST_BYTES_MAX + (1 << 16);
const SECONDS_MAX = 253_402_300_799n;
const SEQUENCE_MAX = (1n << 53n) - 1n;
const JWT_TYP = 'statuslist+jwt';
const CWT_TYP = 'application/statuslist+cwt';
const TYP_LABEL = 16n; // RFC 9596, 2
// 5.2 and RFC 8392, 4: the numbers that stand for the claims' names; the last is ours (RFC 8392, 9.1).
const KEYS: Record<string, bigint> = {
  sub: 2n, aud: 3n, exp: 4n, nbf: 5n, iat: 6n, status_list: 65533n, ttl: 65534n, rahdari_seq: -70169n,
}; // prettier-ignore

/** One list as its authority states it. `sequence`: up to which delta of its stream it tells every change. */
export interface StatusList {
  uri: string;
  issuedAt: number;
  expires: number | null;
  ttl: number | null;
  notBefore: number | null;
  sequence: number | null;
  bits: number;
  packed: Uint8Array;
  statuses: Statuses;
}

/** A status list with its signature, as it was read. Nothing is trusted until its signature was checked. */
export interface StatusListToken {
  unverified: StatusList;
  isSignedBy(key: PublicKey): Promise<boolean>;
}

/** Read a status list token in either form; a JWT begins with the letters of its header. */
export function decodeStatusList(raw: Uint8Array): StatusListToken {
  const isJwt = raw[0] === 0x65 && raw[1] === 0x79 && raw[2] === 0x4a;
  return isJwt ? decodeJwt(new TextDecoder('latin1').decode(raw)) : decodeCwt(raw);
}

/** Read a status list CWT: untagged, 18 or 61(18) (5.2). Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export function decodeCwt(raw: Uint8Array): StatusListToken {
  const sign1 = decodeCose(raw, TOKEN_BYTES_MAX);
  // 5.2: the protected header's typ MUST be this media type.
  if (sign1.headers.get(TYP_LABEL) !== CWT_TYP) {
    throw new MalformedInput(`the protected typ is not ${CWT_TYP}; this is a token of another sort`);
  }
  const claims = decodeCbor(sign1.payload, TOKEN_BYTES_MAX);
  if (!(claims instanceof CborMap)) {
    throw new MalformedInput('the claims of a CWT are a map (RFC 8392, 3)');
  }
  const unverified = readList((name) => claims.get(KEYS[name]!), (lst) => (lst instanceof Uint8Array ? lst : null));
  const isSignedBy = async (key: PublicKey): Promise<boolean> =>
    sign1.algorithm === key.algorithm && key.isSignatureOf(sign1.signature, sign1.signingInput);
  return { unverified, isSignedBy };
}

function decodeJwt(text: string): StatusListToken {
  const token = decodeJws(text);
  token.requireTyp(JWT_TYP);
  const claims = token.payloadObject();
  const unverified = readList((name) => claims.get(name), (lst) => (typeof lst === 'string' ? decodeUrl(lst) : null));
  return { unverified, isSignedBy: (key) => token.isSignedBy(key) };
}

type Claim = Cbor | Json | undefined;

function readList(claim: (name: string) => Claim, bytesOf: (lst: Claim) => Uint8Array | null): StatusList {
  const [uri, listed] = [claim('sub'), claim('status_list')];
  // 8.3, step 3b: required claims exist.
  if (typeof uri !== 'string' || !(listed instanceof CborMap || listed instanceof Map)) {
    throw new MalformedInput('a status list token needs sub, a text, and status_list, a map');
  }
  // RFC 7519, 4.1.3: a token for an audience is for nobody else. A status list is public.
  if ((claim('aud') ?? null) !== null) {
    throw new MalformedInput('this status list is addressed to somebody (aud); a public one has no audience');
  }
  const issuedAt = seconds(claim('iat'), SECONDS_MAX);
  const [expires, ttl, notBefore] = ['exp', 'ttl', 'nbf'].map((name) => seconds(claim(name), SECONDS_MAX));
  const sequence = seconds(claim('rahdari_seq'), SEQUENCE_MAX);
  const bits = listed.get('bits');
  if (issuedAt === null || ![1n, 2n, 4n, 8n].includes(bits as bigint)) {
    throw new MalformedInput('a status list token needs iat, and bits of 1, 2, 4 or 8');
  }
  requireUri(uri);
  if (expires !== null && expires! <= issuedAt) {
    throw new MalformedInput('this status list expires before it is issued');
  }
  const packed = unpack(bytesOf(listed.get('lst')));
  const statuses = Statuses.unpack(packed, Number(bits));
  return { uri, issuedAt, expires: expires!, ttl: ttl!, notBefore: notBefore!, sequence, bits: Number(bits), packed, statuses };
}

function unpack(compressed: Uint8Array | null): Uint8Array {
  const packed = compressed === null ? null : inflate(compressed, LIST_BYTES_MAX);
  if (packed === null || packed.length === 0) {
    throw new MalformedInput(`lst is not one zlib stream of 1 to ${LIST_BYTES_MAX} bytes`);
  }
  return packed;
}

// RFC 7519, 2 lets a NumericDate have a fraction; no list needs one, and whole seconds compare exactly.
function seconds(value: Claim, most: bigint): number | null {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value !== 'bigint' || value < 0n || value > most) {
    throw new MalformedInput('times and numbers of a status list are whole and within the calendar');
  }
  return Number(value);
}
