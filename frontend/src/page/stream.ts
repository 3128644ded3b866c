// The network side: what is fetched from the server, with limits, and how long to wait after it failed.
import { carried } from './carried';
import { readEvents } from './events';

// 64 KiB a delta, a thousand deltas and a head (see the server's operation); more is no answer of ours.
const DELTAS_BYTES_MAX = 66 * 1024 * 1024;
// 240 million holders with two passes each, one in a hundred suspended: some 10 MB; ten times that is refused.
const BUNDLE_BYTES_MAX = 100 * 1024 * 1024;
const TRUST_BYTES_MAX = 4 * 1024 * 1024;
const FETCH_MS_MAX = 60_000;
// A head comes at least every 10 seconds. Twice that and a little more in silence, and the line is dead.
const SILENCE_MS_MAX = 25_000;
const WAIT_MS_MIN = 500;
const WAIT_MS_MAX = 30_000;

/** The server or the way to it did not do its part; worth another try. */
export class Unreachable extends Error {}

export function fetchTrust(): Promise<Uint8Array> {
  return get(carried.trust, TRUST_BYTES_MAX);
}

export function fetchBundle(): Promise<Uint8Array> {
  return get(`${carried.source}bundle`, BUNDLE_BYTES_MAX);
}

export function fetchDeltas(after: number): Promise<Uint8Array> {
  return get(`${carried.source}deltas?after=${after}`, DELTAS_BYTES_MAX);
}

async function get(address: string, most: number): Promise<Uint8Array> {
  try {
    const answer = await fetch(address, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(FETCH_MS_MAX) });
    if (!answer.ok || !answer.body) throw new Unreachable(`${address} answered ${answer.status}`);
    return await readAll(answer.body, most);
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(String(error));
  }
}

async function readAll(body: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > most) {
      void reader.cancel().catch(() => undefined);
      throw new Unreachable('the answer is larger than any answer of ours');
    }
    parts.push(next.value);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** What the stream says: a message, or that it cannot tell all that follows. */
export type Heard = { readonly kind: 'message'; readonly data: Uint8Array } | { readonly kind: 'gap' };

/** Listens from `after` on until the line ends, falls silent, or `signal` says so. Throws `Unreachable`. */
export async function* listen(after: number, signal: AbortSignal): AsyncGenerator<Heard> {
  const line = new AbortController();
  const end = (): void => line.abort();
  let watch = setTimeout(end, SILENCE_MS_MAX);
  signal.addEventListener('abort', end);
  window.addEventListener('offline', end);
  try {
    const address = `${carried.source}stream?after=${after}`;
    const answer = await fetch(address, { cache: 'no-store', credentials: 'omit', signal: line.signal });
    if (!answer.ok || !answer.body) throw new Unreachable(`the stream answered ${answer.status}`);
    for await (const event of readEvents(answer.body)) {
      clearTimeout(watch);
      watch = setTimeout(end, SILENCE_MS_MAX);
      yield event.name === 'gap' ? { kind: 'gap' } : { kind: 'message', data: fromBase64url(event.data) };
    }
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(String(error));
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', end);
    window.removeEventListener('offline', end);
    line.abort();
  }
}

function fromBase64url(text: string): Uint8Array {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

/** Tells how long to wait after the `failures`th failure in a row: doubling, and spread so that crowds disperse. */
export function waitMs(failures: number): number {
  const most = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(failures, 10));
  const chance = crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
  return most / 2 + (most / 2) * chance;
}

/** Waits; less long if the network comes back or `signal` says so. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
