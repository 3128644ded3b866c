/** Single status lists that were accepted, and several views as one. */
import { isSame } from './bytes';
import { StatusRefused } from './errors';
import { decodeStatusList, type StatusList, type StatusListToken } from './statusList';
import type { Trust } from './trust';
import type { StatusAnswer, StatusPlace, StatusView } from './values';

interface HeldList {
  issuer: string;
  listed: StatusList;
}

/** The status lists that a verifier holds, each accepted by itself. */
export class Snapshot implements StatusView {
  readonly #lists = new Map<string, HeldList>();

  /**
   * Accept a fetched list, or refuse it (Token Status List draft, 8.3).
   *
   * (1) Its address is within those of a trusted issuer. (2) That issuer's status key signed it. (3) `sub` is the
   * address it was fetched for, `iat` is not in the future, `exp` has not passed. (4) It is not older than the one
   * held, nor another one of the same second.
   */
  async add(raw: Uint8Array, uri: string, trust: Trust, at: number, clockSkew: number): Promise<void> {
    const token = decodeStatusList(raw);
    const issuer = await signerOf(token, uri, trust);
    const { unverified } = token;
    requireInForce(unverified, uri, Math.floor(at), clockSkew);
    const held = this.#lists.get(uri);
    if (held) {
      requireProgress(unverified, held.listed);
    }
    this.#lists.set(uri, { issuer, listed: unverified });
  }

  findStanding(place: StatusPlace, issuer: string): StatusAnswer | null {
    const held = this.#lists.get(place.uri);
    const standing = held?.issuer === issuer ? held.listed.statuses.get(place.index) : null;
    if (!held || !standing) {
      return null;
    }
    return { standing, asOf: held.listed.issuedAt, expires: held.listed.expires, heardAgo: null };
  }
}

/** Several views; the first that knows the place answers. */
export class StatusViews implements StatusView {
  constructor(readonly views: readonly StatusView[]) {}

  findStanding(place: StatusPlace, issuer: string): StatusAnswer | null {
    for (const view of this.views) {
      const answer = view.findStanding(place, issuer);
      // A stream speaks for its lists alone: a list that was held before it knows less.
      if (answer || view.speaksFor?.(place, issuer)) {
        return answer;
      }
    }
    return null;
  }
}

async function signerOf(token: StatusListToken, uri: string, trust: Trust): Promise<string> {
  const publishers = trust.findPublishers(uri);
  for (const { id } of publishers) {
    const keys = trust.findSigningKeys(id, 'status', token.unverified.issuedAt);
    // oxlint-disable-next-line no-await-in-loop
    const signed = await Promise.all(keys.map((key) => token.isSignedBy(key)));
    if (signed.includes(true)) {
      return id;
    }
  }
  throw new StatusRefused(
    publishers.length > 0
      ? `the status list for ${uri} is not signed by its publisher; keep the one held`
      : `no trusted issuer publishes status lists at ${uri}; nothing was taken over`,
  );
}

function requireInForce(listed: StatusList, uri: string, at: number, clockSkew: number): void {
  // 8.3, 4a: sub MUST be equal to the uri of the referenced token.
  if (listed.uri !== uri) {
    throw new StatusRefused(`this is the status list of ${listed.uri}; fetch the one of ${uri}`);
  }
  // 8.3, 4b; RFC 7519, 4.1.5.
  if (Math.max(listed.issuedAt, listed.notBefore ?? 0) > at + clockSkew) {
    throw new StatusRefused(`the status list for ${uri} begins in the future; check both clocks`);
  }
  // 8.3, 4c; RFC 7519, 4.1.4.
  if (listed.expires !== null && at >= listed.expires) {
    throw new StatusRefused(`the status list for ${uri} has expired; sync again`);
  }
}

function requireProgress(fresh: StatusList, held: StatusList): void {
  // Of one stream's lists the number of the last delta tells the order, whatever their clocks say.
  if (fresh.issuedAt < held.issuedAt || (fresh.sequence ?? 0) < (held.sequence ?? 0)) {
    throw new StatusRefused(`the status list for ${fresh.uri} is older than the one held; ask its publisher why`);
  }
  if (fresh.issuedAt === held.issuedAt && !isEqual(fresh, held)) {
    throw new StatusRefused(`the status list for ${fresh.uri} differs from the one held and is not newer`);
  }
}

function isEqual(one: StatusList, other: StatusList): boolean {
  const names = ['uri', 'expires', 'ttl', 'notBefore', 'sequence', 'bits'] as const;
  return names.every((name) => one[name] === other[name]) && isSame(one.packed, other.packed);
}

