/**
 * CBOR (RFC 8949), read strictly and within bounds.
 *
 * Integers are `bigint`, floats `number`. Which inputs are refused follows the Python verifier's decoder to the
 * letter: duplicate keys (numbers that are equal are the same key, whatever their type), bad UTF-8, tags that
 * none of our formats uses, nesting beyond the limit, bytes behind the item.
 */
import { hex, join, utf8 } from './bytes';
import { MalformedInput, TooLarge } from './errors';

// The deepest of our formats (a status reference in a CWT, a biometric in a list in claim 169) has 5 levels.
export const DEPTH_MAX = 16;

/** Dates, bignums, expressions, shared values and their like: refused unread (as in `wire/cbor.py`). */
const TAGS_REFUSED = new Set<bigint>(
  [0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799].map(BigInt),
);

export type CborKey = bigint | string;
export type Cbor = bigint | number | string | boolean | null | Uint8Array<ArrayBuffer> | Cbor[] | CborMap | Tag | Simple;
type KeyKind = 'integer' | 'text' | 'other';

/** A tag that the formats do not decode, and what stands under it. */
export class Tag {
  constructor(
    readonly number: bigint,
    readonly value: Cbor,
  ) {}
}

/** A simple value without a meaning here; 23 is "undefined". */
export class Simple {
  constructor(readonly number: number) {}
}

/** A map. Keys other than numbers and texts take part in the search for duplicates and are then forgotten. */
export class CborMap {
  readonly entries = new Map<CborKey, Cbor>();
  readonly #others = new Set<string>();
  readonly #kinds = new Set<KeyKind>();

  get size(): number {
    return this.entries.size + this.#others.size;
  }

  get(key: CborKey): Cbor | undefined {
    return this.entries.get(key);
  }

  has(key: CborKey): boolean {
    return this.entries.has(key);
  }

  /** Tell whether every key is of one of these kinds; true and 1.0 are no integers. */
  hasOnly(...kinds: KeyKind[]): boolean {
    return [...this.#kinds].every((kind) => kinds.includes(kind));
  }

  add(key: Cbor, value: Cbor): void {
    this.#kinds.add(typeof key === 'bigint' ? 'integer' : typeof key === 'string' ? 'text' : 'other');
    const plain = plainKey(key);
    const other = plain === null ? canonical(key) : '';
    if (plain === null ? this.#others.has(other) : this.entries.has(plain)) {
      throw new MalformedInput('not valid CBOR: a map has the same key twice');
    }
    if (plain === null) {
      this.#others.add(other);
    } else {
      this.entries.set(plain, value);
    }
  }

  canonical(): string {
    const pairs = [...this.entries].map(([key, value]) => `${canonical(key)}:${canonical(value)}`);
    return `{${[...pairs, ...this.#others].sort().join()}}`;
  }
}

/** The number that equals a key (true is 1, 2.0 is 2), or its text; null for every other key. */
function plainKey(key: Cbor): CborKey | null {
  if (typeof key === 'bigint' || typeof key === 'string') {
    return key;
  }
  if (typeof key === 'boolean') {
    return key ? 1n : 0n;
  }
  if (typeof key === 'number' && Number.isInteger(key)) {
    return BigInt(key);
  }
  return key instanceof Simple && key.number !== 23 ? BigInt(key.number) : null;
}

let notANumber = 0;

/** Write a key so that equal ones are the same text. */
function canonical(key: Cbor): string {
  const plain = plainKey(key);
  if (plain !== null) {
    return typeof plain === 'string' ? JSON.stringify(plain) : String(plain);
  }
  if (key instanceof Uint8Array) {
    return `h'${hex(key)}'`;
  }
  if (Array.isArray(key)) {
    return `[${key.map(canonical).join()}]`;
  }
  if (key instanceof CborMap) {
    return key.canonical();
  }
  if (key instanceof Tag) {
    return `${key.number}(${canonical(key.value)})`;
  }
  if (key instanceof Simple) {
    return `simple(${key.number})`;
  }
  // Not a number is no other's equal, not even its own.
  return Number.isNaN(key) ? `nan${(notANumber += 1)}` : String(key);
}

/** Decode exactly one data item that fills `raw` to the last byte. Throws `MalformedInput`. */
export function decodeCbor(raw: Uint8Array, sizeBytesMax: number, depthMax = DEPTH_MAX): Cbor {
  if (raw.length > sizeBytesMax) {
    throw new TooLarge(`${raw.length} bytes of CBOR; at most ${sizeBytesMax} are read here`);
  }
  const reader = new Reader(raw, depthMax);
  const value = reader.item(0);
  if (reader.at !== raw.length) {
    throw new MalformedInput(`${raw.length - reader.at} bytes follow the CBOR item; nothing may`);
  }
  return value;
}

/** Write the head of an item in its shortest form (RFC 8949, 4.2.1). */
export function head(major: number, count: number): Uint8Array<ArrayBuffer> {
  const first = major << 5;
  if (count < 24) {
    return Uint8Array.of(first | count);
  }
  if (count < 0x100) {
    return Uint8Array.of(first | 24, count);
  }
  const size = count < 0x1_0000 ? 2 : count < 0x1_0000_0000 ? 4 : 8;
  const out = new Uint8Array(1 + size);
  out[0] = first | (size === 2 ? 25 : size === 4 ? 26 : 27);
  for (let at = size, left = count; at > 0; at -= 1, left = Math.floor(left / 256)) {
    out[at] = left % 256;
  }
  return out;
}

const BREAK = Symbol('break');

class Reader {
  at = 0;
  readonly #view: DataView;

