// The reader of codes as the page sees it: pixels in, texts out.
import type { Asked, Found } from './worker/reader';
import built from './worker/reader.ts?worker&url';

// A script that begins a worker is asked of that service worker in whose scope the script's own address lies, and
// not of the page's (W3C Service Workers, "Handle Fetch"; Fetch, 2.2.5: a request for a worker is a non-subresource
// request). Under /static/ it would be asked of the network alone. What the reader fetches lies beside it.
const READER = `/verify/assets/${built.slice(built.lastIndexOf('/') + 1)}`;

/** The reader could not be started; the network or the browser is at fault, not the picture. */
export class ReaderFailed extends Error {}

type Waiting = { resolve: (texts: readonly string[]) => void; reject: (error: ReaderFailed) => void };

export class Codes {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #last = 0;

  /** Reads the codes of a picture. The pixels are handed over and gone afterwards. */
  read(pixels: ImageData, isHard: boolean): Promise<readonly string[]> {
    const id = ++this.#last;
    const asked: Asked = { id, pixels, isHard };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.start().postMessage(asked, [pixels.data.buffer]);
    });
  }

  /** Starts the reader ahead of the first picture. */
  start(): Worker {
    if (this.#worker) return this.#worker;
    const made = new Worker(READER, { type: 'module' });
    made.addEventListener('message', (event: MessageEvent<Found>) => this.#settle(event.data));
    made.addEventListener('error', () => this.#giveUp());
    this.#worker = made;
    return made;
  }

  #settle({ id, texts, failed }: Found): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failed !== undefined) waiting?.reject(new ReaderFailed(failed));
    else waiting?.resolve(texts);
  }

  #giveUp(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const one of this.#waiting.values()) one.reject(new ReaderFailed('the reader did not start'));
    this.#waiting.clear();
  }
}
