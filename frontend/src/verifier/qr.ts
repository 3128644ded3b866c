/** The feature "qr": Claim 169 in a CWT in a COSE_Sign1, compressed, in Base45, in every dialect in the wild. */
import { decodeBase45 } from './base45';
import { characters, stripOnly } from './bytes';
import type { Cbor } from './cbor';
import { type Identity, readClaim169, textOf } from './claim169';
import { decodeCose } from './cose';
import { decodeClaimsMap, readClaims } from './cwt';
import { MalformedInput, TooLarge } from './errors';
import { expand } from './expand';
import type { Attributes, LocalText, ProductRef, UnverifiedPass } from './values';

export const KIND = 'qr';
// ISO/IEC 18004, table 7: version 40 at level L holds 4296 alphanumeric characters. No pass has a longer text.
export const TEXT_CHARS_MAX = 4296;
// Line ends and tabs that a copy, a file or a keyboard scanner adds around a text.
export const STRAY_CHARS_MAX = 16;
// 2864 bytes is what 4296 characters carry; ten times that is ample for text that packs well.
export const INFLATED_BYTES_MAX = 1 << 15;
export const MARKS_MAX = 16;

const CLAIM_KEY = 169n; // IANA registry of CWT claims
const ALPHANUMERIC = /^[\r\n\t]{0,16}[0-9A-Z $%*+\-./:]{3}/;
const PRODUCT_SHAPE = /^([a-z][a-z0-9-]{0,31})\/([0-9]{1,6})$/;
// Keys 75 to 99 "may be used in closed ecosystems by mutual agreement" (Claim 169, 1.2.0).
const [PRODUCT, FAMILY, MARKS, GUARDIAN_2, ADDRESS_2, STAY, PASSPORT] = [75n, 76n, 77n, 78n, 79n, 80n, 81n];
// Claim 169 counts languages in ISO 639-3, cards and pages in ISO 639-1.
const TWO = new Map([['eng', 'en'], ['urd', 'ur'], ['zho', 'zh']]); // prettier-ignore

/** Tell whether `raw` begins in the QR alphanumeric alphabet, which is Base45's (RFC 9285, 4.2). */
export function recognises(raw: string): boolean {
  return ALPHANUMERIC.test(raw);
}

/** Read a text as it stands; spaces around it may be Base45's own, or may have been copied along. */
export async function read(raw: string): Promise<UnverifiedPass> {
  try {
    return await readText(raw);
  } catch (refusal) {
    const bare = stripOnly(raw, ' \r\n\t');
    if (!(refusal instanceof MalformedInput) || bare === raw) {
      throw refusal;
    }
    return readText(bare);
  }
}

async function readText(raw: string): Promise<UnverifiedPass> {
  const text = withoutStrays(raw);
  // EU digital COVID certificates (hcert specification, 4.2.2): another standard with another claim, -260.
  if (text.startsWith('HC1:')) {
    throw new MalformedInput('an EU health certificate (HC1:), not a Claim 169 pass, which has no prefix');
  }
  const sign1 = decodeCose(await expand(decodeBase45(text), INFLATED_BYTES_MAX), INFLATED_BYTES_MAX);
  const map = decodeClaimsMap(sign1.payload, INFLATED_BYTES_MAX);
  const claim = map.get(CLAIM_KEY);
  if (claim === undefined) {
    throw new MalformedInput('a signed token without claim 169; it identifies nobody and is not a pass');
  }
  const identity = readClaim169(claim);
  const { issuer, issuedAt, notBefore, expires, status } = readClaims(map);
  return {
    feature: KIND,
    algorithm: sign1.algorithm,
    kid: sign1.kid,
    terms: { issuer, product: product(identity.map.get(PRODUCT)), issuedAt, notBefore, expires, place: status },
    attributes: attributes(identity),
    isSignedBy: (key) => key.isSignatureOf(sign1.signature, sign1.signingInput),
  };
}

/** Strip line ends and tabs from a text that is too long by those alone; refuse a longer one unseen. */
function withoutStrays(raw: string): string {
  const text = characters(raw) <= TEXT_CHARS_MAX + STRAY_CHARS_MAX ? stripOnly(raw, '\r\n\t') : raw;
  if (characters(text) > TEXT_CHARS_MAX) {
    throw new TooLarge(`${characters(text)} characters; a QR code holds at most ${TEXT_CHARS_MAX}`);
  }
  return text;
}

function product(value: Cbor | undefined): ProductRef | null {
  if (value === undefined || value === null) {
    return null;
  }
  const found = typeof value === 'string' ? PRODUCT_SHAPE.exec(value) : null;
  if (found === null) {
    throw new MalformedInput('key 75 of claim 169 names no product (as in nic/1)');
  }
  return { id: found[1]!, version: Number(found[2]) };
}

function attributes(identity: Identity): Attributes {
  const second = TWO.get(textOf(identity, 20n) ?? '') ?? 'ur';
  return {
    number: textOf(identity, 1n),
    name: texts(textOf(identity, 4n), textOf(identity, 19n), second),
    dateOfBirth: identity.dateOfBirth,
    gender: identity.gender,
    guardian: texts(textOf(identity, 15n), ours(identity, GUARDIAN_2), second),
    address: texts(textOf(identity, 10n), ours(identity, ADDRESS_2), second),
    nationality: textOf(identity, 13n),
    region: textOf(identity, 21n),
    countryOfIssuance: textOf(identity, 23n),
    familyNumber: ours(identity, FAMILY),
    countryOfStay: ours(identity, STAY),
    passportNumber: ours(identity, PASSPORT),
    marks: marks(identity.map.get(MARKS)),
    photo: identity.face,
  };
}

function texts(first: string | null, other: string | null, language: string): LocalText {
  if (first !== null && other !== null) {
    return { en: first, [language]: other };
  }
  const said: Record<string, string | null> = { en: first, [language]: other };
  return Object.fromEntries(Object.entries(said).filter((pair): pair is [string, string] => Boolean(pair[1])));
}

function ours(identity: Identity, key: bigint): string | null {
  const value = identity.map.get(key) ?? null;
  if (value !== null && typeof value !== 'string') {
    throw new MalformedInput(`key ${key} of claim 169 is not text`);
  }
  return value;
}

function marks(value: Cbor | undefined): readonly string[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (!Array.isArray(value) || value.length > MARKS_MAX || !value.every((one) => typeof one === 'string')) {
    throw new MalformedInput(`key ${MARKS} of claim 169 is not a list of at most ${MARKS_MAX} words`);
  }
  return value as string[];
}
