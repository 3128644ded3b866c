// Each ceremony: options of the server, an answer of the browser, and the page that comes next.
import { ask } from './asking';
import { make, sign } from './passkeys';

const HOLDER = '/api/v1/holder';

/** By the name that a page gives it; what is given is the address of the page that comes next. */
export const CEREMONIES: ReadonlyMap<string, () => Promise<string>> = new Map([
  ['enrol', enrol],
  ['sign-in', signIn],
  ['unlock', unlock],
]);

async function enrol(): Promise<string> {
  const ticket = new URLSearchParams(location.search).get('ticket') ?? '';
  const answer = await make(await ask(`${HOLDER}/enrolments/options`, { ticket }));
  await ask(`${HOLDER}/enrolments`, { ticket, answer });
  return '/holder?done=enrolled';
}

async function signIn(): Promise<string> {
  await ask(`${HOLDER}/sign-ins`, { answer: await sign(await ask(`${HOLDER}/sign-ins/options`, {})) });
  return '/holder';
}

async function unlock(): Promise<string> {
  const answer = await sign(await ask(`${HOLDER}/sign-ins/options`, { unlock: true }));
  await ask(`${HOLDER}/sign-ins`, { answer, unlock: true });
  return '/holder?done=unlocked';
}
