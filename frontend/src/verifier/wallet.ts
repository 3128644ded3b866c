/** The feature "sd-jwt-vc": an SD-JWT VC file for a wallet, whose holder shows a claim at a time (RFC 9901). */
import { decodePlain, tryUrl } from './base64';
import { characters, strip, toUtf8 } from './bytes';
import type { Gender } from './claim169';
import { SECONDS_MAX } from './cwt';
import { asDay } from './days';
import { MalformedInput } from './errors';
import { readJwk } from './keys';
import { openDisclosures, parseSdJwt, type UnverifiedSdJwt } from './sdJwt';
import { readReference } from './statusReference';
import type { Json, JsonObject } from './strictJson';
import type { Attributes, LocalText, ProductRef, StatusPlace, Terms, UnverifiedPass } from './values';

export const KIND = 'sd-jwt-vc';
export const LANGUAGES_MAX = 8;
export const MARKS_MAX = 16;

const TYP = 'dc+sd-jwt';
// A JOSE header in base64url begins with eyJ; a tilde follows the issuer's JWT (RFC 9901, 4).
const SHAPE = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+~/;
const PRODUCT_SHAPE = /^urn:[a-z0-9-]+:([a-z][a-z0-9-]{0,31}):([0-9]{1,6})$/;
const PICTURE = 'data:image/webp;base64,';
const GENDERS = new Map<string, Gender>([['male', 'M'], ['female', 'F'], ['other', 'X']]); // prettier-ignore
// SD-JWT VC, 2.2.2.2: these MUST NOT be selectively disclosed.
const NEVER_CONCEALED = ['iss', 'aud', 'exp', 'nbf', 'cnf', 'vct', 'vct#integrity', 'status', '_sd_alg'];

/** Tell whether `raw` begins as an SD-JWT does. */
export function recognises(raw: string): boolean {
  return SHAPE.test(strip(raw));
}

/** Read what the holder discloses. Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export async function read(raw: string): Promise<UnverifiedPass> {
  const parsed = await parseSdJwt(strip(raw));
  const payload = openCredential(parsed);
  const { terms: unchecked, vct, isBound } = credential(payload);
  // RFC 9901, 7.3: a key binding is checked against a nonce of the verifier's, which a file cannot know.
  if (isBound || parsed.keyBinding !== null) {
    throw new MalformedInput("this credential is bound to its wallet's key; let the wallet present it online");
  }
  const { token } = parsed;
  return {
    feature: KIND,
    algorithm: token.algorithm,
    kid: keyId(token.kid),
    terms: { ...inCalendar(unchecked), product: product(vct) },
    attributes: attributes(payload),
    isSignedBy: (key) => token.isSignedBy(key),
  };
}

function openCredential(parsed: UnverifiedSdJwt): JsonObject {
  // SD-JWT VC, 2.2.1: typ MUST be dc+sd-jwt.
  parsed.token.requireTyp(TYP);
  const payload = openDisclosures(parsed);
  if (NEVER_CONCEALED.some((name) => payload.has(name) && !parsed.payload.has(name))) {
    throw new MalformedInput('the issuer left it to the holder to show a claim that decides; that is refused');
  }
  return payload;
}

function credential(payload: JsonObject): { terms: Terms; vct: string; isBound: boolean } {
  const [vct, issuer] = [payload.get('vct'), payload.get('iss')];
  // 2.2.2.1: vct is required. iss is optional there and required here: the trust list knows keys by issuer.
  if (typeof vct !== 'string' || !vct || typeof issuer !== 'string' || !issuer) {
    throw new MalformedInput('a credential needs vct and iss, both texts');
  }
  const [issuedAt, notBefore, expires] = ['iat', 'nbf', 'exp'].map((name) => seconds(payload, name));
  const place = status(payload.get('status') ?? null);
  const terms = { issuer, product: null, issuedAt: issuedAt!, notBefore: notBefore!, expires: expires!, place };
  return { terms, vct, isBound: isBound(payload.get('cnf') ?? null) };
}

function status(value: Json): StatusPlace | null {
  return value === null ? null : readReference(value);
}

/** Tell whether the credential is bound to a key; a key that could not be one is refused (RFC 7800, 3.2). */
function isBound(cnf: Json): boolean {
  if (cnf === null) {
    return false;
  }
  if (!(cnf instanceof Map) || !cnf.has('jwk')) {
    throw new MalformedInput('cnf names no jwk; other means of confirmation are not supported');
  }
  readJwk(cnf.get('jwk'));
  return true;
}

