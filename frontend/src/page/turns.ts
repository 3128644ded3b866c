// One tab of the device holds the stream; the others hear from it what it heard.

import type { Link } from './link';

const LOCK = 'rahdari-verifier-stream';
const CHANNEL = 'rahdari-verifier';

/** What tabs tell one another: a message as it came, that the store changed, how the connection stands; or ask. */
export type Told =
  | { readonly kind: 'message'; readonly data: Uint8Array }
  | { readonly kind: 'stored' }
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'hello' };

/** Passes on what this tab heard, and calls back for what others did. */
export class Neighbours {
  #channel = new BroadcastChannel(CHANNEL);

  constructor(heard: (told: Told) => void) {
    this.#channel.addEventListener('message', (event: MessageEvent<Told>) => heard(event.data));
  }

  tell(told: Told): void {
    this.#channel.postMessage(told);
  }
}

/**
 * Runs `work` while this tab is in front and no other tab runs it; its signal ends it when the tab goes behind.
 *
 * A tab behind others may be frozen by the browser with the lock in its hand, and nobody would hear the stream.
 */
export async function takeTurns(work: (signal: AbortSignal) => Promise<void>): Promise<never> {
  for (;;) {
    await inFront();
    const behind = new AbortController();
    const leave = (): void => {
      if (document.visibilityState === 'hidden') behind.abort();
    };
    document.addEventListener('visibilitychange', leave);
    try {
      await hold(behind.signal, work);
    } catch (error) {
      if (!behind.signal.aborted) throw error;
    } finally {
      document.removeEventListener('visibilitychange', leave);
    }
  }
}

async function hold(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  // Absent on plain HTTP from another machine: then each tab listens for itself.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) await work(signal);
  else await locks.request(LOCK, { signal }, () => work(signal));
}

function inFront(): Promise<void> {
  if (document.visibilityState !== 'hidden') return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.visibilityState === 'hidden') return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
  });
}
