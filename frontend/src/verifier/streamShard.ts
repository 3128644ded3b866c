/** One list of a status stream as a verifier holds it, and whose word is taken for it. */
import { hex } from './bytes';
import { StatusRefused } from './errors';
import type { PublicKey } from './keys';
import { Statuses } from './statuses';
import type { Trust } from './trust';
import type { Standing } from './values';

/** One list as it is kept; `size` null: not held, and only what `waiting` deltas said of it is known. */
export interface ShardState {
  number: number;
  size: number | null;
  sequence: number;
  /** Places that are not valid, as `index << 2 | status`. */
  words: Uint32Array<ArrayBuffer>;
  /** Place, delta and status, in threes. */
  waiting: readonly number[];
}

const STANDINGS: readonly Standing[] = ['valid', 'invalid', 'suspended'];

/** A refusal of the stream; what is held is kept. */
export function refused(message: string, code = 'credentials.status_stream_refused'): StatusRefused {
  return new StatusRefused(message, code);
}

/** One list; its places are known from its token and the deltas since, or from deltas alone. */
export class Shard {
  statuses: Statuses | null = null;
  /** Up to which delta the list's own token tells every change. */
  sequence = 0;
  readonly waiting = new Map<number, { sequence: number; status: number }>();

  take(statuses: Statuses, sequence: number): void {
    this.statuses = statuses;
    this.sequence = sequence;
    for (const [place, { sequence: at, status }] of this.waiting) {
      this.change(at, place, status);
    }
    this.waiting.clear();
  }

  change(sequence: number, place: number, status: number): void {
    if (this.statuses === null) {
      this.waiting.set(place, { sequence, status });
      return;
    }
    // Rule 1: what the token tells already is not done again. A place outside the list is no pass's.
    if (sequence > this.sequence && place < this.statuses.size) {
      this.statuses.set(place, status);
    }
  }

  find(place: number): Standing | null {
    if (this.statuses !== null) {
      return this.statuses.get(place);
    }
    // Of a list that is not held, what deltas condemned is known, and nothing else.
    const status = this.waiting.get(place)?.status ?? 0;
    return status === 0 ? null : STANDINGS[status]!;
  }
}

/** Whose word is taken for the lists at a prefix. */
export class Publisher {
  readonly signers = new Set<string>();

  constructor(
    readonly prefix: string,
    readonly issuer: string,
    readonly trust: Trust,
  ) {}

  /** Rule 4: the publisher's status key that was in force at `at` signed this. */
  async verify(signed: { isSignedBy(key: PublicKey): Promise<boolean> }, at: number): Promise<void> {
    for (const key of this.trust.findSigningKeys(this.issuer, 'status', at)) {
      // oxlint-disable-next-line no-await-in-loop
      if (await signed.isSignedBy(key)) {
        this.signers.add(hex(key.x));
        return;
      }
    }
    throw refused(`a status message for ${this.prefix} is not signed by its publisher's status key; it was not taken`);
  }

  /** Tell whether every key on whose word something is held is believed still. */
  isBelieved(): boolean {
    const keys = this.trust.issuers.get(this.issuer)?.keys ?? [];
    const believed = keys.filter((key) => key.withdrawnAt === null && key.uses.includes('status'));
    const known = new Set(believed.map((key) => hex(key.public.x)));
    return [...this.signers].every((signer) => known.has(signer));
  }
}

/** Refuse what stands on the word of a key that is not believed any more. */
export function requireBelieved(publisher: Publisher): void {
  if (!publisher.isBelieved()) {
    throw refused(`a key that signed what is held for ${publisher.prefix} is not believed any more; fetch the bundle`);
  }
}

/** Take a kept list back in. */
export function restoreShard(kept: ShardState): Shard {
  const shard = new Shard();
  shard.sequence = kept.sequence;
  shard.statuses = kept.size === null ? null : new Statuses(kept.size, kept.words.slice());
  for (let at = 0; at + 2 < kept.waiting.length; at += 3) {
    shard.waiting.set(kept.waiting[at]!, { sequence: kept.waiting[at + 1]!, status: kept.waiting[at + 2]! });
  }
  return shard;
}
