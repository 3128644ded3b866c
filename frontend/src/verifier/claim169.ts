/** From the value of claim 169 (MOSIP, table of 1.2.0), in either dialect, to an identity. */
import { strip } from './bytes';
import { type Cbor, CborMap, decodeCbor } from './cbor';
import { asDay } from './days';
import { MalformedInput } from './errors';

// The largest QR code holds 2953 bytes; what unpacks to more than 32 KiB was not made to be a pass.
export const CLAIM_BYTES_MAX = 1 << 15;
// 23 + 16 named keys and as many private ones (24 to 49, 66 to 99).
export const KEYS_MAX = 128;
export const BIOMETRICS_PER_PART_MAX = 16;

const TEXT_KEYS = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 10n, 11n, 12n, 13n, 15n, 19n, 20n, 21n, 22n, 23n];
const [DATE_OF_BIRTH, GENDER, MARITAL_STATUS, PHOTO, PHOTO_FORMAT, BEST_FINGERS] = [8n, 9n, 14n, 16n, 17n, 18n];
const [PARTS_FIRST, PARTS_LAST, FACE] = [50n, 65n, 62n];
const GENDERS = ['M', 'F', 'X'] as const;
// Writers in the wild put the word (MOSIP's own identity data does) where the table has a number.
const GENDER_WORDS = new Map<string, Gender>([
  ['1', 'M'], ['m', 'M'], ['male', 'M'],
  ['2', 'F'], ['f', 'F'], ['female', 'F'],
  ['3', 'X'], ['o', 'X'], ['other', 'X'], ['others', 'X'],
]); // prettier-ignore

export type Gender = (typeof GENDERS)[number];

/** What claim 169 says of a person. `map` gives the texts and the private keys by their numbers. */
export interface Identity {
  map: CborMap;
  dateOfBirth: string | null;
  gender: Gender | null;
  face: Uint8Array | null;
}

/** Read claim 169, given as a map (its IANA type) or as a byte string that holds the map (MOSIP's). */
export function readClaim169(value: Cbor): Identity {
  const map = unwrap(value);
  for (const [key, item] of map.entries) {
    check(key as bigint, item);
  }
  const [born, gender, photo] = [map.get(DATE_OF_BIRTH), map.get(GENDER), map.get(PHOTO)];
  return {
    map,
    dateOfBirth: typeof born === 'string' ? dateOfBirth(born) : null,
    gender: gender === undefined ? null : readGender(gender),
    face: firstFace(map.get(FACE)) ?? (photo instanceof Uint8Array ? photo : null),
  };
}

/** The text under a key of the table, which has been checked to be one; null where it is absent. */
export function textOf(identity: Identity, key: bigint): string | null {
  const value = identity.map.get(key);
  return typeof value === 'string' ? value : null;
}

function unwrap(value: Cbor): CborMap {
  const map = value instanceof Uint8Array ? decodeCbor(value, CLAIM_BYTES_MAX) : value;
  if (!(map instanceof CborMap)) {
    throw new MalformedInput('claim 169 is neither a map nor a byte string that holds one');
  }
  // PixelPass writes the keys as text; the table of Claim 169 has numbers only (and true is not 1).
  if (map.size > KEYS_MAX || !map.hasOnly('integer')) {
    throw new MalformedInput(`claim 169 has a key that is not a number, or more than ${KEYS_MAX} keys`);
  }
  return map;
}

function check(key: bigint, item: Cbor): void {
  if (TEXT_KEYS.includes(key)) {
    require(typeof item === 'string', key);
  } else if (key >= PARTS_FIRST && key <= PARTS_LAST) {
    checkBiometrics(key, item);
  } else if (key === DATE_OF_BIRTH) {
    require(typeof item === 'string', key);
  } else if (key === GENDER) {
    require(typeof item === 'string' || isNumber(item, 1n, 3n), key);
  } else if (key === MARITAL_STATUS) {
    require(isNumber(item, 1n, 3n), key);
  } else if (key === PHOTO) {
    require(item instanceof Uint8Array, key);
  } else if (key === PHOTO_FORMAT) {
    require(isNumber(item, 0n, 255n), key);
  } else if (key === BEST_FINGERS) {
    require(Array.isArray(item) && item.length <= 10 && item.every((one) => isNumber(one, 0n, 10n)), key);
  }
}

/** A list of biometrics, or a single one as MOSIP writes it. */
function checkBiometrics(key: bigint, item: Cbor): void {
  const taken = item instanceof CborMap ? [item] : item;
  require(Array.isArray(taken) && taken.length > 0 && taken.length <= BIOMETRICS_PER_PART_MAX, key);
  for (const one of taken as Cbor[]) {
    require(one instanceof CborMap && isBiometric(one), key);
  }
}

function isBiometric(one: CborMap): boolean {
  const issuer = one.get(3n) ?? null;
  const isNumbered = [1n, 2n].every((key) => (one.get(key) ?? null) === null || isNumber(one.get(key), 0n, 255n));
  return (
    one.get(0n) instanceof Uint8Array &&
    one.hasOnly('integer') &&
    (issuer === null || typeof issuer === 'string') &&
    isNumbered
  );
}

function firstFace(item: Cbor | undefined): Uint8Array | null {
  const one = Array.isArray(item) ? item[0] : item;
  const image = one instanceof CborMap ? one.get(0n) : null;
  return image instanceof Uint8Array ? image : null;
}

/** YYYYMMDD by the table; YYYY-MM-DD as several issuers write it. Strict: ASCII digits, a real day. */
function dateOfBirth(item: string): string {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$|^([0-9]{4})([0-9]{2})([0-9]{2})$/.exec(item);
  const day = parts && asDay(parts[1] ?? parts[4]!, parts[2] ?? parts[5]!, parts[3] ?? parts[6]!);
  if (!day) {
    throw new MalformedInput('key 8 of claim 169 (date of birth) is not a day as YYYYMMDD or YYYY-MM-DD');
  }
  return day;
}

/** A word that the table does not know is kept, not guessed. */
function readGender(item: Cbor): Gender | null {
  if (typeof item === 'string') {
    return GENDER_WORDS.get(strip(item).toLowerCase()) ?? null;
  }
  return GENDERS[Number(item) - 1] ?? null;
}

function isNumber(item: Cbor | undefined, lowest: bigint, highest: bigint): boolean {
  return typeof item === 'bigint' && item >= lowest && item <= highest;
}

function require(holds: boolean, key: bigint): void {
  if (!holds) {
    throw new MalformedInput(`key ${key} of claim 169 is not what the table of Claim 169 1.2.0 says`);
  }
}
