// Passkeys on the holder's pages: asks the server for options, the browser for an answer, and hands it back.
// Every word stands in the page already, in the visitor's language; this script only chooses among them.
import { Refusal } from './asking';
import { CEREMONIES } from './ceremonies';
import { tellWallTimes } from './times';

/** What browsers throw (WebAuthn Level 3, 5.1.3 and 5.1.4): this card has a passkey here; the person, or the time, said no. */
const THROWN: ReadonlyMap<string, string> = new Map([
  ['InvalidStateError', 'passkey_taken'],
  ['NotAllowedError', 'cancelled'],
  ['AbortError', 'cancelled'],
]);

/** One ceremony on the page: its button, and where it tells how it goes. */
interface Stage {
  readonly button: HTMLButtonElement;
  readonly progress: HTMLElement;
  readonly refusal: HTMLElement;
  readonly run: () => Promise<string>;
}

function stageOf(place: Element): Stage | undefined {
  const run = CEREMONIES.get(place.getAttribute('data-ceremony') ?? '');
  const button = place.querySelector('button');
  const progress = place.querySelector<HTMLElement>('[data-progress]');
  const refusal = place.querySelector<HTMLElement>('[data-refusal]');
  return run && button && progress && refusal ? { button, progress, refusal, run } : undefined;
}

async function hold({ button, progress, refusal, run }: Stage): Promise<void> {
  refusal.textContent = '';
  // Without TLS, and in old browsers, the name is not there at all.
  if (!('PublicKeyCredential' in window)) {
    refusal.textContent = wordsFor('no_passkeys');
    return;
  }
  button.disabled = true;
  progress.textContent = progress.dataset['working'] ?? '';
  try {
    location.assign(await run());
  } catch (error) {
    const code = codeOf(error);
    if (code === 'card_locked') showLocked();
    else refusal.textContent = wordsFor(code);
    progress.textContent = '';
    button.disabled = false;
  }
}

/** Names what went wrong. */
function codeOf(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  return (error instanceof Error ? THROWN.get(error.name) : undefined) ?? '';
}

/** Finds the page's words for a code. */
function wordsFor(code: string): string {
  const find = (one: string): Element | null =>
    document.querySelector(`[data-words] [data-code="${CSS.escape(one)}"]`);
  return (find(code) ?? find('otherwise'))?.textContent ?? '';
}

/** Shows the one of the two doors that a locked card can still open. */
function showLocked(): void {
  for (const [selector, isHidden] of [
    ['[data-locked]', false],
    ['[data-open]', true],
  ] as const) {
    const door = document.querySelector<HTMLElement>(selector);
    if (door) door.hidden = isHidden;
  }
}

for (const place of document.querySelectorAll('[data-ceremony]')) {
  const stage = stageOf(place);
  stage?.button.addEventListener('click', () => void hold(stage));
}
tellWallTimes();
