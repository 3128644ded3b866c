// The status book as records: its head, and each list by itself, so that an update writes only what it touched.
import type { StatusState } from '@verifier';
import type { Record } from './keep';

type ShardState = StatusState['shards'][number];

/** The lists as they stand on the disk. */
export type KeptBook = ReadonlyMap<number, ShardState>;

type KeptHead = Omit<StatusState, 'shards'> & { readonly shards: readonly number[] };

const HEAD = 'status';
const shardKey = (number: number): string => `list:${number}`;

/** Writes the records that differ from `before`. They belong into one transaction: the head speaks of all lists. */
export function writeBook(state: StatusState, before: KeptBook): { records: Record[]; kept: KeptBook } {
  const { shards, ...rest } = state;
  const head: KeptHead = { ...rest, shards: shards.map((one) => one.number) };
  const changed = shards.filter((one) => !isSame(one, before.get(one.number)));
  const records: Record[] = [[HEAD, head], ...changed.map((one): Record => [shardKey(one.number), one])];
  return { records, kept: new Map(shards.map((one) => [one.number, one])) };
}

/** Puts a kept book together; nothing if there is none, or a part of it is not there. */
export function readBook(kept: ReadonlyMap<string, unknown>): StatusState | undefined {
  const head = kept.get(HEAD) as KeptHead | undefined;
  if (head?.version !== 1) return undefined;
  const shards = head.shards.map((number) => kept.get(shardKey(number)) as ShardState | undefined);
  const whole = shards.filter((one) => one !== undefined);
  return whole.length === shards.length ? { ...head, shards: whole } : undefined;
}

function isSame(one: ShardState, other: ShardState | undefined): boolean {
  if (!other || one.size !== other.size || one.sequence !== other.sequence) return false;
  return isAlike(one.words, other.words) && isAlike(one.waiting, other.waiting);
}

function isAlike(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
