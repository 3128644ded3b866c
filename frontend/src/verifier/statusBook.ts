/**
 * What a verifier holds of one authority's status stream: its lists, and every delta since.
 *
 * Whatever is refused leaves the state as it was; it then grows older, and a good standing by it becomes `stale`.
 * The rules are those of the stream's standard page, cited by number.
 */
import { isSame } from './bytes';
import { MalformedInput, StatusRefused } from './errors';
import { decodeCwt, type StatusListToken } from './statusList';
import {
  BUNDLE_BYTES_MAX, cutSequence, decodeMessage, type Delta, type Head, LISTS_MAX, type Manifest,
  MANIFEST_BYTES_MAX, type SignedMessage,
} from './statusStream'; // prettier-ignore
import { Publisher, refused, requireBelieved, restoreShard, Shard, type ShardState } from './streamShard';
import type { Trust } from './trust';
import type { StatusAnswer, StatusPlace, StatusView } from './values';

export type StreamOutcome = 'applied' | 'confirmed' | 'ignored' | 'gap';

/** A book as it is kept between runs: plain values that a structured clone (IndexedDB) takes. */
export interface StatusState {
  version: 1;
  prefix: string;
  issuer: string;
  sequence: number;
  digest: Uint8Array;
  asOf: number;
  /** The x coordinates of the keys on whose word this stands. */
  signers: readonly string[];
  shards: readonly ShardState[];
}

/** Seconds that never go back, whatever is done to the wall clock. */
export type Tick = () => number;

// 2^20 places a shard is what a delta can name; 2 bits a place is what it can say.
const [PLACES_MAX, BITS] = [1 << 20, 2];
const FORKED = 'credentials.status_stream_forked';

