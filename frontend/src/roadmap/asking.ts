// One question at a time: a slider may move many times while an answer is on its way, and only its last place counts.

/** How long the page waits for an answer; then the old one stays, and the button is still there. */
const ANSWER_MS_MAX = 20_000;
/** A busy server says when to come back (RFC 9110, 10.2.3). Beyond so many refusals the visitor decides. */
const TRIES_MAX = 6;
const WAIT_SECONDS_USUAL = 2;
const WAIT_SECONDS_MAX = 30;

/** Where answers are shown. */
export interface Place {
  begin(): void;
  show(page: Document, address: string): void;
  /** Nothing new is shown: the server is `busy` and will be asked again, or there was no answer (`failed`). */
  keep(because: 'busy' | 'failed'): void;
  end(): void;
}

/** What came of one request: a page, the seconds to wait, or nothing that could be shown. */
type Reply = { readonly page: Document } | { readonly waitSeconds: number } | undefined;

/** Asks for the view that was wanted last, never two at once: a visitor costs the server one view at a time. */
export class Asking {
  readonly #place: Place;
  #wanted: string | undefined;
  #isAsking = false;

  constructor(place: Place) {
    this.#place = place;
  }

  want(address: string): void {
    this.#wanted = address;
    if (!this.#isAsking) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isAsking = true;
    this.#place.begin();
    while (this.#wanted !== undefined) {
      const address = this.#wanted;
      this.#wanted = undefined;
      // oxlint-disable-next-line no-await-in-loop -- one after another is the point
      await this.#answer(address);
    }
    this.#isAsking = false;
    this.#place.end();
  }

  async #answer(address: string): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const reply = await ask(address);
      // A later move makes this answer old before it is shown.
      if (this.#wanted !== undefined) return;
      if (reply === undefined) break;
      if ('page' in reply) {
        this.#place.show(reply.page, address);
        return;
      }
      this.#place.keep('busy');
      // oxlint-disable-next-line no-await-in-loop
      await rest(reply.waitSeconds);
      if (this.#wanted !== undefined) return;
    }
    this.#place.keep('failed');
  }
}

async function ask(address: string): Promise<Reply> {
  try {
    const reply = await fetch(address, {
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    if (reply.status === 429 || reply.status === 503) {
      return { waitSeconds: secondsOf(reply.headers.get('retry-after')) };
    }
    if (!reply.ok) return undefined;
    return { page: new DOMParser().parseFromString(await reply.text(), 'text/html') };
  } catch {
    // No network, or no answer in time.
    return undefined;
  }
}

function secondsOf(text: string | null): number {
  const told = text !== null && /^\d{1,4}$/.test(text) ? Number(text) : WAIT_SECONDS_USUAL;
  return Math.min(Math.max(told, 1), WAIT_SECONDS_MAX);
}

function rest(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
