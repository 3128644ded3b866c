/**
 * The verification of a pass: one function, the fourteen numbered steps of `rules/verification.py`.
 */
import { characters } from './bytes';
import { asInstant } from './days';
import { MalformedInput, UnsupportedAlgorithm } from './errors';
import * as qr from './qr';
import { type Candidate, isTrusted, type Trust } from './trust';
import type { Check, Outcome, Policy, Report, StatusAnswer, StatusView, UnverifiedPass, VerdictKind } from './values';
import * as wallet from './wallet';

// A version 40 QR code holds 4296 alphanumeric characters; a wallet file with a photograph some 12 KB.
export const INPUT_CHARS_MAX = 65_536;

/** The steps by number (from 1), with the clause that each stands on. */
export const STEPS: readonly (readonly [name: string, clause: string])[] = [
  ['input is of an accepted feature and size', 'ISO/IEC 18004, 7.4.4; RFC 9901, 4'],
  ['encoding is well formed', 'RFC 9285, 4; RFC 8949, 5.3.1; RFC 9052, 4.2; RFC 9901, 7.1'],
  ['algorithm is accepted', 'RFC 9052, 3.1; RFC 8725, 3.1'],
  ['trust list is in force', 'The Update Framework, 5.3'],
  ['a trusted key is named', 'RFC 9052, 3.1 (kid)'],
  ["algorithm is the key's own", 'RFC 9053, 2.1; RFC 8725, 3.1'],
  ['signature is right', 'RFC 9052, 4.4; RFC 7515, 5.2'],
  ["issuer is the key's owner", 'RFC 8392, 3.1.1; RFC 7519, 4.1.1'],
  ['key was in its window and is not withdrawn', 'trust list of the authority'],
  ['issuer may issue this product', 'trust list of the authority'],
  ['validity has begun', 'RFC 8392, 3.1.5; RFC 7519, 4.1.5'],
  ['validity has not ended', 'RFC 8392, 3.1.4; RFC 7519, 4.1.4'],
  ['status is known and fresh', 'Token Status List draft, 8.3'],
  ['status is good', 'Token Status List draft, 7.1'],
];

const FEATURES = [qr, wallet];
const EVERYTHING = { algorithms: ['ES256', 'EdDSA'], features: [qr.KIND, wallet.KIND] } as const;
/** A gate without a network: a status of at most a day. */
export const OFFLINE: Policy = { ...EVERYTHING, statusAgeMax: 24 * 3600, clockSkew: 60 };
/** A verifier that follows the stream: a status of at most a minute. */
export const ONLINE: Policy = { ...EVERYTHING, statusAgeMax: 60, clockSkew: 60 };

/** Everything a verification stands on. `statuses` null asks no status, and the checks say so. */
export interface Verifier {
  trust: Trust;
  statuses: StatusView | null;
  policy: Policy;
}

/** Where a pass fell. Never leaves this module. */
class Stopped extends Error {
  constructor(
    readonly step: number,
    readonly verdict: VerdictKind,
    message: string,
    readonly asOf: number | null = null,
  ) {
    super(message);
  }
}

/** Verify a pass as it stands at `at` (seconds since 1970); never throws for anything that `raw` may hold. */
export async function examine(raw: string, by: Verifier, at: number): Promise<Report> {
  try {
    return await verify(raw, by, at);
  } catch (stopped) {
    if (!(stopped instanceof Stopped)) {
      throw stopped;
    }
    const { step, verdict, message: reason } = stopped;
    const checks = checksOf(step - 1, 'failed');
    return { verdict, asOf: stopped.asOf ?? at, code: `credentials.${verdict}`, reason, checks, verified: null };
  }
}

function checksOf(passed: number, next: Outcome, rest: Outcome = 'not_reached'): Check[] {
  return STEPS.map((_, index) => ({
    number: index + 1,
    outcome: index < passed ? 'passed' : index === passed ? next : rest,
  }));
}

async function verify(raw: string, by: Verifier, at: number): Promise<Report> {
  const read = await readPass(raw, by.policy);
  const found = await findSigner(read, by.trust, at);
  checkTerms(read, by.policy, at);
  const { asOf, isAsked } = checkStatus(read, found, by, at);
  const { feature, terms, attributes } = read;
  return {
    verdict: 'valid',
    asOf,
    code: null,
    reason: `valid as of ${asInstant(asOf)}`,
    checks: checksOf(isAsked ? STEPS.length : 12, 'not_asked', 'not_asked'),
    verified: { feature, issuer: found.issuer.id, terms, attributes, asOf },
  };
}

async function readPass(raw: string, policy: Policy): Promise<UnverifiedPass> {
  // (1) Size first, so that ten megabytes of text cost nothing.
  if (raw.length > INPUT_CHARS_MAX && characters(raw) > INPUT_CHARS_MAX) {
    throw new Stopped(1, 'malformed', `${raw.length} characters are no pass (at most ${INPUT_CHARS_MAX})`);
  }
  const feature = FEATURES.find((one) => policy.features.includes(one.KIND) && one.recognises(raw));
  if (!feature) {
    throw new Stopped(1, 'malformed', 'this is not a pass of a kind accepted here; scan the code again');
  }
  // (2) Parsers throw nothing but the two errors below, whatever the bytes.
  const read = await feature.read(raw).catch((refusal: unknown): never => {
    if (refusal instanceof UnsupportedAlgorithm) {
      throw new Stopped(3, 'malformed', refusal.message);
    }
    if (refusal instanceof MalformedInput) {
      throw new Stopped(2, 'malformed', refusal.message);
    }
    throw refusal;
  });
  // (3) RFC 8725, 3.1: the verifier, not the token, says which algorithms are acceptable.
  if (!policy.algorithms.includes(read.algorithm)) {
    throw new Stopped(3, 'malformed', `algorithm ${read.algorithm} is not accepted here`);
  }
  return read;
}