export class StatusBook implements StatusView {
  #shards = new Map<number, Shard>();
  #sequence = 0;
  #digest: Uint8Array = new Uint8Array(16);
  #asOf = 0;
  // When word of `asOf` came, or this program began with it, on the clock that never goes back.
  #heardAt: number;
  // Messages are taken one after the other, however many are handed over at once.
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private publisher: Publisher,
    readonly tick: Tick,
  ) {
    this.#heardAt = tick();
  }

  /**
   * Take a whole copy of the lists, in the place of `held` if given (rules 1 and 5), checking all of it.
   *
   * Throws `MalformedInput`, `UnsupportedAlgorithm`, or `StatusRefused`: not signed by the publisher, not whole,
   * older than what is held, or of another history.
   */
  static async bootstrap(
    bundle: Uint8Array,
    prefix: string,
    trust: Trust,
    _at: number,
    held?: StatusBook,
    tick: Tick = monotonic,
  ): Promise<StatusBook> {
    const [first, ...lists] = cutSequence(bundle, LISTS_MAX + 1, BUNDLE_BYTES_MAX);
    const signed = await readManifest(first ?? new Uint8Array(0), prefix);
    const publisher = await findPublisher(signed, prefix, trust);
    const manifest = signed.unverified;
    if (lists.length < manifest.shards.length) {
      throw refused(`the copy of ${prefix} has ${lists.length} of ${manifest.shards.length} lists`);
    }
    const book = new StatusBook(publisher, held?.tick ?? tick);
    [book.#sequence, book.#digest] = [manifest.sequence, manifest.digest];
    book.#requireProgress(held);
    book.#see(manifest.at);
    for (const [at, raw] of lists.entries()) {
      // Lists behind those that the manifest knows were opened since; their deltas are all held.
      // oxlint-disable-next-line no-await-in-loop
      await book.#takeList(at + 1, raw, manifest.shards[at] ?? 0);
    }
    return book;
  }

  /**
   * Take a kept state back in; a program that is begun anew counts its age from now on (rule 6).
   *
   * Throws `StatusRefused` if a key on whose word it stands is not believed any more.
   */
  static restore(state: StatusState, trust: Trust, tick: Tick = monotonic): StatusBook {
    const publisher = new Publisher(state.prefix, state.issuer, trust);
    state.signers.forEach((signer) => publisher.signers.add(signer));
    requireBelieved(publisher);
    const book = new StatusBook(publisher, tick);
    [book.#sequence, book.#digest, book.#asOf] = [state.sequence, state.digest.slice(), state.asOf];
    for (const kept of state.shards) {
      book.#shards.set(kept.number, restoreShard(kept));
    }
    return book;
  }

  /** Write what is held as plain values. Nothing of it changes afterwards: keep it in one transaction (rule 7). */
  exportState(): StatusState {
    const { prefix, issuer, signers } = this.publisher;
    return {
      version: 1,
      prefix,
      issuer,
      sequence: this.#sequence,
      digest: this.#digest.slice(),
      asOf: this.#asOf,
      signers: [...signers],
      shards: [...this.#shards].map(([number, shard]) => ({
        number,
        size: shard.statuses?.size ?? null,
        sequence: shard.sequence,
        words: shard.statuses?.words() ?? new Uint32Array(0),
        waiting: [...shard.waiting].flatMap(([place, { sequence, status }]) => [place, sequence, status]),
      })),
    };
  }

  /** Stand on a newer trust list. Throws `StatusRefused` if it withdraws a key on whose word something is held. */
  useTrust(trust: Trust): void {
    const renewed = new Publisher(this.prefix, this.issuer, trust);
    this.publisher.signers.forEach((signer) => renewed.signers.add(signer));
    requireBelieved(renewed);
    this.publisher = renewed;
  }

  get prefix(): string {
    return this.publisher.prefix;
  }

  get issuer(): string {
    return this.publisher.issuer;
  }

  /** The number of the last delta that is held. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Everything acknowledged before this instant (seconds since 1970) is known. */
  get asOf(): number {
    return this.#asOf;
  }

  /** How many lists are held. */
  get lists(): number {
    return [...this.#shards.values()].filter((shard) => shard.statuses !== null).length;
  }

  /** How many places they have. */
  get places(): number {
    return [...this.#shards.values()].reduce((sum, shard) => sum + (shard.statuses?.size ?? 0), 0);
  }

  /** How many bytes the places that are not valid take in memory. */
  get bytes(): number {
    return [...this.#shards.values()].reduce((sum, shard) => sum + (shard.statuses?.bytes ?? 0), 0);
  }

  /** The addresses of lists that a delta touched and that are not held: fetch each for `addList`. */
  get missing(): string[] {
    return [...this.#shards].filter(([, { statuses }]) => !statuses).map(([number]) => `${this.prefix}${number}`);
  }

  /**
   * Take a delta or a head.
   *
   * 'gap': deltas are missing between what is held and this; ask for those after `sequence`, or for the bundle.
   * Throws `MalformedInput`, `UnsupportedAlgorithm` or `StatusRefused`; the state is then as it was.
   */
  apply(message: Uint8Array, _at: number): Promise<StreamOutcome> {
    return this.#inTurn(async () => {
      const signed = await decodeMessage(message);
      switch (signed.unverified.kind) {
        case 'delta':
          return this.#applyDelta(signed, signed.unverified);
        case 'head':
          return this.#applyHead(signed, signed.unverified);
        default:
          throw new MalformedInput('a manifest stands before lists, not among deltas; it was not taken');
      }
    });
  }

  /** Take a list (CWT) that was opened since the copy was made; every delta that touched it is held. */
  addList(uri: string, raw: Uint8Array): Promise<void> {
    const tail = uri.startsWith(this.prefix) ? uri.slice(this.prefix.length) : '';
    if (!/^[1-9][0-9]{0,4}$/.test(tail)) {
      return Promise.reject(refused(`${uri} is no address of a list at ${this.prefix}`));
    }
    return this.#inTurn(() => this.#takeList(Number(tail), raw, 0));
  }

  findStanding(place: StatusPlace, issuer: string): StatusAnswer | null {
    if (!this.speaksFor(place, issuer)) {
      return null;
    }
    const tail = place.uri.slice(this.prefix.length);
    const shard = /^[1-9][0-9]{0,4}$/.test(tail) ? this.#shards.get(Number(tail)) : undefined;
    const standing = shard?.find(place.index) ?? null;
    return standing && { standing, asOf: this.#asOf, expires: null, heardAgo: this.tick() - this.#heardAt };
  }

  speaksFor(place: StatusPlace, issuer: string): boolean {
    return issuer === this.issuer && place.uri.startsWith(this.prefix);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #applyDelta(signed: SignedMessage, delta: Delta): Promise<StreamOutcome> {
    // Rule 2: what is held already is passed over; nothing is believed, so no signature is looked at.
    const isLast = delta.sequence === this.#sequence;
    if (delta.sequence < this.#sequence || (isLast && isSame(signed.digest, this.#digest))) {
      return 'ignored';
    }
    await this.publisher.verify(signed, delta.at);
    if (isLast) {
      throw this.#forked();
    }
    if (delta.sequence > this.#sequence + 1) {
      return 'gap';
    }
    if (!isSame(delta.previous, this.#digest)) {
      throw this.#forked();
    }
    for (const { shard, place, status } of delta.changes) {
      const touched = this.#shards.get(shard) ?? new Shard();
      this.#shards.set(shard, touched);
      touched.change(delta.sequence, place, status);
    }
    [this.#sequence, this.#digest] = [delta.sequence, signed.digest];
    this.#see(delta.at);
    return 'applied';
  }

  async #applyHead(signed: SignedMessage, head: Head): Promise<StreamOutcome> {
    // Rule 3: an old head says nothing new.
    const isLast = head.sequence === this.#sequence;
    const isHeld = isLast && isSame(head.digest, this.#digest);
    if (head.sequence < this.#sequence || (isHeld && head.at <= this.#asOf)) {
      return 'ignored';
    }
    await this.publisher.verify(signed, head.at);
    if (isLast && !isHeld) {
      throw this.#forked();
    }
    if (!isHeld) {
      return 'gap';
    }
    this.#see(head.at);
    return 'confirmed';
  }

  async #takeList(number: number, raw: Uint8Array, least: number): Promise<void> {
    const uri = `${this.prefix}${number}`;
    const token: StatusListToken = decodeCwt(raw);
    const { sequence, statuses, issuedAt, bits, uri: sub } = token.unverified;
    await this.publisher.verify(token, issuedAt);
    // Token Status List draft, 8.3, 4a: sub is the address.
    if (sub !== uri) {
      throw refused(`the list for ${uri} is of another address; it was not taken`);
    }
    // Rule 1: it tells of every delta that the manifest says touched it.
    if (sequence === null || sequence < least) {
      throw refused(`the list for ${uri} is older than its manifest says; it was not taken`);
    }
    if (bits !== BITS || statuses.size > PLACES_MAX) {
      throw new MalformedInput(`the list for ${uri} is no shard of a stream: 2 bits a place, at most 2^20 places`);
    }
    const shard = this.#shards.get(number) ?? new Shard();
    shard.take(statuses, sequence);
    this.#shards.set(number, shard);
  }

  /** Rule 5: refuse to follow `held` if this ends before it does, or tells another history. */
  #requireProgress(held: StatusBook | undefined): void {
    if (!held) {
      return;
    }
    if (held.prefix !== this.prefix || this.#sequence < held.#sequence) {
      throw refused(`the copy of ${this.prefix} ends with delta ${this.#sequence}, ${held.#sequence} is held`);
    }
    if (this.#sequence === held.#sequence && !isSame(this.#digest, held.#digest)) {
      throw this.#forked();
    }
    [this.#asOf, this.#heardAt] = [held.#asOf, held.#heardAt];
  }

  #see(at: number): void {
    if (at > this.#asOf) {
      [this.#asOf, this.#heardAt] = [at, this.tick()];
    }
  }

  #forked(): StatusRefused {
    return refused(`${this.prefix} tells two histories; what is held is kept and grows stale`, FORKED);
  }
}

function monotonic(): number {
  return performance.now() / 1000;
}

async function readManifest(raw: Uint8Array, prefix: string): Promise<SignedMessage<Manifest>> {
  const signed = await decodeMessage(raw, MANIFEST_BYTES_MAX);
  const manifest = signed.unverified;
  if (manifest.kind !== 'manifest') {
    throw new MalformedInput('a copy of status lists begins with a manifest; this one does not');
  }
  if (manifest.prefix !== prefix || manifest.shards.length > LISTS_MAX) {
    throw refused(`the manifest for ${prefix} is of other lists, or of more than ${LISTS_MAX}; it was not taken`);
  }
  return { ...signed, unverified: manifest };
}

/** Addresses may lie within one another: the publisher is the one who signed the manifest. */
async function findPublisher(signed: SignedMessage<Manifest>, prefix: string, trust: Trust): Promise<Publisher> {
  const publishers = trust.findPublishers(prefix).map((issuer) => new Publisher(prefix, issuer.id, trust));
  for (const publisher of publishers) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      await publisher.verify(signed, signed.unverified.at);
      return publisher;
    } catch (refusal) {
      if (!(refusal instanceof StatusRefused)) {
        throw refusal;
      }
    }
  }
  throw refused(`the manifest for ${prefix} is not signed by a publisher whom the trust list names`);
}
