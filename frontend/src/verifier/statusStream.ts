/** The status stream's messages: signed, hash-chained changes of an authority's lists (docs: status stream). */
import { isSame, join, sha256, toUtf8 } from './bytes';
import { type Cbor, decodeCbor, head } from './cbor';
import { decodeCose } from './cose';
import { MalformedInput, TooLarge } from './errors';
import type { PublicKey } from './keys';

// 4096 changes of at most 9 bytes, and headers; a manifest names at most 65,535 lists.
export const DELTA_BYTES_MAX = 1 << 16;
export const MANIFEST_BYTES_MAX = 1 << 20;
export const CHANGES_MAX = 4096;
export const SHARD_MAX = 65_535;
export const PREFIX_CHARS_MAX = 1024;
export const DIGEST_BYTES = 16;
// 240 million holders with one in a hundred suspended are some 5 MB; a dozen times that is an attack.
export const BUNDLE_BYTES_MAX = 64 * 1024 * 1024;
export const LISTS_MAX = 4096;
const INDEX_BITS = 20;
const [PLACE_SHIFT, SHARD_SHIFT] = [4, 2 ** (INDEX_BITS + 2)];
const SECONDS_MAX = 253_402_300_799;
const [DELTA, HEAD, MANIFEST] = [1, 2, 3];

export interface Change {
  shard: number;
  place: number;
  status: number;
}

interface Stamp {
  sequence: number;
  at: number;
}

export interface Delta extends Stamp {
  kind: 'delta';
  previous: Uint8Array;
  changes: readonly Change[];
}

export interface Head extends Stamp {
  kind: 'head';
  digest: Uint8Array;
}

export interface Manifest extends Stamp {
  kind: 'manifest';
  digest: Uint8Array;
  prefix: string;
  shards: readonly number[];
}

export type Message = Delta | Head | Manifest;

/** A message as it was read; nothing in it is trusted until its signature was checked. */
export interface SignedMessage<Kind extends Message = Message> {
  unverified: Kind;
  digest: Uint8Array;
  isSignedBy(key: PublicKey): Promise<boolean>;
}

/** Take a signed message apart. Throws `MalformedInput`, `UnsupportedAlgorithm`. */
export async function decodeMessage(raw: Uint8Array, sizeBytesMax = DELTA_BYTES_MAX): Promise<SignedMessage> {
  const sign1 = decodeCose(raw, sizeBytesMax);
  const { tags, unprotected, headers, kid } = sign1;
  const isPlain = tags.length === 1 && tags[0] === 18 && unprotected.size === 0;
  if (!isPlain || headers.size !== 2 || !headers.has(1n) || !headers.has(4n) || kid === null) {
    throw new MalformedInput('a status message has tag 18, and alg and kid in its protected header alone');
  }
  return {
    unverified: readPayload(sign1.payload),
    digest: (await sha256(sign1.payload)).slice(0, DIGEST_BYTES),
    isSignedBy: async (key) =>
      sign1.algorithm === key.algorithm && key.isSignatureOf(sign1.signature, sign1.signingInput),
  };
}

function readPayload(payload: Uint8Array): Message {
  const fields = decodeCbor(payload, payload.length, 4);
  if (!Array.isArray(fields)) {
    throw notOurs();
  }
  const [kind, sequence, at] = fields.slice(0, 3).map(whole);
  const digest = fields[3];
  if (!(digest instanceof Uint8Array) || digest.length !== DIGEST_BYTES || at! > SECONDS_MAX) {
    throw notOurs();
  }
  const message = readKind(kind!, { sequence: sequence!, at: at! }, digest, fields.slice(4));
  // One form alone (RFC 8949, 4.2.1), or two readers could see two digests.
  if (!isSame(encode(fields), payload)) {
    throw new MalformedInput('a message of a status stream is written in deterministic CBOR; this one is not');
  }
  return message;
}

function readKind(kind: number, stamp: Stamp, digest: Uint8Array, rest: Cbor[]): Message {
  const [first, second] = rest;
  if (kind === DELTA && rest.length === 1 && Array.isArray(first) && stamp.sequence > 0) {
    return { kind: 'delta', ...stamp, previous: digest, changes: readChanges(first) };
  }
  if (kind === HEAD && rest.length === 0) {
    return { kind: 'head', ...stamp, digest };
  }
  if (kind === MANIFEST && rest.length === 2 && typeof first === 'string' && Array.isArray(second)) {
    return { kind: 'manifest', ...stamp, digest, prefix: first, shards: readShards(first, second, stamp.sequence) };
  }
  throw notOurs();
}

