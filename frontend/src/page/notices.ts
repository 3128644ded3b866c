// Notices: each with a name, at most once on the screen, gone when its cause is.
import { byId, make } from './elements';
import { say } from './words';

type Words = Readonly<Record<string, string>>;

export interface Notice {
  readonly heading?: string;
  readonly text: string;
  readonly values?: () => Words;
  readonly act?: { readonly key: string; readonly run: () => void };
}

const shown = new Map<string, Notice>();

/** Puts a notice up; the keys are those of the catalogue. */
export function putUp(name: string, notice: Notice): void {
  if (shown.has(name)) return;
  shown.set(name, notice);
  redrawNotices();
}

export function takeDown(name: string): void {
  if (shown.delete(name)) redrawNotices();
}

export function redrawNotices(): void {
  byId('notices').replaceChildren(...[...shown.values()].map(draw));
}

function draw({ heading, text, values, act }: Notice): HTMLElement {
  const drawn = make('div', { class: 'notice' });
  if (heading) drawn.append(make('h2', { text: say(heading) }));
  drawn.append(make('p', { text: say(text, values?.()) }));
  if (act) {
    const button = make('button', { class: 'button button--quiet', text: say(act.key) }) as HTMLButtonElement;
    button.type = 'button';
    button.addEventListener('click', act.run);
    drawn.append(button);
  }
  return drawn;
}
