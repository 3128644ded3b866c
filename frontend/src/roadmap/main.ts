// The roadmap's sliders: a move asks for the page of the new view and puts its answers in the place of the old ones.
// Without this script the button of the form does the same.
import { Asking, type Place } from './asking';

/** What is chosen from a list and leaves the rest of the form as it is. */
const AT_ONCE: ReadonlySet<string> = new Set(['product', 'counts']);
/** How long a slider rests before it is asked for. */
const REST_MS = 200;

/** The page as it stands: its answers are replaced whole, everything else stays, and with it the keyboard's place. */
const place: Place = {
  begin: () => setBusy(true),
  end: () => setBusy(false),
  show: (page, address) => {
    const [old, fresh] = [document.querySelector('#answers'), page.querySelector('#answers')];
    if (!old || !fresh) return place.keep('failed');
    old.replaceWith(document.adoptNode(fresh));
    setBusy(true);
    history.replaceState(null, '', address);
    turnTongues(page);
    say('#unanswered', '');
    say('#answered', wordsOf('#answered', 'words'));
    return undefined;
  },
  keep: (because) => say('#unanswered', wordsOf('#unanswered', because)),
};

function setBusy(isBusy: boolean): void {
  document.querySelector('#answers')?.setAttribute('aria-busy', String(isBusy));
}

/** Lets the links to other languages lead to the view that is shown. */
function turnTongues(page: Document): void {
  for (const link of page.querySelectorAll<HTMLAnchorElement>('.tongues a')) {
    const mine = document.querySelector(`.tongues a[lang="${CSS.escape(link.lang)}"]`);
    mine?.setAttribute('href', link.getAttribute('href') ?? '');
  }
}

function wordsOf(selector: string, name: string): string {
  return document.querySelector<HTMLElement>(selector)?.dataset[name] ?? '';
}

function say(selector: string, words: string): void {
  const told = document.querySelector<HTMLElement>(selector);
  if (!told) return;
  told.textContent = words;
  if (selector === '#unanswered') told.hidden = words === '';
}

/** Writes the address of what the form says. */
function addressOf(form: HTMLFormElement): string {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string') told.set(name, value);
  }
  return `${form.action}?${told.toString()}`;
}

function begin(form: HTMLFormElement): void {
  const asking = new Asking(place);
  let resting: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener('input', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'range') return;
    const shown = form.querySelector(`output[for="${CSS.escape(target.id)}"] bdi`);
    if (shown) shown.textContent = target.value;
    clearTimeout(resting);
    resting = setTimeout(() => asking.want(addressOf(form)), REST_MS);
  });
  // Another country, year or level changes what the form itself offers, so it waits for the button (WCAG 2.2, 3.2.2).
  form.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement && AT_ONCE.has(target.name)) asking.want(addressOf(form));
  });
}

const form = document.querySelector('form#levers');
if (form instanceof HTMLFormElement) begin(form);
