// What this device knows: the pinned root, the trust list, the status of every pass. Read once, then kept up to date.
import {
  cutSequence,
  examine,
  OFFLINE,
  PublicKey,
  Refused,
  StatusBook,
  StatusRefused,
  TrustRefused,
  Trust,
  type Policy,
  type Report,
  type StatusAnswer,
  type StatusPlace,
  type Verifier,
} from '@verifier';
import { carried } from './carried';
import type { Holdings } from './held';
import { Keep, type Record } from './keep';
import { HEAD, readBook, writeBook, type KeptBook } from './kept-book';
import { putUp, takeDown } from './notices';
import { fingerprint, isSameKey, named, type Jwk } from './roots';
import { moment } from './times';
import { say } from './words';

export type Outcome = 'new' | 'known' | 'gap';

interface KeptTrust {
  readonly text: string;
  readonly sequence: number;
}

// A head comes at least every ten seconds.
const JUST_SECONDS = 20;
// The step of the verifier's table at which an expired trust list stops a verification.
const TRUST_STEP = 4;
// A thousand deltas and the head behind them; each at most 64 KiB.
const MESSAGES_MAX = 1001;
const MESSAGES_BYTES_MAX = 66 * 1024 * 1024;
// The verifier's word for two signed histories, and the record that says so for good.
const FORK = 'credentials.status_stream_forked';
const FORKED = 'forked';
const NOTHING_HELD: Report = { verdict: 'stale', asOf: 0, code: 'credentials.no_trust', reason: '', checks: [], verified: null };