/** A whole number of seconds, Infinity for what no calendar has; null where it is absent. */
function seconds(payload: JsonObject, name: string): number | null {
  const value = payload.get(name) ?? null;
  if (value === null) {
    return null;
  }
  if (typeof value !== 'bigint' || value < 0n) {
    throw new MalformedInput(`${name} is a number of whole seconds since 1970`);
  }
  return Number(value);
}

function inCalendar(terms: Terms): Terms {
  if ([terms.issuedAt, terms.notBefore, terms.expires].some((time) => time !== null && time > SECONDS_MAX)) {
    throw new MalformedInput('a time of the credential lies beyond the calendar');
  }
  return terms;
}

function product(vct: string): ProductRef {
  const found = PRODUCT_SHAPE.exec(vct);
  if (found === null) {
    throw new MalformedInput('the credential type (vct) names no card product');
  }
  return { id: found[1]!, version: Number(found[2]) };
}

/** Our kids are 8 bytes in base64url; another issuer's may be any text, compared by its bytes. */
function keyId(kid: string | null): Uint8Array | null {
  if (kid === null) {
    return null;
  }
  return (characters(kid) === 11 ? tryUrl(kid) : null) ?? toUtf8(kid);
}

function attributes(claims: JsonObject): Attributes {
  return {
    number: text(claims, 'personal_administrative_number'),
    name: local(claims, 'name'),
    dateOfBirth: birthdate(text(claims, 'birthdate')),
    gender: GENDERS.get(text(claims, 'gender') ?? '') ?? null,
    guardian: local(claims, 'guardian'),
    address: local(claims, 'formatted_address'),
    nationality: text(claims, 'nationality'),
    region: text(claims, 'region'),
    countryOfIssuance: text(claims, 'issuing_country'),
    familyNumber: text(claims, 'family_number'),
    countryOfStay: text(claims, 'country_of_stay'),
    passportNumber: text(claims, 'passport_number'),
    marks: marks(claims.get('marks') ?? null),
    photo: photo(text(claims, 'picture')),
  };
}

function text(claims: JsonObject, claim: string): string | null {
  const value = claims.get(claim) ?? null;
  if (value !== null && typeof value !== 'string') {
    throw new MalformedInput(`the claim ${claim} is not text`);
  }
  return value;
}

/** "name#ur" is the way of OpenID Connect Core, 5.2 to say the language. */
function local(claims: JsonObject, claim: string): LocalText {
  const names = [...claims.keys()].filter((name) => name === claim || name.startsWith(`${claim}#`));
  const said = new Map<string, string | null>();
  for (const name of names.slice(0, LANGUAGES_MAX)) {
    said.set(name.slice(claim.length + 1) || 'en', text(claims, name));
  }
  return Object.fromEntries([...said].filter((pair): pair is [string, string] => Boolean(pair[1])));
}

function birthdate(value: string | null): string | null {
  if (!value) {
    return null;
  }
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(value);
  const day = parts && asDay(parts[1]!, parts[2]!, parts[3]!);
  if (!day) {
    throw new MalformedInput('the claim birthdate is not a date (OpenID Connect Core, 5.1)');
  }
  return day;
}

function marks(value: Json): readonly string[] {
  if (value === null) {
    return [];
  }
  if (!Array.isArray(value) || value.length > MARKS_MAX || !value.every((one) => typeof one === 'string')) {
    throw new MalformedInput(`the claim marks is not a list of at most ${MARKS_MAX} words`);
  }
  return value as string[];
}

function photo(value: string | null): Uint8Array | null {
  if (value === null) {
    return null;
  }
  const picture = decodePlain(value.startsWith(PICTURE) ? value.slice(PICTURE.length) : value);
  if (picture === null) {
    throw new MalformedInput('the claim picture is not a WebP picture in a data URI (RFC 2397)');
  }
  return picture;
}