function readChanges(words: Cbor[]): Change[] {
  if (words.length === 0 || words.length > CHANGES_MAX) {
    throw new MalformedInput(`a delta of ${words.length} changes; it has 1 to ${CHANGES_MAX}`);
  }
  const numbers = words.map(whole);
  if (numbers.some((word, at) => at > 0 && Math.floor(word / 4) <= Math.floor(numbers[at - 1]! / 4))) {
    throw new MalformedInput('the places of a delta must ascend, each at most once');
  }
  return numbers.map((word) => {
    const shard = Math.floor(word / SHARD_SHIFT);
    const [place, status] = [Math.floor((word % SHARD_SHIFT) / PLACE_SHIFT), word % 4];
    if (shard === 0 || shard > SHARD_MAX || status > 2) {
      throw new MalformedInput('a delta names a place or a status that no list has');
    }
    return { shard, place, status };
  });
}

function readShards(prefix: string, listed: Cbor[], sequence: number): number[] {
  const shards = listed.map(whole);
  if (prefix.length === 0 || [...prefix].length > PREFIX_CHARS_MAX || shards.length > SHARD_MAX) {
    throw new MalformedInput('a manifest names one prefix and at most 65,535 lists');
  }
  if (shards.some((one) => one > sequence)) {
    throw new MalformedInput('a list was touched by a delta that the manifest does not know');
  }
  return shards;
}

function whole(value: Cbor): number {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new MalformedInput('a status stream counts in unsigned integers below 2^53');
  }
  return Number(value);
}

/** Write a payload's fields, of whose types the readers above leave these four, deterministically. */
function encode(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === 'bigint') {
    return head(0, Number(value));
  }
  if (typeof value === 'string') {
    const text = toUtf8(value);
    return join(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) {
    return join(head(2, value.length), value);
  }
  const items = value as Cbor[];
  return join(head(4, items.length), ...items.map(encode));
}

function notOurs(): MalformedInput {
  return new MalformedInput('this is no delta, head or manifest of a status stream');
}

/** Cut a CBOR sequence (RFC 8742) of COSE_Sign1 messages into its items, without decoding their payloads. */
export function cutSequence(raw: Uint8Array, itemsMax = LISTS_MAX + 1, sizeBytesMax = BUNDLE_BYTES_MAX): Uint8Array[] {
  if (raw.length > sizeBytesMax) {
    throw new TooLarge(`a sequence of ${raw.length} bytes; at most ${sizeBytesMax} are read here`);
  }
  const items: Uint8Array[] = [];
  for (let at = 0; at < raw.length; ) {
    if (items.length === itemsMax) {
      throw new TooLarge(`a sequence of more than ${itemsMax} messages; no more are read here`);
    }
    const end = endOf(raw, at);
    items.push(raw.subarray(at, end));
    at = end;
  }
  return items;
}

/** Find where the COSE_Sign1 at `at` ends: d2 84, a byte string, a0, two byte strings. */
function endOf(raw: Uint8Array, at: number): number {
  if (raw[at] !== 0xd2 || raw[at + 1] !== 0x84) {
    throw new MalformedInput('the sequence holds something other than COSE_Sign1 messages');
  }
  const behindHeader = behindBytes(raw, at + 2);
  if (raw[behindHeader] !== 0xa0) {
    throw new MalformedInput('a message of this sequence has an unprotected header; none has');
  }
  return behindBytes(raw, behindBytes(raw, behindHeader + 1));
}

/** Find where the byte string (RFC 8949, 3: major type 2) at `at` ends. */
function behindBytes(raw: Uint8Array, at: number): number {
  const first = raw[at] ?? -1;
  const extra = first === 0x58 ? 1 : first === 0x59 ? 2 : first === 0x5a ? 4 : 0;
  if (extra === 0 && !(first >= 0x40 && first < 0x58)) {
    throw new MalformedInput('a byte string is missing in a message of this sequence');
  }
  let count = extra === 0 ? first - 0x40 : 0;
  for (let place = 1; place <= extra; place += 1) {
    count = count * 256 + (raw[at + place] ?? 0);
  }
  const end = at + 1 + extra + count;
  if (end > raw.length) {
    throw new MalformedInput('the sequence is cut short');
  }
  return end;
}
