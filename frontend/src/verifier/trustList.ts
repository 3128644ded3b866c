/** The trust list as it travels: a compact JWS over JSON (decision 0004), each value within its limits. */
import { decodeUrl, encodeUrl } from './base64';
import { characters, strip } from './bytes';
import { MalformedInput, TooLarge } from './errors';
import { decodeJws, type Jws } from './jws';
import { PublicKey } from './keys';
import type { Json, JsonObject } from './strictJson';

// The limits are those of `wire/trust_list/entities.py`, which gives their reasons.
export const ISSUERS_MAX = 256;
export const KEYS_MAX = 64;
export const STATUS_URIS_MAX = 1024;
export const PRODUCTS_MAX = 64;
export const ROOTS_MAX = 8;
export const LANGUAGES_MAX = 16;
export const NAME_CHARS_MAX = 200;
export const URI_CHARS_MAX = 512;
export const ID_CHARS_MAX = 256;
export const PRODUCT_CHARS_MAX = 64;
export const ALIAS_BYTES_MAX = 64;
export const SEQUENCE_MAX = (1n << 53n) - 1n;
export const SECONDS_MAX = 253_402_300_799n;
export const TEXT_CHARS_MAX = 2 * 1024 * 1024;

const TYP = 'rahdari-trust-list+jwt';
const VERSION = 1n;
const USES = ['pass', 'status', 'answer', 'audit'] as const;
const WORD = /^[!-~]+$/;
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/; // RFC 5646, 2.1, without its rare forms
// A name is shown to an officer who must believe it: no control characters, none that turn the text around.
// oxlint-disable-next-line no-control-regex
const TREACHEROUS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
// No user part, no fragment (RFC 3986, 3.2.1 and 3.5): the one deceives, the other is never sent.
const ADDRESS =
  /^(?:https:\/\/[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|http:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]))(?::[0-9]{1,5})?(?:[/?][!$-;=?-[\]_a-z~]*)?$/;

export type KeyUse = (typeof USES)[number];

/** A public key with its uses and its window, the end excluded; `withdrawnAt` set: it is believed for nothing. */
export interface TrustedKey {
  public: PublicKey;
  uses: readonly KeyUse[];
  notBefore: number;
  notAfter: number;
  withdrawnAt: number | null;
  alias: Uint8Array | null;
}

/** An issuer: its id as in the claim `iss`, its name by language, its products, its lists, its keys. */
export interface TrustedIssuer {
  id: string;
  name: Readonly<Record<string, string>>;
  products: readonly string[];
  statusUris: readonly string[];
  statusRequired: boolean;
  keys: readonly TrustedKey[];
}

/** Whom to believe, as one authority states it at `issuedAt` and until `expires` (excluded). */
export interface TrustList {
  sequence: number;
  issuedAt: number;
  expires: number;
  issuers: readonly TrustedIssuer[];
  roots: readonly PublicKey[];
}

/** A trust list with its signature, as it was read; nothing is trusted until a root was found to have signed. */
export interface SignedTrustList {
  unverified: TrustList;
  token: Jws;
  rootKid: string;
}

/** Read a trust list. Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export async function decodeTrustList(text: string): Promise<SignedTrustList> {
  const token = decodeJws(text, TEXT_CHARS_MAX);
  token.requireTyp(TYP);
  if (token.kid === null) {
    throw new MalformedInput('a trust list names the root that signed it by kid');
  }
  const payload = token.payloadObject(TEXT_CHARS_MAX);
  requireMembers(payload, ['version', 'sequence', 'iat', 'exp', 'issuers', 'roots']);
  if (integer(payload, 'version') !== VERSION) {
    throw new MalformedInput(`a trust list of another version than ${VERSION}; update this program`);
  }
  const sequence = integer(payload, 'sequence');
  const [issuedAt, expires] = [integer(payload, 'iat'), integer(payload, 'exp')];
  const issuers = await inTurn(entries(payload, 'issuers', ISSUERS_MAX), readIssuer);
  const roots = await inTurn(entries(payload, 'roots', ROOTS_MAX), (jwk) => PublicKey.fromJwk(jwk));
  if (sequence < 1n || sequence > SEQUENCE_MAX) {
    throw new MalformedInput(`a trust list's sequence number lies between 1 and ${SEQUENCE_MAX}`);
  }
  const window = { issuedAt: seconds(issuedAt), expires: seconds(expires) };
  if (window.expires <= window.issuedAt) {
    throw new MalformedInput('this trust list expires before it is issued');
  }
  requireUnique(issuers, (one, other) => one.id === other.id, 'an issuer');
  requireUnique(roots, (one, other) => one.isEqual(other), 'a root');
  return { unverified: { sequence: Number(sequence), ...window, issuers, roots }, token, rootKid: token.kid };
}

/** The key's id as our JOSE headers carry it. */
export function kidText(key: PublicKey): string {
  return encodeUrl(key.kid);
}

async function readIssuer(value: Json): Promise<TrustedIssuer> {
  const issuer = object(value);
  requireMembers(issuer, ['id', 'name', 'products', 'status_uris', 'status_required', 'keys']);
  const name = object(issuer.get('name'));
  const statusRequired = issuer.get('status_required');
  if (typeof statusRequired !== 'boolean') {
    throw new MalformedInput('status_required is true or false');
  }
  const id = text(issuer.get('id'));
  const names = [...name].map(([language, words]): [string, string] => [language, text(words)]);
  const products = distinct(entries(issuer, 'products', PRODUCTS_MAX).map(text));
  const statusUris = entries(issuer, 'status_uris', STATUS_URIS_MAX).map(text);
  const keys = await inTurn(entries(issuer, 'keys', KEYS_MAX), readKey);
  requireWord(id, ID_CHARS_MAX);
  requireCount(names.length, 1, LANGUAGES_MAX, 'names');
  names.forEach(requireName);
  requireCount(products.length, 1, PRODUCTS_MAX, 'products');
  products.forEach((one) => requireWord(one, PRODUCT_CHARS_MAX));
  statusUris.forEach(requireAddress);
  distinct(statusUris);
  requireCount(keys.length, 1, KEYS_MAX, 'keys');
  requireUnique(keys, (one, other) => one.public.isEqual(other.public), 'a key');
  return { id, name: Object.fromEntries(names), products, statusUris, statusRequired, keys };
}

