// What this device holds: told on demand, so that whoever wants to compare it can.
import { carried } from './carried';
import { byId, make, pair } from './elements';
import { ago, count, moment, size } from './times';
import { say } from './words';

export interface Holdings {
  readonly asOf: number | null;
  readonly sequence: number | null;
  readonly lists: number;
  readonly places: number;
  readonly bytes: number;
  readonly trust: { readonly sequence: number; readonly expires: number } | null;
  readonly fingerprint: string;
}

export function showHeld(held: Holdings): void {
  const never = say('verifier.held_never');
  const { asOf, trust } = held;
  const known = asOf === null ? never : `${moment(asOf)} (${ago(Date.now() / 1000 - asOf)})`;
  const lists = { lists: count(held.lists), places: count(held.places), size: size(held.bytes) };
  const trusted = trust ? say('verifier.held_trust_text', { sequence: trust.sequence, time: moment(trust.expires) }) : never;
  const rows = [
    pair(say('verifier.held_updated'), known),
    pair(say('verifier.held_sequence'), held.sequence === null ? never : count(held.sequence)),
    pair(say('verifier.held_lists'), held.lists ? say('verifier.held_places', lists) : never),
    pair(say('verifier.held_trust'), trusted),
    pair(say('verifier.held_policy'), say('verifier.held_policy_text', { seconds: carried.policy.max_age })),
  ];
  const root = make(
    'div',
    { class: 'stack' },
    make('h3', { text: say('verifier.held_root') }),
    make('p', { class: 'fingerprint', dir: 'ltr', text: held.fingerprint }),
    make('p', { class: 'hint', text: say('verifier.held_root_hint') }),
  );
  byId('held-body').replaceChildren(make('dl', { class: 'pairs' }, ...rows), root);
}
