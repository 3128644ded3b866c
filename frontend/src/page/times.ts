// Instants and sizes in the reader's language. Instants are seconds since 1970.
import { locale, say, sayMany } from './words';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Writes an instant on this device's clock, with the name of its zone; with its day too where that is not today. */
export function moment(at: number, now = Date.now() / 1000): string {
  const when = new Date(at * 1000);
  const isToday = new Date(now * 1000).toDateString() === when.toDateString();
  const zone = { timeZoneName: 'short' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...zone } as const;
  const day = { day: 'numeric', month: 'long', year: 'numeric' } as const;
  return new Intl.DateTimeFormat(locale(), isToday ? time : { ...day, ...time }).format(when);
}

export function day(at: number): string {
  const parts = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(locale(), parts).format(new Date(at * 1000));
}

/** Says how long ago, rounded down to the largest unit of which there are two: one alone there is of seconds only. */
export function ago(seconds: number): string {
  const age = Math.max(0, Math.floor(seconds));
  if (age === 0) return say('verifier.ago_now');
  if (age < 2 * MINUTE) return sayMany('verifier.ago_seconds', age);
  if (age < 2 * HOUR) return say('verifier.ago_minutes', { count: Math.floor(age / MINUTE) });
  if (age < 2 * DAY) return say('verifier.ago_hours', { count: Math.floor(age / HOUR) });
  return say('verifier.ago_days', { count: Math.floor(age / DAY) });
}

export function size(bytes: number): string {
  if (bytes < 1000) return new Intl.NumberFormat(locale(), { style: 'unit', unit: 'byte', unitDisplay: 'long' }).format(bytes);
  const [unit, one] = bytes < 1_000_000 ? (['kilobyte', 1000] as const) : (['megabyte', 1_000_000] as const);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, maximumFractionDigits: 1 }).format(bytes / one);
}

export function count(many: number): string {
  return new Intl.NumberFormat(locale()).format(many);
}
