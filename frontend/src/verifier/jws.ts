/** Compact JWS: a signed text of three parts (RFC 7515, 3.1 and 7.1), ES256 and EdDSA only. */
import { decodeUrl } from './base64';
import { characters, toUtf8 } from './bytes';
import { MalformedInput, TooLarge, UnsupportedAlgorithm } from './errors';
import { type Algorithm, type PublicKey, SIGNATURE_BYTES } from './keys';
import { decodeJsonObject, type JsonObject } from './strictJson';

// Our headers take 100 bytes; one with a certificate chain, which others send and we skip, takes up to 6 KiB.
export const HEADER_BYTES_MAX = 8 * 1024;
// The largest text we read is a status list of one million 8-bit entries.
export const TEXT_CHARS_MAX = 2 * 1024 * 1024;
// A key id is a hint for a lookup, never a document.
export const KID_CHARS_MAX = 256;
// RFC 9864, 2.2 gives EdDSA over Ed25519 the name "Ed25519"; whatever is not here is refused, "none" included.
const ALGORITHMS = new Map<unknown, Algorithm>([
  ['ES256', 'ES256'],
  ['EdDSA', 'EdDSA'],
  ['Ed25519', 'EdDSA'],
]);

/** A compact JWS as it was read: nothing in it is trusted until its signature was checked. */
export class Jws {
  constructor(
    readonly header: JsonObject,
    readonly payload: Uint8Array,
    readonly signature: Uint8Array<ArrayBuffer>,
    readonly signingInput: Uint8Array<ArrayBuffer>,
    readonly algorithm: Algorithm,
  ) {}

  get kid(): string | null {
    const kid = this.header.get('kid');
    return typeof kid === 'string' ? kid : null;
  }

  /** Refuse a token of another sort, so that none is taken for another (RFC 8725, 3.11; RFC 7515, 4.1.9). */
  requireTyp(expected: string): void {
    const typ = this.header.get('typ');
    const bare = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : null;
    if (bare !== expected) {
      throw new MalformedInput(`the typ of this JWS is not ${expected}; it is a token of another sort`);
    }
  }

  payloadObject(sizeBytesMax = TEXT_CHARS_MAX): JsonObject {
    return decodeJsonObject(this.payload, sizeBytesMax);
  }

  /** RFC 8725, 3.1: the key decides the algorithm; a header that names another one is an attack. */
  async isSignedBy(key: PublicKey): Promise<boolean> {
    return this.algorithm === key.algorithm && key.isSignatureOf(this.signature, this.signingInput);
  }
}

/** Take a compact JWS apart (RFC 7515, 5.2, steps 1 to 7). Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export function decodeJws(text: string, sizeCharsMax = TEXT_CHARS_MAX): Jws {
  if (characters(text) > sizeCharsMax) {
    throw new TooLarge(`a JWS of ${characters(text)} characters; at most ${sizeCharsMax} are read`);
  }
  // RFC 7515, 7.1: exactly two periods.
  const parts = text.split('.', 4);
  if (parts.length !== 3) {
    throw new MalformedInput(`a compact JWS has 3 parts, this text has ${parts.length}`);
  }
  const [head, body, tail] = parts as [string, string, string];
  const header = decodeJsonObject(decodeUrl(head), HEADER_BYTES_MAX);
  const algorithm = readHeader(header);
  const [payload, signature] = [decodeUrl(body), decodeUrl(tail)];
  if (signature.length !== SIGNATURE_BYTES) {
    throw new MalformedInput(`a signature of ${signature.length} bytes; ${algorithm} has ${SIGNATURE_BYTES}`);
  }
  return new Jws(header, payload, signature, toUtf8(`${head}.${body}`), algorithm);
}

function readHeader(header: JsonObject): Algorithm {
  // RFC 7515, 4.1.11: an extension we do not understand MUST be refused. We understand none. "b64" (RFC 7797, 6)
  // MUST come with "crit"; alone it would change what is signed.
  if (header.has('crit') || header.has('b64')) {
    throw new MalformedInput('the header demands extensions (crit or b64) and none is supported');
  }
  const kid = header.get('kid') ?? (header.has('kid') ? null : '');
  if (typeof kid !== 'string' || characters(kid) > KID_CHARS_MAX) {
    throw new MalformedInput(`kid must be text of at most ${KID_CHARS_MAX} characters (RFC 7515, 4.1.4)`);
  }
  const algorithm = ALGORITHMS.get(header.get('alg'));
  if (algorithm === undefined) {
    throw new UnsupportedAlgorithm("the header's alg is neither ES256 nor EdDSA; ask for one of these");
  }
  return algorithm;
}
