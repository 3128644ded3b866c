/** The statuses of one list, sparse: of 240 million places of which 1 % are not valid, 10 MB instead of 60. */
import type { Standing } from './values';

const STANDINGS: readonly Standing[] = ['valid', 'invalid', 'suspended'];
const SLACK = 64;

/** Places that are not valid, as `index << 2 | status` in ascending order; status 1 INVALID, 2 SUSPENDED. */
export class Statuses {
  #words: Uint32Array<ArrayBuffer>;
  #count: number;

  constructor(
    /** How many places the list has; nothing is known beyond. */
    readonly size: number,
    words: Uint32Array<ArrayBuffer>,
  ) {
    this.#words = words;
    this.#count = words.length;
  }

  /** Read a packed array: 1, 2, 4 or 8 bits an entry, lowest bits first (Token Status List, 4.1). */
  static unpack(packed: Uint8Array, bits: number): Statuses {
    const [each, mask] = [8 / bits, (1 << bits) - 1];
    let found = new Uint32Array(1024);
    let count = 0;
    for (let at = 0; at < packed.length; at += 1) {
      const byte = packed[at]!;
      for (let place = 0; byte !== 0 && place < each; place += 1) {
        const status = (byte >> (place * bits)) & mask;
        if (status !== 0) {
          found = count < found.length ? found : widen(found, count * 2);
          // An application-specific status has no meaning here, and what has no meaning is not valid.
          found[count++] = ((at * each + place) << 2) | (status > 2 ? 1 : status);
        }
      }
    }
    return new Statuses(packed.length * each, found.slice(0, count));
  }

  /** How many places are not valid. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes the places take. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  get(index: number): Standing | null {
    if (index < 0 || index >= this.size) {
      return null;
    }
    const word = this.#words[this.#find(index)];
    return word !== undefined && word >>> 2 === index ? STANDINGS[word & 3]! : 'valid';
  }

  set(index: number, status: number): void {
    const at = this.#find(index);
    const isThere = at < this.#count && this.#words[at]! >>> 2 === index;
    if (status === 0) {
      if (isThere) {
        this.#words.copyWithin(at, at + 1, this.#count);
        this.#count -= 1;
        this.#words[this.#count] = 0xffff_ffff;
      }
      return;
    }
    if (!isThere) {
      this.#makeRoom(at);
    }
    this.#words[at] = ((index << 2) | status) >>> 0;
  }

  /** Copy the words, for keeping. */
  words(): Uint32Array<ArrayBuffer> {
    return this.#words.slice(0, this.#count);
  }

  #makeRoom(at: number): void {
    if (this.#count === this.#words.length) {
      this.#words = widen(this.#words, this.#count + SLACK + (this.#count >> 4));
    }
    this.#words.copyWithin(at + 1, at, this.#count);
    this.#count += 1;
  }

  /** Find the first word whose place is not below `index`. */
  #find(index: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#words[middle]! >>> 2 < index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** Copy into a longer array whose new words name no place. */
function widen(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(length).fill(0xffff_ffff);
  wider.set(words);
  return wider;
}
