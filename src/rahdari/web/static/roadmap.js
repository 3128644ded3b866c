// @ts-check
/**
 * The roadmap's sliders: a move asks for the page of the new view and puts its answers in the place of the old ones.
 * Without this script the button of the form does the same.
 */

/** How long a slider rests before it is asked for. */
const REST_MILLISECONDS = 200;
/** How long the page waits for an answer; then the old one stays, and the button is still there. */
const ANSWER_MILLISECONDS_MAX = 20_000;

const form = document.querySelector('form#levers');
/** @type {AbortController | undefined} */
let asking;
let rest = 0;

/** @param {HTMLFormElement} wanted @returns {string} the address of what the form says */
function addressOf(wanted) {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(wanted)) {
    told.set(name, String(value));
  }
  return `${wanted.action}?${told}`;
}

/** @param {HTMLFormElement} wanted */
async function answer(wanted) {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const place = document.querySelector('#answers');
  place?.setAttribute('aria-busy', 'true');
  const address = addressOf(wanted);
  try {
    const signal = AbortSignal.any([mine.signal, AbortSignal.timeout(ANSWER_MILLISECONDS_MAX)]);
    const reply = await fetch(address, { headers: { accept: 'text/html' }, signal });
    if (!reply.ok) {
      throw new Error(String(reply.status));
    }
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    const fresh = page.querySelector('#answers');
    if (fresh && place) {
      place.replaceWith(document.adoptNode(fresh));
      history.replaceState(null, '', address);
      const said = document.querySelector('#answered');
      if (said instanceof HTMLElement) {
        said.textContent = said.dataset['words'] ?? '';
      }
    }
    for (const tongue of page.querySelectorAll('.tongues a')) {
      document.querySelector(`.tongues a[lang="${tongue.getAttribute('lang')}"]`)?.setAttribute('href', tongue.getAttribute('href') ?? '');
    }
  } catch {
    // A later move took over, or there was no answer: what is shown stays, the button asks again.
  } finally {
    if (asking === mine) {
      document.querySelector('#answers')?.setAttribute('aria-busy', 'false');
    }
  }
}

if (form instanceof HTMLFormElement) {
  form.addEventListener('input', (event) => {
    const moved = event.target;
    if (moved instanceof HTMLInputElement && moved.type === 'range') {
      const told = form.querySelector(`output[for="${moved.id}"] bdi`);
      if (told) {
        told.textContent = moved.value;
      }
      clearTimeout(rest);
      rest = window.setTimeout(() => answer(form), REST_MILLISECONDS);
    }
  });
  // Another country, year or level changes what the form itself offers, so it waits for the button (WCAG 2.2, 3.2.2).
  form.addEventListener('change', (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.name === 'product') {
      answer(form);
    }
  });
}