export class Standing {
  #keep: Keep | undefined;
  #root: Jwk = named;
  #fingerprint = '';
  #trust: Trust | undefined;
  #trustText = '';
  #book: StatusBook | undefined;
  #kept: KeptBook = new Map();
  #isWriting = false;
  #isUnwritten = false;
  #isPlaceKnown = true;
  #lacks = false;
  #isForked = false;
  #heardAt = -Infinity;
  readonly #policy: Policy = {
    ...OFFLINE,
    statusAgeMax: carried.policy.max_age,
    clockSkew: carried.policy.clock_skew,
  };

  /** Reads what the device keeps; without anything kept, trusts the root that the page names. */
  async open(): Promise<void> {
    this.#keep = await Keep.open();
    if (!this.#keep.isKept) putUp('storage', { text: 'verifier.storage_failed' });
    const kept = await this.#keep.readAll();
    await this.#pin(kept.get('root') as Jwk | undefined);
    await this.#restore(kept);
  }

  /** Takes over what another tab wrote, where it is newer. */
  async reload(): Promise<void> {
    if (this.#keep) await this.#restore(await this.#keep.readAll());
  }

  /** Whether two signed histories were seen: nothing more is taken, until a person begins anew. */
  get isForked(): boolean {
    return this.#isForked;
  }

  get hasTrust(): boolean {
    return this.#trust !== undefined;
  }

  get hasBook(): boolean {
    return this.#book !== undefined;
  }

  /** Whether a pass was shown, or a place changed, in a list that is not held. Asked once, then it is forgotten. */
  takeLack(): boolean {
    const lacks = !this.#book || this.#lacks || this.#book.missing.length > 0;
    this.#lacks = false;
    return lacks;
  }

  get sequence(): number {
    return this.#book?.sequence ?? 0;
  }

  get asOf(): number | null {
    return this.#book?.asOf ?? null;
  }

  isFresh(): boolean {
    return Date.now() / 1000 - (this.asOf ?? 0) <= carried.policy.max_age;
  }

  /** Examines a pass with what is known now; never fails. */
  async examine(text: string): Promise<Report> {
    if (!this.#trust) return NOTHING_HELD;
    this.#isPlaceKnown = true;
    const statuses = { findStanding: (place: StatusPlace, issuer: string) => this.#find(place, issuer) };
    const verifier: Verifier = { trust: this.#trust, policy: this.#policy, statuses };
    const report = await examine(text, verifier, Date.now() / 1000);
    return this.#isPlaceKnown ? report : { ...report, asOf: 0 };
  }

  /** Says why a verdict is `stale`, and what to do; nothing of other verdicts. */
  because(report: Report): string {
    if (report.verdict !== 'stale') return '';
    if (!this.#trust) return say('verifier.refused_none');
    if (report.checks.some((one) => one.number === TRUST_STEP && one.outcome === 'failed')) return say('verifier.stale_trust');
    if (report.asOf <= 0) return say('verifier.stale_none');
    if (this.#isForked) return say('verifier.forked');
    if (this.#isClockWrong()) return say('verifier.stale_clock', this.#clockWords());
    return say('verifier.stale_age', { seconds: carried.policy.max_age });
  }

  /** Takes a newer trust list; tells whether it is another one. Throws `Refused`. */
  async acceptTrust(text: string): Promise<boolean> {
    if (text === this.#trustText) return false;
    const roots = [await PublicKey.fromRoot(this.#root)];
    const trust = await Trust.accept(text, roots, this.#trust?.sequence ?? 0, Date.now() / 1000);
    if (trust.sequence === this.#trust?.sequence && payloadOf(text) !== payloadOf(this.#trustText)) {
      // The root was misused, or somebody shows different lists to different people.
      throw new TrustRefused('credentials.trust_rolled_back', `another trust list of number ${trust.sequence} is held`);
    }
    [this.#trust, this.#trustText] = [trust, text];
    this.#useTrust(trust);
    const record: KeptTrust = { text, sequence: trust.sequence };
    await this.#write('trust', (held) => {
      const isStill = ((held as KeptTrust | undefined)?.sequence ?? 0) <= trust.sequence;
      return isStill ? [['root', this.#root], ['trust', record]] : undefined;
    });
    return true;
  }

  /** Takes a whole copy of the lists. Throws `Refused`. */
  async begin(bundle: Uint8Array): Promise<void> {
    if (!this.#trust) throw new Refused('credentials.no_trust', 'there is no trust list to check the lists with');
    const [trust, now] = [this.#trust, Date.now() / 1000];
    this.#book = await this.#watching(() => StatusBook.bootstrap(bundle, carried.prefix, trust, now, this.#book));
    this.#heardAt = performance.now() / 1000;
    this.#save();
  }

  /** Takes one message of the stream, and keeps what it changes. Throws `Refused`. */
  async receive(message: Uint8Array): Promise<Outcome> {
    const outcome = await this.hear(message);
    if (outcome === 'new') this.#save();
    return outcome;
  }

  /** Takes one message that another tab has kept already. Throws `Refused`. */
  async hear(message: Uint8Array): Promise<Outcome> {
    const outcome = (await this.#watching(async () => this.#book?.apply(message, Date.now() / 1000))) ?? 'gap';
    if (outcome === 'applied' || outcome === 'confirmed') {
      this.#heardAt = performance.now() / 1000;
      return 'new';
    }
    return outcome === 'gap' ? 'gap' : 'known';
  }

  /** Takes deltas and the head behind them; tells whether no gap is left. Throws `Refused`. */
  async receiveMany(messages: Uint8Array): Promise<boolean> {
    let last: Outcome = 'gap';
    // One after the other: each stands on the one before.
    // oxlint-disable-next-line no-await-in-loop
    for (const message of cutSequence(messages, MESSAGES_MAX, MESSAGES_BYTES_MAX)) last = await this.hear(message);
    this.#save();
    return last !== 'gap';
  }

  /** Tells on the page whether this device's clock can be right. Wrong clocks make nothing valid; this says why. */
  watchClock(): void {
    if (!this.#isClockWrong()) takeDown('clock');
    else putUp('clock', { heading: 'verifier.clock_wrong', text: 'verifier.stale_clock', values: () => this.#clockWords() });
  }

  holdings(): Holdings {
    const { asOf, sequence = null, lists = 0, places = 0, bytes = 0 } = this.#book ?? {};
    const trust = this.#trust ? { sequence: this.#trust.sequence, expires: this.#trust.expires } : null;
    return { asOf: asOf ?? null, sequence, lists, places, bytes, trust, fingerprint: this.#fingerprint };
  }

  /** Behind what is signed already; or so far ahead that what has just come would be old. */
  #isClockWrong(): boolean {
    const { clock_skew: skew, max_age: most } = carried.policy;
    const [asOf, now] = [this.asOf, Date.now() / 1000];
    if (asOf === null) return false;
    const hasJustHeard = performance.now() / 1000 - this.#heardAt < Math.min(JUST_SECONDS, most);
    return asOf > now + skew || (hasJustHeard && now - asOf > most + skew);
  }

  #clockWords(): { time: string; signed: string } {
    return { time: moment(Date.now() / 1000, 0), signed: moment(this.asOf ?? 0, 0) };
  }

  #find(place: StatusPlace, issuer: string): StatusAnswer | null {
    const found = this.#book?.findStanding(place, issuer) ?? null;
    this.#isPlaceKnown = found !== null;
    this.#lacks ||= found === null && place.uri.startsWith(carried.prefix);
    return found;
  }

  async #pin(pinned: Jwk | undefined): Promise<void> {
    this.#root = pinned ?? named;
    this.#fingerprint = await fingerprint(this.#root);
    if (isSameKey(this.#root, named)) return;
    const values = { old: this.#fingerprint, new: await fingerprint(named) };
    putUp('root', {
      heading: 'verifier.root_changed',
      text: 'verifier.root_changed_text',
      values: () => values,
      act: { key: 'verifier.root_accept', run: () => void this.#replaceRoot() },
    });
  }

  /** Begins anew with the root that the page names: nothing that the old one signed stays. */
  async #replaceRoot(): Promise<void> {
    await this.#keep?.replaceAll([['root', named]]);
    location.reload();
  }

  /** Takes nothing once a fork was seen, and keeps the mark of the first one. */
  async #watching<Result>(take: () => Promise<Result>): Promise<Result> {
    if (this.#isForked) throw new StatusRefused('two histories were seen; nothing more is taken', FORK);
    try {
      return await take();
    } catch (error) {
      if (error instanceof Refused && error.code === FORK) {
        this.#sayForked();
        await this.#write(FORKED, () => [[FORKED, true]]);
      }
      throw error;
    }
  }

  #sayForked(): void {
    this.#isForked = true;
    const act = { key: 'verifier.forked_begin', run: () => void this.#beginAnew() };
    putUp('forked', { heading: 'verifier.forked', text: 'verifier.forked_text', act });
  }

  /** Begins anew with the same root and no older trust list; of statuses, nothing stays. */
  async #beginAnew(): Promise<void> {
    const records: Record[] = [['root', this.#root]];
    if (this.#trust) records.push(['trust', { text: this.#trustText, sequence: this.#trust.sequence }]);
    await this.#keep?.replaceAll(records);
    location.reload();
  }

  async #restore(kept: ReadonlyMap<string, unknown>): Promise<void> {
    if (kept.get(FORKED)) this.#sayForked();
    const trusted = kept.get('trust') as KeptTrust | undefined;
    if (trusted && trusted.sequence >= (this.#trust?.sequence ?? 0) && trusted.text !== this.#trustText) {
      try {
        // An expired list is held on to: every verdict by it says so.
        const roots = [await PublicKey.fromRoot(this.#root)];
        this.#trust = await Trust.accept(trusted.text, roots, 0, 0);
        this.#trustText = trusted.text;
        this.#useTrust(this.#trust);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
    }
    const book = this.#trust && readBook(kept);
    if (!book || !this.#trust || !isNewer(book.state, this.#book)) return;
    try {
      this.#book = StatusBook.restore(book.state, this.#trust);
      this.#kept = book.kept;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  #useTrust(trust: Trust): void {
    try {
      this.#book?.useTrust(trust);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // A key on whose word the lists stand is withdrawn: they are worth nothing now.
      this.#book = undefined;
    }
  }

  /** Keeps the book as it is now: one write at a time, the newest state with the next. */
  #save(): void {
    this.#isUnwritten = true;
    if (!this.#isWriting) void this.#saveAll();
  }

  async #saveAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#isUnwritten && this.#book) {
      this.#isUnwritten = false;
      const state = this.#book.exportState();
      let kept: KeptBook = new Map();
      // oxlint-disable-next-line no-await-in-loop
      const isWritten = await this.#write(HEAD, (held) => {
        if (!isNewer(state, held as Held | undefined, true)) return undefined;
        const written = writeBook(state, this.#kept, held);
        kept = written.kept;
        return written.records;
      });
      // What is not surely on the disk is written whole the next time.
      this.#kept = isWritten ? kept : new Map();
    }
    this.#isWriting = false;
  }

  /** Tells whether it is on the disk now. */
  async #write(...what: Parameters<Keep['write']>): Promise<boolean> {
    try {
      const isWritten = (await this.#keep?.write(...what)) ?? false;
      if (isWritten) takeDown('storage');
      return isWritten;
    } catch {
      // A full disk, a window that keeps nothing: what is in memory goes on to count.
      putUp('storage', { text: 'verifier.storage_failed' });
      return false;
    }
  }
}

type Held = { readonly sequence: number; readonly asOf: number };

function isNewer(one: Held, other: Held | undefined, orSame = false): boolean {
  if (!other || one.sequence > other.sequence) return true;
  if (one.sequence < other.sequence) return false;
  return orSame ? one.asOf >= other.asOf : one.asOf > other.asOf;
}

/** The signed part of a list: two signatures of the same list are no two lists (RFC 7515, 3.1). */
function payloadOf(text: string): string | undefined {
  return text.split('.')[1];
}
