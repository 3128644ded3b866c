// Instants and sizes in the reader's language. Instants are seconds since 1970.
import { locale, say } from './words';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Writes an instant: the time alone today, with its day otherwise. */
export function moment(at: number, now = Date.now() / 1000): string {
  const when = new Date(at * 1000);
  const isToday = new Date(now * 1000).toDateString() === when.toDateString();
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const day = { day: 'numeric', month: 'long', year: 'numeric' } as const;
  return new Intl.DateTimeFormat(locale(), isToday ? time : { ...day, ...time }).format(when);
}

export function day(at: number): string {
  const parts = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(locale(), parts).format(new Date(at * 1000));
}

/** Says how long ago, rounded down to the largest unit that is whole. */
export function ago(seconds: number): string {
  const age = Math.max(0, Math.floor(seconds));
  if (age < 2 * MINUTE) return say('verifier.ago_seconds', { count: age });
  if (age < 2 * HOUR) return say('verifier.ago_minutes', { count: Math.floor(age / MINUTE) });
  if (age < 2 * DAY) return say('verifier.ago_hours', { count: Math.floor(age / HOUR) });
  return say('verifier.ago_days', { count: Math.floor(age / DAY) });
}

export function size(bytes: number): string {
  const unit = bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const shown = bytes / (unit === 'kilobyte' ? 1000 : 1_000_000);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, maximumFractionDigits: 1 }).format(shown);
}

export function count(many: number): string {
  return new Intl.NumberFormat(locale()).format(many);
}