async function findSigner(read: UnverifiedPass, trust: Trust, at: number): Promise<Candidate> {
  // (4) An expired list can hide a withdrawal: fail closed.
  if (at >= trust.expires) {
    throw new Stopped(4, 'stale', `the trust list expired ${asInstant(trust.expires)}; import the current one`);
  }
  // (5) The kid in the protected header wins (the reader saw to that); colliding kids are all tried.
  const candidates = trust.findCandidates(read.kid, read.terms.issuer);
  if (candidates.length === 0) {
    throw new Stopped(5, 'unknown_issuer', 'no trusted key has the key id that this pass names');
  }
  // (6) A key verifies its own algorithm only, or an attacker chooses how it is used.
  const fitting = candidates.filter(({ key }) => key.public.algorithm === read.algorithm);
  if (fitting.length === 0) {
    throw new Stopped(6, 'tampered', "the pass names an algorithm that is not its key's own; it was altered");
  }
  // (7) RFC 9052, 4.4.
  for (const candidate of fitting) {
    // oxlint-disable-next-line no-await-in-loop
    if (await read.isSignedBy(candidate.key.public)) {
      return checkSigner(read, candidate);
    }
  }
  throw new Stopped(7, 'tampered', 'the signature does not fit the content: the pass was altered or forged');
}

function checkSigner(read: UnverifiedPass, found: Candidate): Candidate {
  const { issuer, issuedAt, product: named } = read.terms;
  // (8) RFC 8392, 3.1.1: a pass speaks only for the owner of the key.
  if (issuer !== found.issuer.id) {
    throw new Stopped(8, 'unknown_issuer', 'the pass names another issuer than the owner of its key');
  }
  // (9) Old passes of a rotated key stay good; a withdrawn key kills whatever it signed.
  if (found.key.withdrawnAt !== null) {
    throw new Stopped(9, 'unknown_issuer', 'the key of this pass was withdrawn; the holder needs a new pass');
  }
  if (issuedAt === null || !isTrusted(found.key, 'pass', issuedAt)) {
    throw new Stopped(9, 'unknown_issuer', 'the pass was not issued within the time and use its key is trusted for');
  }
  // (10) Absent means the bare Claim 169 credential, which a trust list can name too.
  const product = named?.id ?? 'claim169';
  if (!found.issuer.products.includes(product)) {
    throw new Stopped(10, 'unknown_issuer', `${found.issuer.id} is not trusted to issue the product ${product}`);
  }
  return found;
}

function checkTerms({ terms }: UnverifiedPass, policy: Policy, at: number): void {
  // (11) RFC 8392, 3.1.5 (nbf); where it is absent, a pass is not good before it was made.
  const begins = terms.notBefore ?? terms.issuedAt;
  if (begins !== null && at < begins - policy.clockSkew) {
    throw new Stopped(11, 'not_yet_valid', `valid from ${asInstant(begins)}, not yet; check this machine's clock`);
  }
  // (12) RFC 8392, 3.1.4 (exp): the current time MUST be before it. No leeway in the holder's favour.
  if (terms.expires !== null && at >= terms.expires) {
    throw new Stopped(12, 'expired', `expired ${asInstant(terms.expires)}; ask the holder for the renewed pass`);
  }
}

function checkStatus(read: UnverifiedPass, found: Candidate, by: Verifier, at: number): { asOf: number; isAsked: boolean } {
  const { place } = read.terms;
  if (by.statuses === null) {
    return { asOf: at, isAsked: false };
  }
  if (place === null) {
    if (found.issuer.statusRequired) {
      throw new Stopped(13, 'stale', 'the pass carries no status reference, so its suspension could not be seen');
    }
    return { asOf: by.trust.listed.issuedAt, isAsked: false };
  }
  // (13) Fail closed: what is not known, or not known freshly, is never valid.
  const answer = by.statuses.findStanding(place, found.issuer.id);
  if (answer === null) {
    throw new Stopped(13, 'stale', 'no status list for this pass is held; sync the status lists and try again');
  }
  const { standing, asOf } = answer;
  if (standing === 'valid') {
    requireFresh(answer, by.policy, at);
    return { asOf, isAsked: true };
  }
  // (14) A bad standing is told even when it is old: it stays until a newer signed list lifts it.
  if (standing === 'suspended') {
    throw new Stopped(14, 'suspended', `suspended as of ${asInstant(asOf)}; do not accept it`, asOf);
  }
  throw new Stopped(14, 'revoked', `revoked or replaced as of ${asInstant(asOf)}; do not accept it`, asOf);
}

function requireFresh({ asOf, expires, heardAgo }: StatusAnswer, policy: Policy, at: number): void {
  // Token Status List draft, 8.3 step 4: iat not in the future, exp not passed; then the policy's own limit.
  if (asOf > at + policy.clockSkew) {
    throw new Stopped(13, 'stale', "the status is dated in the future; set this machine's clock", asOf);
  }
  if (expires !== null && at >= expires) {
    throw new Stopped(13, 'stale', `the status list expired ${asInstant(expires)}; sync and try again`, asOf);
  }
  // A wall clock that was set back does not make what is known younger: the other clock never goes back.
  const age = Math.max(at - asOf, heardAgo ?? 0);
  if (age > policy.statusAgeMax) {
    const message = `the status is ${Math.floor(age)} s old, the policy allows ${policy.statusAgeMax} s`;
    throw new Stopped(13, 'stale', message, asOf);
  }
}
