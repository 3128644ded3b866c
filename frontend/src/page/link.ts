// The connection in words: live, behind, offline since.
import { byId, tell } from './elements';
import { moment } from './times';
import { say } from './words';

export type LinkState = 'connecting' | 'live' | 'behind' | 'offline' | 'empty';

export interface Link {
  readonly state: LinkState;
  /** Since when it is so; seconds since 1970. */
  readonly since: number;
}

export function showLink({ state, since }: Link): void {
  byId('link').dataset['state'] = state;
  tell(byId('link-word'), say(`verifier.link_${state}`, { time: moment(since) }));
  tell(byId('link-text'), say(`verifier.link_${state}_text`));
}
