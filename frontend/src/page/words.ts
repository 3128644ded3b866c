// Three languages, all in the page: they change with the network off.
import { catalogues, type Language, type LocalText } from './carried';
import { tell } from './elements';

const KEPT_AS = 'rahdari-lang';
const LOCALES: Record<Language, string> = { en: 'en-GB', ur: 'ur-PK', zh: 'zh-Hans-CN' };
const heard: (() => void)[] = [];
let spoken: Language = first();

function isLanguage(word: string | null | undefined): word is Language {
  return word === 'en' || word === 'ur' || word === 'zh';
}

// Asked for now, else chosen before on this device, else what the server chose for its first visitor.
function first(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  const before = remembered();
  const served = document.documentElement.lang;
  return [asked, before, served].find(isLanguage) ?? 'en';
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // A browser that keeps nothing: the choice lasts as long as the page.
  }
}

export function language(): Language {
  return spoken;
}

export function locale(): string {
  return LOCALES[spoken];
}

/** Says a sentence. A key that is not there shows itself: a word less is no reason for no verdict. */
export function say(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  const text = catalogues[spoken][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Says a sentence about a number in the form that the language has for it (Unicode CLDR, plural rules). */
export function sayMany(key: string, count: number): string {
  const form = `${key}_${new Intl.PluralRules(locale()).select(count)}`;
  return say(knows(form) ? form : key, { count });
}

/** Tells whether there is such a sentence. */
export function knows(key: string): boolean {
  return key in catalogues[spoken];
}

/** Chooses a text's language: the reader's, else English, else whatever there is. */
export function pick(text: LocalText): readonly [string, string] {
  for (const one of [spoken, 'en', ...Object.keys(text)]) {
    const found = text[one];
    if (found !== undefined) return [one, found];
  }
  return [spoken, ''];
}

/** Calls back whenever the language changes, and once now. */
export function onLanguage(callback: () => void): void {
  heard.push(callback);
  callback();
}

export function speak(chosen: string | undefined): void {
  if (!isLanguage(chosen)) return;
  spoken = chosen;
  try {
    localStorage.setItem(KEPT_AS, chosen);
  } catch {
    // See `remembered`.
  }
  // The address no longer asks for another language, or a reload would bring that one back.
  const here = new URL(location.href);
  if (here.searchParams.has('lang')) {
    here.searchParams.delete('lang');
    history.replaceState(history.state, '', here);
  }
  for (const callback of heard) callback();
}

/** Writes every fixed sentence of the template anew. */
export function retell(): void {
  const root = document.documentElement;
  root.lang = spoken;
  root.dir = spoken === 'ur' ? 'rtl' : 'ltr';
  document.title = `${say('verifier.heading')} · ${say('site.name')}`;
  for (const one of document.querySelectorAll<HTMLElement>('[data-say]')) tell(one, say(one.dataset['say'] ?? ''));
  for (const one of document.querySelectorAll<HTMLElement>('[data-say-label]')) {
    one.setAttribute('aria-label', say(one.dataset['sayLabel'] ?? ''));
  }
  for (const one of document.querySelectorAll<HTMLElement>('[data-language]')) {
    one.setAttribute('aria-pressed', String(one.dataset['language'] === spoken));
  }
  // The pages of the server follow the choice made here.
  for (const one of document.querySelectorAll<HTMLAnchorElement>('a[href^="/"]')) one.href = `/?lang=${spoken}`;
}
