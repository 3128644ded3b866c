/**
 * The verifier of Rahdari passes: a second implementation of what `rahdari.credentials` verifies in Python.
 *
 * `examine(raw, verifier, at)` never throws for anything that `raw` may hold. A verifier stands on a trust list
 * (`Trust.accept`), on what is known of suspensions (`StatusBook`, or `Snapshot` of single lists; several by
 * `StatusViews`; null asks no status), and on a policy (`OFFLINE`, `ONLINE`).
 */
export { Refused, MalformedInput, StatusRefused, TooLarge, TrustRefused, UnsupportedAlgorithm } from './errors';
export type {
  Attributes,
  Check,
  LocalText,
  Outcome,
  Policy,
  ProductRef,
  Report,
  Standing,
  StatusAnswer,
  StatusPlace,
  StatusView,
  Terms,
  VerdictKind,
  Verified,
} from './values';
export { PublicKey, type Algorithm } from './keys';
export { Trust } from './trust';
export type { TrustedIssuer, TrustedKey, TrustList } from './trustList';
export { examine, OFFLINE, ONLINE, STEPS, type Verifier } from './verification';
export { Snapshot, StatusViews } from './snapshot';
export { StatusBook, type StatusState } from './statusBook';
export { cutSequence } from './statusStream';
