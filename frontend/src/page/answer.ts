// The verdict as people see it: a word, a shape, a ground; a face and a name where the pass is good; nothing more.
import type { Attributes, Report, Verified } from '@verifier';
import { carried } from './carried';
import { byId, drawSign, make, pair, tell } from './elements';
import { ago, day, moment } from './times';
import { knows, pick, say } from './words';

/** What is to be said in the place of the verdict's general advice, where more is known; else empty. */
export type Because = (report: Report) => string;

const stamp = byId('stamp');
const sign = byId('sign');
const person = byId('person');
const details = byId<HTMLDetailsElement>('details');
const detailsBody = byId('details-body');
const PICTURES: readonly (readonly [string, readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46]],
];

/** What stands on the screen. `clear` leaves nothing of it. */
export class Answer {
  #shown: Report | undefined;
  #photo: string | undefined;
  #because: Because;

  constructor(because: Because) {
    this.#because = because;
  }

  /** Shows a report; says it aloud where the verdict is a new one. */
  show(report: Report): void {
    const before = this.#shown?.verdict;
    this.#shown = report;
    if (before !== report.verdict) this.#draw(before !== undefined);
    this.#tick(report);
  }

  /** Writes everything anew, in the language of now. */
  redraw(): void {
    if (!this.#shown) return;
    // What was spoken was in the language of before; the verdict itself has not changed and is not said again.
    byId('announcement').textContent = '';
    this.#draw(false, false);
    this.#tick(this.#shown);
  }

  clear(): void {
    this.#shown = undefined;
    this.#forgetPerson();
    details.open = false;
    for (const id of ['word', 'advice', 'as-of', 'announcement']) byId(id).textContent = '';
  }

  #draw(isChange: boolean, isSpoken = true): void {
    const report = this.#shown!;
    const word = say(`verdict.${report.verdict}.word`);
    stamp.className = `stamp tone--${carried.tones[report.verdict] ?? 'unsure'}${isChange ? ' is-changed' : ''}`;
    sign.setAttribute('href', `${carried.signs}#${report.verdict}`);
    tell(byId('word'), word);
    this.#forgetPerson();
    if (report.verified) this.#drawPerson(report.verified);
    detailsBody.replaceChildren(...drawDetails(report));
    if (isSpoken) {
      const change = isChange ? `${say('verifier.changed')}: ` : '';
      tell(byId('announcement'), `${change}${word}. ${this.#advice(report)}`);
    }
  }

  #advice(report: Report): string {
    return this.#because(report) || say(`verdict.${report.verdict}.advice`);
  }

  #tick(report: Report): void {
    const now = Date.now() / 1000;
    // What could not be read names no status: there is nothing that was known at some time.
    const isUnread = report.verdict === 'malformed';
    const isUnknown = report.verdict === 'stale' && report.asOf <= 0;
    const known = `${say('verifier.as_of', { time: moment(report.asOf, now) })} (${ago(now - report.asOf)})`;
    tell(byId('advice'), this.#advice(report));
    tell(byId('as-of'), isUnread ? '' : isUnknown ? say('verifier.no_list_yet') : known);
  }

  #drawPerson(verified: Verified): void {
    const { name, photo } = verified.attributes;
    const names = make('div', { class: 'person__names' });
    for (const [tongue, text] of Object.entries(name)) {
      names.append(make('p', { class: 'person__name', lang: tongue, dir: 'auto', text }));
    }
    const title = carried.products[verified.terms.product?.id ?? ''];
    if (title) {
      const [tongue, text] = pick(title);
      names.append(make('p', { class: 'person__product', lang: tongue, dir: 'auto', text }));
    }
    this.#photo = addressOf(photo);
    if (this.#photo) person.append(drawPhoto(this.#photo));
    person.append(names);
    person.hidden = false;
  }

  #forgetPerson(): void {
    person.replaceChildren();
    person.hidden = true;
    detailsBody.replaceChildren();
    if (this.#photo) URL.revokeObjectURL(this.#photo);
    this.#photo = undefined;
  }
}

/** Lends a photograph an address in this page's memory. Unknown kinds stay out. */
function addressOf(photo: Uint8Array | null): string | undefined {
  const kind = PICTURES.find(([, begins]) => begins.every((byte, at) => photo?.[at] === byte))?.[0];
  return photo && kind ? URL.createObjectURL(new Blob([Uint8Array.from(photo)], { type: kind })) : undefined;
}

function drawPhoto(address: string): HTMLElement {
  const image = make('img', { class: 'person__photo' }) as HTMLImageElement;
  image.src = address;
  image.alt = say('verdict.photo');
  return image;
}

function drawDetails({ verified, checks, code }: Report): HTMLElement[] {
  const drawn: HTMLElement[] = [];
  if (verified) drawn.push(drawClaims(verified));
  else drawn.push(make('p', { class: 'soft', text: say('verdict.claims_none') }));
  if (code && knows(`problem.${code}`)) {
    const meaning = make('p', {}, `${say('verdict.reason')}: ${say(`problem.${code}`)} `, make('code', { dir: 'ltr', text: code }));
    drawn.push(meaning);
  }
  const steps = checks.map(({ number, outcome }) =>
    make(
      'li',
      { class: `is-${outcome}` },
      drawSign(carried.signs, outcome),
      make('span', { text: say(`step.${number}`) }),
      make('span', { class: 'outcome', text: say(`outcome.${outcome}`) }),
    ),
  );
  if (steps.length) drawn.push(make('div', {}, make('h3', { text: say('verifier.steps') }), make('ol', { class: 'checks' }, ...steps)));
  return drawn;
}

function drawClaims({ attributes, terms, issuer }: Verified): HTMLElement {
  const rows: HTMLElement[] = [];
  const line = (key: string, text: string | null): void => {
    if (text) rows.push(pair(say(`field.${key}`), make('bdi', { text })));
  };
  line('number', attributes.number);
  rows.push(...drawTexts('guardian', attributes.guardian));
  line('date_of_birth', writeDay(attributes.dateOfBirth));
  line('gender', attributes.gender && say(`gender.${attributes.gender}`));
  line('nationality', attributes.nationality);
  line('region', attributes.region);
  rows.push(...drawTexts('address', attributes.address));
  drawRest(attributes, line);
  line('issuer', issuer);
  line('country_of_issuance', attributes.countryOfIssuance);
  line('issued_at', terms.issuedAt === null ? null : day(terms.issuedAt));
  line('expires', terms.expires === null ? say('verdict.lifetime') : day(terms.expires));
  return make('dl', { class: 'pairs' }, ...rows);
}

function drawRest(attributes: Attributes, line: (key: string, text: string | null) => void): void {
  line('family_number', attributes.familyNumber);
  line('country_of_stay', attributes.countryOfStay);
  line('passport_number', attributes.passportNumber);
  const marks = attributes.marks.map((mark) => pick(carried.marks[mark] ?? { en: mark })[1]);
  line('marks', marks.join(' · ') || null);
}

function drawTexts(key: string, said: Readonly<Record<string, string>>): HTMLElement[] {
  const texts = Object.entries(said).map(([tongue, text]) => make('span', { lang: tongue, dir: 'auto', text }));
  return texts.length ? [pair(say(`field.${key}`), ...texts)] : [];
}

function writeDay(iso: string | null): string | null {
  return iso && day(Date.parse(`${iso}T00:00:00Z`) / 1000);
}
