// The status book as records: its head, and each list by itself, so that an update writes only what it touched.
//
// The head names, for each list, the stamp of the record that belongs to it. A list of another moment under a newer
// head would call suspended passes valid, and every later head would confirm it: such a book is not read.
import type { StatusState } from '@verifier';
import type { Record } from './keep';

type ShardState = StatusState['shards'][number];

/** A list as it stands on the disk; no two writes have the same stamp, whichever tab made them. */
export interface KeptList {
  readonly stamp: string;
  readonly list: ShardState;
}

/** The lists as they stand on the disk. */
export type KeptBook = ReadonlyMap<number, KeptList>;

// Version 1 named no stamps: what is kept so is not believed, and fetched anew.
const VERSION = 2;

type Named = readonly [number: number, stamp: string];
type KeptHead = Omit<StatusState, 'shards' | 'version'> & { readonly version: number; readonly lists: readonly Named[] };

export const HEAD = 'status';
const listKey = (number: number): string => `list:${number}`;

/**
 * Writes the records that differ from `before`, where `held`, the head on the disk, still speaks of those.
 *
 * They belong into the transaction in which `held` was read: the head speaks of all lists.
 */
export function writeBook(state: StatusState, before: KeptBook, held: unknown): { records: Record[]; kept: KeptBook } {
  const { shards, ...rest } = state;
  const stamp = makeStamp();
  const stands = stampsOf(held);
  const kept = new Map<number, KeptList>();
  const records: Record[] = [];
  for (const list of shards) {
    const known = before.get(list.number);
    const isThere = known !== undefined && stands.get(list.number) === known.stamp && isSame(list, known.list);
    const one = isThere ? known : { stamp, list };
    kept.set(list.number, one);
    if (!isThere) records.push([listKey(list.number), one]);
  }
  const lists = [...kept].map(([number, one]): Named => [number, one.stamp]);
  const head: KeptHead = { ...rest, version: VERSION, lists };
  return { records: [[HEAD, head], ...records], kept };
}

/** Puts a kept book together; nothing if there is none, or a list is not there or not the one that the head names. */
export function readBook(records: ReadonlyMap<string, unknown>): { state: StatusState; kept: KeptBook } | undefined {
  const head = records.get(HEAD) as KeptHead | undefined;
  if (head?.version !== VERSION) return undefined;
  const kept = new Map<number, KeptList>();
  for (const [number, stamp] of head.lists) {
    const one = records.get(listKey(number)) as KeptList | undefined;
    if (one?.stamp !== stamp) return undefined;
    kept.set(number, one);
  }
  const { lists: _, ...rest } = head;
  return { state: { ...rest, version: 1, shards: [...kept.values()].map((one) => one.list) }, kept };
}

function stampsOf(held: unknown): ReadonlyMap<number, string> {
  const head = held as KeptHead | undefined;
  return new Map(head?.version === VERSION ? head.lists : []);
}

function makeStamp(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

function isSame(one: ShardState, other: ShardState): boolean {
  if (one.size !== other.size || one.sequence !== other.sequence) return false;
  return isAlike(one.words, other.words) && isAlike(one.waiting, other.waiting);
}

function isAlike(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