async function readKey(value: Json): Promise<TrustedKey> {
  const key = object(value);
  requireMembers(key, ['jwk', 'uses', 'not_before', 'not_after'], ['withdrawn_at', 'alias']);
  const publicKey = await PublicKey.fromJwk(key.get('jwk'));
  const uses = distinct(entries(key, 'uses', USES.length).map(readUse));
  const [notBefore, notAfter] = [integer(key, 'not_before'), integer(key, 'not_after')];
  const withdrawnAt = key.has('withdrawn_at') ? integer(key, 'withdrawn_at') : null;
  const alias = key.has('alias') ? decodeUrl(text(key.get('alias'))) : null;
  if (alias !== null && (alias.length === 0 || alias.length > ALIAS_BYTES_MAX)) {
    throw new MalformedInput(`a key's alias has from 1 to ${ALIAS_BYTES_MAX} bytes`);
  }
  if (uses.length === 0) {
    throw new MalformedInput('a trusted key needs at least one use; an empty set would mean nothing');
  }
  const window = { notBefore: seconds(notBefore), notAfter: seconds(notAfter) };
  if (window.notAfter <= window.notBefore) {
    throw new MalformedInput("a trusted key's window ends before it begins");
  }
  return { public: publicKey, uses, ...window, withdrawnAt: withdrawnAt === null ? null : seconds(withdrawnAt), alias };
}

function readUse(value: Json): KeyUse {
  const use = USES.find((one) => one === text(value));
  if (use === undefined) {
    throw new MalformedInput(`a key's uses are among ${USES.join()}`);
  }
  return use;
}

/** One after the other, so that of several faults the first is told. */
async function inTurn<Entry>(values: Json[], read: (value: Json) => Promise<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const value of values) {
    // oxlint-disable-next-line no-await-in-loop
    found.push(await read(value));
  }
  return found;
}

function entries(parent: JsonObject, name: string, countMax: number): Json[] {
  const listed = parent.get(name);
  // Counted before any entry is read: a key costs a curve computation.
  if (!Array.isArray(listed) || listed.length > countMax) {
    throw new MalformedInput(`${name} is an array of at most ${countMax} entries`);
  }
  return listed;
}

function distinct<Entry>(listed: Entry[]): Entry[] {
  if (new Set(listed).size !== listed.length) {
    throw new MalformedInput('an entry stands twice in an array of the trust list');
  }
  return listed;
}

function requireUnique<Entry>(listed: Entry[], isSame: (one: Entry, other: Entry) => boolean, what: string): void {
  if (listed.some((one, at) => listed.slice(0, at).some((other) => isSame(one, other)))) {
    throw new MalformedInput(`${what} stands twice; which entry counts would be unclear`);
  }
}

function requireMembers(value: JsonObject, required: string[], optional: string[] = []): void {
  const isWhole = required.every((name) => value.has(name));
  if (!isWhole || ![...value.keys()].every((name) => required.includes(name) || optional.includes(name))) {
    throw new MalformedInput(`an entry of the trust list has these members: ${required.join()}`);
  }
}

function object(value: Json | undefined): JsonObject {
  if (!(value instanceof Map)) {
    throw new MalformedInput('an entry of the trust list is not a JSON object');
  }
  return value;
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') {
    throw new MalformedInput('a member of the trust list is not text');
  }
  return value;
}

function integer(parent: JsonObject, name: string): bigint {
  const value = parent.get(name);
  if (typeof value !== 'bigint') {
    throw new MalformedInput(`${name} is a whole number`);
  }
  return value;
}

function seconds(value: bigint): number {
  if (value < 0n || value > SECONDS_MAX) {
    throw new MalformedInput('times of a trust list are seconds from 1970 to the year 9999');
  }
  return Number(value);
}

function requireCount(count: number, least: number, most: number, what: string): void {
  if (count < least) {
    throw new MalformedInput(`${count} ${what} where at least ${least} must be`);
  }
  if (count > most) {
    throw new TooLarge(`${count} ${what}; at most ${most} are possible`);
  }
}

function requireWord(word: string, charsMax: number): void {
  if (word.length > charsMax || !WORD.test(word)) {
    throw new MalformedInput(`an id or a product is 1 to ${charsMax} printable ASCII characters without spaces`);
  }
}

function requireName([language, words]: [string, string]): void {
  if (!LANGUAGE.test(language)) {
    throw new MalformedInput("an issuer's name stands under a language tag such as en or ur (RFC 5646)");
  }
  if (!strip(words) || characters(words) > NAME_CHARS_MAX || TREACHEROUS.test(words)) {
    throw new MalformedInput(`an issuer's name has 1 to ${NAME_CHARS_MAX} characters, none of them for control`);
  }
}

function requireAddress(uri: string): void {
  if (uri.length > URI_CHARS_MAX || !ADDRESS.test(uri)) {
    throw new MalformedInput('a status address is https://, or http:// on this machine, without user or fragment');
  }
}
