// The page's elements: found by id, made with text alone. Nothing here or elsewhere writes markup.

/** Finds an element that the template promises; its absence is our own mistake. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

type Traits = { class?: string; lang?: string; dir?: string; text?: string };

/** Makes an element with a class, a language, a text, and children. */
export function make(tag: string, traits: Traits = {}, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (traits.class) made.className = traits.class;
  if (traits.lang) made.lang = traits.lang;
  if (traits.dir) made.dir = traits.dir;
  if (traits.text !== undefined) made.textContent = traits.text;
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Draws one sign of the site's sheet of signs. */
export function drawSign(sheet: string, name: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${sheet}#${name}`);
  svg.append(use);
  return svg;
}

/** A row of a list of pairs. */
export function pair(term: string, ...said: (Node | string)[]): HTMLElement {
  return make('div', {}, make('dt', { text: term }), make('dd', {}, ...said));
}

/** Sets a text only where it differs, so that screen readers are not woken for nothing. */
export function tell(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