  constructor(
    readonly raw: Uint8Array,
    readonly depthMax: number,
  ) {
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  }

  item(depth: number): Cbor {
    const value = this.#itemOrBreak(depth);
    if (value === BREAK) {
      throw new MalformedInput('not valid CBOR: a break where a data item was expected');
    }
    return value;
  }

  #itemOrBreak(depth: number): Cbor | typeof BREAK {
    const first = this.#take(1);
    const [major, extra] = [this.raw[first]! >> 5, this.raw[first]! & 31];
    if (major === 7) {
      return this.#special(extra);
    }
    if (extra === 31 && major >= 2 && major <= 5) {
      return this.#indefinite(major, depth);
    }
    const argument = this.#argument(extra);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1n - argument;
      case 2:
        return this.#bytes(argument);
      case 3:
        return this.#text(argument);
      case 4:
        return this.#array(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return this.#tag(argument, depth);
    }
  }

  #take(count: number): number {
    const from = this.at;
    if (from + count > this.raw.length) {
      throw new MalformedInput('CBOR that ends too early; the input was cut');
    }
    this.at += count;
    return from;
  }

  #argument(extra: number): bigint {
    if (extra < 24) {
      return BigInt(extra);
    }
    switch (extra) {
      case 24:
        return BigInt(this.raw[this.#take(1)]!);
      case 25:
        return BigInt(this.#view.getUint16(this.#take(2)));
      case 26:
        return BigInt(this.#view.getUint32(this.#take(4)));
      case 27:
        return this.#view.getBigUint64(this.#take(8));
      default:
        throw new MalformedInput(`not valid CBOR: additional information ${extra} has no meaning here`);
    }
  }

  /** A count of items or bytes: each takes a byte at least, so more than are left is a cut input. */
  #count(argument: bigint, bytesEach: number): number {
    if (argument * BigInt(bytesEach) > BigInt(this.raw.length - this.at)) {
      throw new MalformedInput('CBOR that ends too early; the input was cut');
    }
    return Number(argument);
  }

  #bytes(argument: bigint): Uint8Array<ArrayBuffer> {
    const count = this.#count(argument, 1);
    const from = this.#take(count);
    return new Uint8Array(this.raw.slice(from, from + count));
  }

  #text(argument: bigint): string {
    const text = utf8(this.#bytes(argument));
    // RFC 8949, 3.1: a text string is valid UTF-8, and so is each chunk of one (3.2.3).
    if (text === null) {
      throw new MalformedInput('not valid CBOR: a text is not UTF-8');
    }
    return text;
  }

  #deeper(depth: number): number {
    if (depth >= this.depthMax) {
      throw new MalformedInput('not valid CBOR: maximum container nesting depth');
    }
    return depth + 1;
  }

  #array(argument: bigint, depth: number): Cbor[] {
    const count = this.#count(argument, 1);
    const inner = count === 0 ? depth : this.#deeper(depth);
    const items: Cbor[] = [];
    for (let done = 0; done < count; done += 1) {
      items.push(this.item(inner));
    }
    return items;
  }

  #map(argument: bigint, depth: number): CborMap {
    const count = this.#count(argument, 2);
    const inner = count === 0 ? depth : this.#deeper(depth);
    const map = new CborMap();
    for (let done = 0; done < count; done += 1) {
      const key = this.item(inner);
      map.add(key, this.item(inner));
    }
    return map;
  }

  #tag(number: bigint, depth: number): Tag {
    if (TAGS_REFUSED.has(number)) {
      throw new MalformedInput('CBOR with a tag that none of our formats uses; it is refused without being decoded');
    }
    return new Tag(number, this.item(this.#deeper(depth)));
  }

  #indefinite(major: number, depth: number): Cbor {
    if (major < 4) {
      return this.#chunks(major);
    }
    const inner = this.#deeper(depth);
    const [items, map] = [[] as Cbor[], new CborMap()];
    for (;;) {
      const one = this.#itemOrBreak(inner);
      if (one === BREAK) {
        return major === 4 ? items : map;
      }
      if (major === 4) {
        items.push(one);
      } else {
        map.add(one, this.item(inner));
      }
    }
  }

  #chunks(major: number): string | Uint8Array<ArrayBuffer> {
    const [texts, pieces] = [[] as string[], [] as Uint8Array[]];
    for (;;) {
      const first = this.raw[this.#take(1)]!;
      if (first === 0xff) {
        return major === 3 ? texts.join('') : join(...pieces);
      }
      // RFC 8949, 3.2.3: the chunks are definite-length strings of the same major type.
      if (first >> 5 !== major || (first & 31) === 31) {
        throw new MalformedInput('not valid CBOR: a chunk of another type in a string');
      }
      const argument = this.#argument(first & 31);
      if (major === 3) {
        texts.push(this.#text(argument));
      } else {
        pieces.push(this.#bytes(argument));
      }
    }
  }

  #special(extra: number): Cbor | typeof BREAK {
    switch (extra) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 24:
        return this.#wideSimple();
      case 25:
        return half(this.#view.getUint16(this.#take(2)));
      case 26:
        return this.#view.getFloat32(this.#take(4));
      case 27:
        return this.#view.getFloat64(this.#take(8));
      case 31:
        return BREAK;
      default:
        if (extra > 23) {
          throw new MalformedInput(`not valid CBOR: reserved special value ${extra}`);
        }
        return new Simple(extra);
    }
  }

  #wideSimple(): Simple {
    const number = this.raw[this.#take(1)]!;
    // RFC 8949, 3.3: below 32 such an encoding is not well-formed.
    if (number < 32) {
      throw new MalformedInput('not valid CBOR: a simple value in an impossible form');
    }
    return new Simple(number);
  }
}

/** A half-precision float (RFC 8949, appendix D). */
function half(word: number): number {
  const [sign, exponent, fraction] = [word >> 15 ? -1 : 1, (word >> 10) & 31, word & 1023];
  if (exponent === 0) {
    return sign * 2 ** -24 * fraction;
  }
  if (exponent === 31) {
    return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  }
  return sign * 2 ** (exponent - 25) * (1024 + fraction);
}
