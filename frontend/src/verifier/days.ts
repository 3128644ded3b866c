const MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Write a day of the calendar (years 1 to 9999) as YYYY-MM-DD; null where there is no such day. */
export function asDay(year: string, month: string, day: string): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const isLeap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const days = m === 2 && !isLeap ? 28 : (MONTHS[m - 1] ?? 0);
  return y >= 1 && d >= 1 && d <= days ? `${year}-${month}-${day}` : null;
}

/** Write an instant (seconds since 1970) as people read it: 2026-11-21 23:59:59 UTC. */
export function asInstant(seconds: number): string {
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
