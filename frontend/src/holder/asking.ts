// One question to the server at a time, and what it refuses by a code that the page has words for.

/** How long the page waits for the server before it says that there is no network. */
const ANSWER_MS_MAX = 20_000;

/** A refusal of the server or of the network; `code` is what the page's words are kept under. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Sends JSON to the server and gives what it answers. Throws `Refusal`. */
export async function ask(address: string, body: object): Promise<unknown> {
  const answer = await send(address, body);
  const said: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(lastOf(said));
  return said;
}

async function send(address: string, body: object): Promise<Response> {
  try {
    return await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch {
    throw new Refusal('no_network');
  }
}

/** The code of an RFC 9457 answer without its room: `access.ticket_refused` is `ticket_refused` here. */
function lastOf(said: unknown): string {
  const code = typeof said === 'object' && said !== null && 'code' in said ? said.code : '';
  return typeof code === 'string' ? (code.split('.').pop() ?? '') : '';
}
