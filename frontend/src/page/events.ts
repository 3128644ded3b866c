// Server-sent events read from a response (HTML, 9.2.6), as far as our server writes them.

// A delta has at most 64 KiB, which is 88 KB of base64url; a longer line is no event of ours.
const LINE_CHARS_MAX = 100_000;

export interface Event {
  readonly name: string;
  readonly data: string;
}

/** Reads events until the response ends. Throws what the network throws, and `RangeError` for a line too long. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let [name, data] = ['', undefined as string | undefined];
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data !== undefined) yield { name, data };
      [name, data] = ['', undefined];
    } else if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data = (data ?? '') + line.slice(5).trim();
  }
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw new RangeError('a line of the stream is longer than any message');
      yield* lines;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
