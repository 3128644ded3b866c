// What the server wrote into the page: what to trust, where to ask, how strict to be, and every word of it.
import { byId } from './elements';

export type Language = 'en' | 'ur' | 'zh';
export type LocalText = Readonly<Record<string, string>>;

export interface Carried {
  /** Addresses of the status lists, as the lists themselves name them. */
  readonly prefix: string;
  /** Where this page fetches them: on its own server. */
  readonly source: string;
  readonly trust: string;
  readonly root: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly policy: { readonly max_age: number; readonly clock_skew: number };
  readonly products: Readonly<Record<string, LocalText>>;
  /** What marks and inscriptions of cards mean. */
  readonly marks: Readonly<Record<string, LocalText>>;
  readonly tones: Readonly<Record<string, string>>;
  readonly signs: string;
}

function read<T>(id: string): T {
  return JSON.parse(byId(id).textContent ?? '') as T;
}

export const carried: Carried = read<Carried>('carried');
export const catalogues: Readonly<Record<Language, LocalText>> = read('words');
