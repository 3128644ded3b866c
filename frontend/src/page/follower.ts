// Follows the authority: trust list, whole lists once, then every change as it is signed.
import { Refused, StatusRefused } from '@verifier';
import type { Link, LinkState } from './link';
import { putUp, takeDown } from './notices';
import type { Outcome, Standing } from './standing';
import { fetchBundle, fetchDeltas, fetchTrust, listen, pause, Unreachable, waitMs } from './stream';
import { Neighbours, takeTurns, type Told } from './turns';

// A withdrawn key may be believed for as long as the server lets copies of the trust list live.
const TRUST_SECONDS_MAX = 300;
// A key that is not known may be a new one; a forger's must not make this page ask without end.
const TRUST_SECONDS_MIN = 20;
// A pass that names a list which nobody holds must not make this page fetch without end.
const FILL_SECONDS_MIN = 30;
// A gap of twenty thousand deltas is better closed by the lists themselves.
const DELTA_ROUNDS_MAX = 20;

/** Keeps `standing` up to date while there is a network; sends `change` whenever something is other than before. */
export class Follower extends EventTarget {
  #state: LinkState = 'connecting';
  #since = Date.now() / 1000;
  #trustAskedAt = -Infinity;
  #filledAt = -Infinity;
  #failures = 0;
  #neighbours = new Neighbours((told) => void this.#hearNeighbour(told));
  #isLeading = false;

  constructor(private readonly standing: Standing) {
    super();
    window.addEventListener('offline', () => this.#be('offline'));
    this.#neighbours.tell({ kind: 'hello' });
  }

  /** How the connection stands. Connected, but nothing fresh has come: behind. */
  get link(): Link {
    // Not since this page was opened: since the device last heard of the authority, which it keeps.
    const { asOf } = this.standing;
    if (this.#state === 'offline') return asOf === null ? { ...this.#own(), state: 'empty' } : { state: 'offline', since: asOf };
    const isBehind = this.#state === 'live' && !this.standing.isFresh();
    return isBehind ? { ...this.#own(), state: 'behind' } : this.#own();
  }

  /** Follows for as long as the page is open. */
  run(): Promise<never> {
    if (!navigator.onLine) this.#be('offline');
    return takeTurns((signal) => this.#lead(signal));
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#isLeading = true;
    try {
      // What another tab wrote while it led.
      await this.standing.reload();
      while (!signal.aborted) {
        await this.#try(signal);
        if (!signal.aborted) await pause(waitMs(this.#failures++), signal);
      }
    } finally {
      this.#isLeading = false;
    }
  }

  async #try(signal: AbortSignal): Promise<void> {
    try {
      if (this.#state !== 'offline') this.#be('connecting');
      await this.#askTrustCalmly();
      if (!this.standing.hasBook) await this.#fetchWhole();
      await this.#listen(signal);
      this.#be('offline');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Unreachable) this.#be('offline');
      else if (error instanceof Refused) this.#doubt();
      else throw error;
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    for await (const heard of listen(this.standing.sequence, signal)) {
      if (heard.kind === 'gap') await this.#closeGap();
      else await this.#receive(heard.data);
      this.#failures = 0;
      this.#be('live');
      await this.#askTrustCalmly();
      await this.#fillLack();
      // After a gap the stream has ended, or goes on with what is known by now.
      if (heard.kind === 'gap') return;
    }
  }

  /** A trust list that is refused is no reason not to hear of suspensions by the one that is held. */
  async #askTrustCalmly(): Promise<void> {
    try {
      await this.#askTrust(TRUST_SECONDS_MAX);
    } catch (error) {
      if (!this.standing.hasTrust || !(error instanceof Refused)) throw error;
      this.#doubt();
    }
  }

  /** Lists that were opened since the copy was made are in the next copy. */
  async #fillLack(): Promise<void> {
    const now = performance.now() / 1000;
    if (now - this.#filledAt < FILL_SECONDS_MIN || !this.standing.takeLack()) return;
    this.#filledAt = now;
    // A copy does not tell whether it continues what is held: the deltas do, so they come first.
    if (this.standing.hasBook) await this.#catchUp();
    await this.#fetchWhole();
  }

  async #receive(data: Uint8Array): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.standing.receive(data);
    } catch (error) {
      // Signed by a key that the trust list of a moment ago did not name? Once, not for every forgery.
      if (!(error instanceof StatusRefused) || !(await this.#askTrust(TRUST_SECONDS_MIN))) throw error;
      outcome = await this.standing.receive(data);
    }
    if (outcome === 'gap') await this.#closeGap();
    else if (outcome === 'new') {
      this.#neighbours.tell({ kind: 'message', data });
      this.dispatchEvent(new Event('change'));
    }
  }

  async #closeGap(): Promise<void> {
    if (!(await this.#catchUp())) await this.#fetchWhole();
  }

  /** Takes the deltas that are missing; tells whether none is missing now. */
  async #catchUp(): Promise<boolean> {
    try {
      for (let round = 0; round < DELTA_ROUNDS_MAX; round += 1) {
        const isClosed = await this.standing.receiveMany(await fetchDeltas(this.standing.sequence));
        if (isClosed) {
          this.#tellStored();
          return true;
        }
      }
    } catch (error) {
      // After two histories were seen, none is taken.
      if (!(error instanceof Refused) || this.standing.isForked) throw error;
    }
    return false;
  }

  async #fetchWhole(): Promise<void> {
    await this.standing.begin(await fetchBundle());
    this.#tellStored();
  }

  #tellStored(): void {
    this.#neighbours.tell({ kind: 'stored' });
    this.dispatchEvent(new Event('change'));
  }

  /** Asks for the trust list if the last time is so long ago; tells whether it is another one than before. */
  async #askTrust(seconds: number): Promise<boolean> {
    if (performance.now() / 1000 - this.#trustAskedAt < seconds && this.standing.hasTrust) return false;
    const isNew = await this.standing.acceptTrust(new TextDecoder().decode(await fetchTrust()));
    this.#trustAskedAt = performance.now() / 1000;
    if (isNew) this.#tellStored();
    return isNew;
  }

  async #hearNeighbour(told: Told): Promise<void> {
    if (this.#isLeading) {
      if (told.kind === 'hello') this.#neighbours.tell({ kind: 'link', link: this.#own() });
      return;
    }
    if (told.kind === 'link') this.#be(told.link.state, told.link.since);
    if (told.kind !== 'message' && told.kind !== 'stored') return;
    try {
      const outcome = told.kind === 'message' ? await this.standing.hear(told.data) : 'gap';
      if (outcome === 'gap') await this.standing.reload();
      this.dispatchEvent(new Event('change'));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Something claimed to be the authority's and was not, or contradicts what was signed before. */
  #doubt(): void {
    if (this.standing.isForked) this.#neighbours.tell({ kind: 'stored' });
    else putUp('forged', { text: 'verifier.forged_stream' });
    this.#be('behind');
  }

  #own(): Link {
    return { state: this.#state, since: this.#since };
  }

  #be(state: LinkState, since = Date.now() / 1000): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#since = since;
    if (state === 'live') takeDown('forged');
    if (this.#isLeading) this.#neighbours.tell({ kind: 'link', link: this.#own() });
    this.dispatchEvent(new Event('change'));
  }
}
