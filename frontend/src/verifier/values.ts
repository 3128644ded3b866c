/** The nouns of a verification. Instants are seconds since 1970-01-01T00:00:00Z; null means "not said". */
import type { Algorithm, PublicKey } from './keys';

export type VerdictKind =
  | 'valid'
  | 'suspended'
  | 'revoked'
  | 'expired'
  | 'not_yet_valid'
  | 'unknown_issuer'
  | 'tampered'
  | 'stale'
  | 'malformed';
export type Outcome = 'passed' | 'failed' | 'not_reached' | 'not_asked';
export type Standing = 'valid' | 'invalid' | 'suspended';

/** One numbered step and how it ended; the numbers are those of the Python verifier's table. */
export interface Check {
  number: number;
  outcome: Outcome;
}

/** One meaning in several languages: ISO 639-1 code to text. */
export type LocalText = Readonly<Record<string, string>>;

/** What a pass says of its holder. `photo` is a picture file (WebP as a rule). Dates are YYYY-MM-DD. */
export interface Attributes {
  number: string | null;
  name: LocalText;
  dateOfBirth: string | null;
  gender: 'M' | 'F' | 'X' | null;
  guardian: LocalText;
  address: LocalText;
  nationality: string | null;
  region: string | null;
  countryOfIssuance: string | null;
  familyNumber: string | null;
  countryOfStay: string | null;
  passportNumber: string | null;
  marks: readonly string[];
  photo: Uint8Array | null;
}

export interface ProductRef {
  id: string;
  version: number;
}

/** Where a pass's status stands: the list's address, and the index in it. */
export interface StatusPlace {
  uri: string;
  index: number;
}

/** Under which terms a pass speaks. */
export interface Terms {
  issuer: string | null;
  product: ProductRef | null;
  issuedAt: number | null;
  notBefore: number | null;
  expires: number | null;
  place: StatusPlace | null;
}

/** A pass as read by its feature; nothing in it may be believed yet. */
export interface UnverifiedPass {
  feature: string;
  algorithm: Algorithm;
  kid: Uint8Array | null;
  terms: Terms;
  attributes: Attributes;
  isSignedBy(key: PublicKey): Promise<boolean>;
}

export interface Verified {
  feature: string;
  issuer: string;
  terms: Terms;
  attributes: Attributes;
  asOf: number;
}

/** A verification as told to people: the verdict first, and the pass only if it is valid. */
export interface Report {
  verdict: VerdictKind;
  asOf: number;
  code: string | null;
  reason: string;
  checks: Check[];
  verified: Verified | null;
}

/** What a verifier demands. An empty policy accepts nothing. Ages in seconds. */
export interface Policy {
  algorithms: readonly Algorithm[];
  features: readonly string[];
  statusAgeMax: number;
  clockSkew: number;
}

/** What is known of one place, and as of when. */
export interface StatusAnswer {
  standing: Standing;
  asOf: number;
  /** The list's own end, if it has one. */
  expires: number | null;
  /** Seconds on a clock that never goes back since this was last confirmed, where that is known. */
  heardAgo: number | null;
}

/** Knows the standing of passes: a status book, a snapshot of lists, or several of them. */
export interface StatusView {
  /** Null if nothing is known of the place, or if its list is not of `issuer`. */
  findStanding(place: StatusPlace, issuer: string): StatusAnswer | null;
  /** Whether nobody else may answer for this place; absent: others may. */
  speaksFor?(place: StatusPlace, issuer: string): boolean;
}
