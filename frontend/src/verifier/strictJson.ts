/**
 * JSON as signed formats need it: one text, one meaning, bounded (RFC 8259; RFC 7515, 4 and 5.2).
 *
 * Whole numbers are `bigint`, others `number`; objects are maps, for a member may be named `__proto__`.
 */
import { utf8 } from './bytes';
import { MalformedInput, TooLarge } from './errors';

// Our formats nest 6 levels, the deepest example of RFC 9901 nests 9; 32 leaves room.
export const DEPTH_MAX = 32;
// More digits than this cost time in proportion to their square; no number of ours has more than 16.
export const DIGITS_MAX = 4300;

export type Json = bigint | number | string | boolean | null | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// What may stand in a string as it is: no quote, no backslash, no control character below U+0020.
// oxlint-disable-next-line no-control-regex
const PLAIN = /[^"\\\x00-\x1f]*/y;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Read one JSON text strictly. Throws `MalformedInput`. */
export function decodeJson(raw: Uint8Array, sizeBytesMax: number): Json {
  if (raw.length > sizeBytesMax) {
    throw new TooLarge(`JSON of ${raw.length} bytes; at most ${sizeBytesMax} are read`);
  }
  const text = utf8(raw);
  if (text === null) {
    throw wrong(raw.length);
  }
  const reader = new Reader(text);
  const value = reader.value(1);
  reader.skipSpace();
  if (reader.at !== text.length) {
    throw wrong(raw.length);
  }
  return value;
}

/** Read one JSON object strictly; see `decodeJson`. */
export function decodeJsonObject(raw: Uint8Array, sizeBytesMax: number): JsonObject {
  const value = decodeJson(raw, sizeBytesMax);
  if (!(value instanceof Map)) {
    throw new MalformedInput('a JSON object was expected');
  }
  return value;
}

function wrong(size: number): MalformedInput {
  return new MalformedInput(`${size} characters are not one well-formed JSON value`);
}

class Reader {
  at = 0;

  constructor(readonly text: string) {}

  skipSpace(): void {
    // RFC 8259, 2: space, tab, line feed, carriage return, and no other white space.
    while (this.at < this.text.length && ' \t\n\r'.includes(this.text[this.at]!)) {
      this.at += 1;
    }
  }

  /** Read a value that stands `level` containers deep, itself counted. */
  value(level: number): Json {
    this.skipSpace();
    // A container that holds something makes one level more; an empty one at the last level is let through.
    if (level > DEPTH_MAX + 1) {
      throw new TooLarge(`JSON nested deeper than ${DEPTH_MAX} levels`);
    }
    switch (this.text[this.at]) {
      case '{':
        return this.#object(level);
      case '[':
        return this.#array(level);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #wrong(): MalformedInput {
    return wrong(this.text.length);
  }

  #expect(character: string): void {
    if (this.text[this.at] !== character) {
      throw this.#wrong();
    }
    this.at += 1;
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) {
      throw this.#wrong();
    }
    this.at += word.length;
    return value;
  }

  /** Tell whether a container ends here, or step over the comma to its next member. */
  #isEnd(closing: string, isFirst: boolean): boolean {
    this.skipSpace();
    if (this.text[this.at] === closing) {
      this.at += 1;
      return true;
    }
    if (!isFirst) {
      this.#expect(',');
      this.skipSpace();
    }
    return false;
  }

  #object(level: number): JsonObject {
    this.at += 1;
    const members: JsonObject = new Map();
    for (let isFirst = true; !this.#isEnd('}', isFirst); isFirst = false) {
      if (this.text[this.at] !== '"') {
        throw this.#wrong();
      }
      const name = this.#string();
      this.skipSpace();
      this.#expect(':');
      const value = this.value(level + 1);
      // RFC 7515, 4 and RFC 7519, 4: names MUST be unique. We refuse at every level.
      if (members.has(name)) {
        throw new MalformedInput('a JSON object names the same member twice; readers would disagree on its value');
      }
      members.set(name, value);
    }
    return members;
  }

  #array(level: number): Json[] {
    this.at += 1;
    const items: Json[] = [];
    for (let isFirst = true; !this.#isEnd(']', isFirst); isFirst = false) {
      items.push(this.value(level + 1));
    }
    return items;
  }

  #string(): string {
    this.at += 1;
    let read = '';
    let hasEscape = false;
    for (;;) {
      PLAIN.lastIndex = this.at;
      read += PLAIN.exec(this.text)![0];
      this.at = PLAIN.lastIndex;
      const stop = this.text[this.at];
      this.at += 1;
      if (stop === '"') {
        break;
      }
      if (stop !== '\\') {
        throw this.#wrong();
      }
      hasEscape = true;
      read += this.#escape();
    }
    // Only an escape can smuggle a lone surrogate past strict UTF-8 (RFC 8259, 8.2).
    if (hasEscape && LONE_SURROGATE.test(read)) {
      throw this.#wrong();
    }
    return read;
  }

  #escape(): string {
    const kind = this.text[this.at] ?? '';
    this.at += 1;
    if (kind === 'u') {
      const digits = this.text.slice(this.at, this.at + 4);
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
        throw this.#wrong();
      }
      this.at += 4;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (character === undefined) {
      throw this.#wrong();
    }
    return character;
  }

  #number(): bigint | number {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (found === null) {
      throw this.#wrong();
    }
    this.at = NUMBER.lastIndex;
    const digits = found[0];
    if (found[1] === undefined && found[2] === undefined) {
      if (digits.replace('-', '').length > DIGITS_MAX) {
        throw this.#wrong();
      }
      return BigInt(digits);
    }
    const value = Number(digits);
    // RFC 8259, 6 knows no infinity; a literal such as 1e999 would silently become one.
    if (!Number.isFinite(value)) {
      throw new MalformedInput('a JSON number is beyond what a double can hold');
    }
    return value;
  }
}
