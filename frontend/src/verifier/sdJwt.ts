/** SD-JWT (RFC 9901) taken apart, its disclosures checked and put in their places. Clauses are RFC 9901's. */
import { decodeUrl, encodeUrl } from './base64';
import { characters, sha256, toUtf8 } from './bytes';
import { MalformedInput, TooLarge, UnsupportedAlgorithm } from './errors';
import { decodeJws, type Jws } from './jws';
import { decodeJson, DEPTH_MAX, type Json, type JsonObject } from './strictJson';

// A pass with a portrait has 30 disclosures and 100 KiB; larger texts are not passes.
export const TEXT_CHARS_MAX = 256 * 1024;
export const DISCLOSURES_MAX = 256;
// A portrait of 90 KiB fits; everything else we disclose is a line of text.
export const DISCLOSURE_CHARS_MAX = 128 * 1024;
// 4.1.1: the default, and the only one we take.
const DIGEST_ALGORITHM = 'sha-256';

interface Disclosure {
  digest: string;
  name: string | null;
  value: Json;
}

/** An SD-JWT as it was read; nothing in it is trusted. */
export interface UnverifiedSdJwt {
  token: Jws;
  payload: JsonObject;
  disclosures: readonly Disclosure[];
  keyBinding: string | null;
}

/** Take an SD-JWT, with or without key binding, apart (4 and 7.1, step 1). */
export async function parseSdJwt(text: string): Promise<UnverifiedSdJwt> {
  if (characters(text) > TEXT_CHARS_MAX) {
    throw new TooLarge(`an SD-JWT of ${characters(text)} characters; at most ${TEXT_CHARS_MAX} are read`);
  }
  const [issuerSigned = '', ...parts] = text.split('~');
  if (parts.length === 0) {
    throw new MalformedInput('an SD-JWT has at least one ~; this is a plain JWT or something else');
  }
  if (parts.length - 1 > DISCLOSURES_MAX) {
    throw new TooLarge(`${parts.length - 1} disclosures; at most ${DISCLOSURES_MAX} are read`);
  }
  const token = decodeJws(issuerSigned, TEXT_CHARS_MAX);
  const payload = token.payloadObject(TEXT_CHARS_MAX);
  const disclosures = await Promise.all(parts.slice(0, -1).map(readDisclosure));
  return { token, payload, disclosures, keyBinding: parts.at(-1) || null };
}

/** Read one disclosure (4.2.1 and 4.2.2). */
async function readDisclosure(text: string): Promise<Disclosure> {
  const parts = decodeJson(decodeUrl(text), DISCLOSURE_CHARS_MAX);
  if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3 || typeof parts[0] !== 'string') {
    throw new MalformedInput('a disclosure is a JSON array of a salt, perhaps a name, and a value');
  }
  const name = parts.length === 3 ? parts[1] : null;
  // 7.1, step 3.c.ii.2: a claim named _sd or ... MUST be refused.
  if (parts.length === 3 && (typeof name !== 'string' || isReserved(name))) {
    throw new MalformedInput("a disclosure's claim name must be text, and neither _sd nor ...");
  }
  return { digest: encodeUrl(await sha256(toUtf8(text))), name: name as string | null, value: parts.at(-1)! };
}

function isReserved(name: string): boolean {
  return name === '_sd' || name === '...';
}

/** Put each disclosure in the place of its digest and give the payload (7.1, steps 2d to 5). */
export function openDisclosures(sdJwt: UnverifiedSdJwt): JsonObject {
  // Step 2d. _sd_alg is understood and secure; absent means sha-256 (4.1.1).
  if (sdJwt.payload.has('_sd_alg') && sdJwt.payload.get('_sd_alg') !== DIGEST_ALGORITHM) {
    throw new UnsupportedAlgorithm('_sd_alg is not sha-256; ask the issuer for a token with sha-256 digests');
  }
  const disclosed = new Map(sdJwt.disclosures.map((each) => [each.digest, each]));
  if (disclosed.size !== sdJwt.disclosures.length) {
    throw new MalformedInput('a disclosure is given twice');
  }
  const opener = new Opener(disclosed);
  const payload = opener.object(sdJwt.payload, 0);
  payload.delete('_sd_alg');
  // Step 5. Every disclosure was asked for by a digest.
  if (![...disclosed.keys()].every((digest) => opener.seen.has(digest))) {
    throw new MalformedInput('a disclosure belongs to no digest that the issuer signed');
  }
  return payload;
}

/** Steps 3b to 3e, recursively. */
class Opener {
  readonly seen = new Set<string>();

  constructor(readonly disclosed: ReadonlyMap<string, Disclosure>) {}

  object(given: JsonObject, depth: number): JsonObject {
    // 4.1: "..." stands alone in an array element and nowhere else.
    if (given.has('...')) {
      throw new MalformedInput('a claim is named ..., which is reserved for digests in arrays');
    }
    const opened: JsonObject = new Map();
    for (const [name, value] of given) {
      if (name !== '_sd') {
        opened.set(name, this.#open(value, depth + 1));
      }
    }
    // Step 3b.i. _sd refers to an array of strings.
    const digests = given.has('_sd') ? given.get('_sd') : [];
    if (!Array.isArray(digests)) {
      throw new MalformedInput('_sd is not an array of digests');
    }
    for (const digest of digests) {
      this.#addClaim(opened, digest, depth);
    }
    return opened;
  }

  #addClaim(opened: JsonObject, digest: Json, depth: number): void {
    // Step 3c.i. A digest without a disclosure is a decoy or something the holder keeps: ignored.
    const found = this.#find(digest);
    if (found === undefined) {
      return;
    }
    // Steps 3c.ii.1 to 3: a salt, a name that is not taken at this level, and a value.
    if (found.name === null || isReserved(found.name) || opened.has(found.name)) {
      throw new MalformedInput('a disclosed claim has no name, or one that is taken or reserved');
    }
    opened.set(found.name, this.#open(found.value, depth + 1));
  }

  #array(given: Json[], depth: number): Json[] {
    const opened: Json[] = [];
    for (const element of given) {
      // Step 3b.ii. An object with one key, "...", stands for an element.
      if (!(element instanceof Map && element.size === 1 && element.has('...'))) {
        opened.push(this.#open(element, depth + 1));
        continue;
      }
      const found = this.#find(element.get('...')!);
      // Step 3d. What is not disclosed leaves no gap.
      if (found === undefined) {
        continue;
      }
      // Step 3c.iii.1. In an array, a disclosure has a salt and a value.
      if (found.name !== null) {
        throw new MalformedInput('a disclosed array element has a name');
      }
      opened.push(this.#open(found.value, depth + 1));
    }
    return opened;
  }

  #open(value: Json, depth: number): Json {
    // Disclosures inside disclosures could nest without end; the limit of one JSON text holds for the whole.
    if (depth > DEPTH_MAX) {
      throw new TooLarge(`claims nested deeper than ${DEPTH_MAX} levels`);
    }
    if (value instanceof Map) {
      return this.object(value, depth);
    }
    return Array.isArray(value) ? this.#array(value, depth) : value;
  }

  #find(digest: Json | undefined): Disclosure | undefined {
    if (typeof digest !== 'string') {
      throw new MalformedInput('a digest is not text');
    }
    // Step 4. No digest twice, wherever it stands.
    if (this.seen.has(digest)) {
      throw new MalformedInput('a digest stands in two places');
    }
    this.seen.add(digest);
    return this.disclosed.get(digest);
  }
}
