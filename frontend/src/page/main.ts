// The page: ways in, one answer, the connection; everything meets here.
import { Answer } from './answer';
import { becauseDamaged } from './damaged';
import { byId } from './elements';
import { Follower } from './follower';
import { showHeld } from './held';
import { keepPage } from './install';
import { showLink } from './link';
import { redrawNotices } from './notices';
import { Standing } from './standing';
import { Ways, type Way } from './ways';
import { onLanguage, retell, speak } from './words';

// A verdict lives: whatever changes, it is at most so old on the screen.
const LOOK_MS = 1000;

interface Shown {
  readonly text: string;
  readonly way: Way;
}

const standing = new Standing();
const follower = new Follower(standing);
const answer = new Answer((report) => standing.because(report) || becauseDamaged(report, shown?.text ?? ''));
const ways = new Ways(show, forget);
let shown: Shown | undefined;

function show(text: string, way: Way): void {
  answer.clear();
  shown = { text, way };
  void look().then(() => {
    byId('reader').hidden = true;
    byId('answer').hidden = false;
    byId('next').focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  });
}

/** Examines what is shown anew, with what is known now. */
async function look(): Promise<void> {
  const asked = shown;
  if (!asked) return;
  const report = await standing.examine(asked.text);
  // Another pass may have come meanwhile, or the same one have been put away.
  if (asked === shown) answer.show(report);
}

function forget(): void {
  shown = undefined;
  answer.clear();
  ways.forget();
  byId('answer').hidden = true;
  byId('reader').hidden = false;
}

function next(): void {
  const way = shown?.way ?? 'camera';
  forget();
  ways.resume(way);
}

function showStanding(): void {
  showLink(follower.link);
  const held = byId<HTMLDetailsElement>('held');
  if (held.open) showHeld(standing.holdings());
}

async function begin(): Promise<void> {
  byId('next').addEventListener('click', next);
  for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
    button.addEventListener('click', () => speak(button.dataset['language']));
  }
  byId('held').addEventListener('toggle', showStanding);
  // A page that is left keeps no pass in the browser's back-and-forward memory.
  window.addEventListener('pagehide', forget);
  onLanguage(() => {
    retell();
    redrawNotices();
    ways.retell();
    answer.redraw();
    showStanding();
  });
  const renew = (): void => {
    standing.watchClock();
    showStanding();
    void look();
  };
  follower.addEventListener('change', renew);
  await standing.open();
  renew();
  setInterval(renew, LOOK_MS);
  void keepPage();
  await follower.run();
}

void begin();
