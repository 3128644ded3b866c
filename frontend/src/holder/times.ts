// The server writes instants in UTC; a reader thinks in the time of the clock on the wall.

/** Writes every instant of the page anew. */
export function tellWallTimes(): void {
  const wall = new Intl.DateTimeFormat(document.documentElement.lang, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  for (const one of document.querySelectorAll('time[datetime]')) {
    const at = new Date(one.getAttribute('datetime') ?? '');
    const words = one.querySelector('bdi') ?? one;
    if (!Number.isNaN(at.valueOf())) words.textContent = wall.format(at);
  }
}
