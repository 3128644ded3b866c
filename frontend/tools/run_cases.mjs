// Runs passes through the built verifier: JSON lines in, JSON lines out, in the order in which they come.
//
// {"context": name, "define": {...}} keeps a context; {"context": name, "raw": text, "at": seconds} asks.
// A context: roots (JWKs), trust (text), held_sequence, lists [{uri, token}], bundle, prefix, messages (all base64),
// policy {algorithms, features, status_age_max, clock_skew}, accepted_at, ask_status.
import { createInterface } from 'node:readline';
import { examine, PublicKey, Refused, Snapshot, StatusBook, StatusViews, Trust } from '../../src/rahdari/web/static/verifier/verifier.js';

const contexts = new Map();

async function define(given) {
  const at = given.accepted_at;
  const roots = await Promise.all(given.roots.map((jwk) => PublicKey.fromRoot(jwk)));
  const trust = await Trust.accept(given.trust, roots, given.held_sequence ?? 0, at);
  const { algorithms, features, status_age_max: statusAgeMax, clock_skew: clockSkew } = given.policy;
  const refusals = [];
  const keep = async (work) => {
    try {
      refusals.push(await work());
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      refusals.push(refusal.code);
    }
  };
  const snapshot = new Snapshot();
  for (const { uri, token } of given.lists ?? []) {
    await keep(async () => (await snapshot.add(Buffer.from(token, 'base64'), uri, trust, at, clockSkew), 'taken'));
  }
  const views = [snapshot];
  // The clock that never goes back is switched off: the cases speak of the wall clock, `at`.
  let book = given.state ?? null;
  if (given.bundle) {
    await keep(async () => {
      book = await StatusBook.bootstrap(Buffer.from(given.bundle, 'base64'), given.prefix, trust, at, undefined, () => 0);
      return 'taken';
    });
  }
  for (const message of given.messages ?? []) {
    await keep(() => book.apply(Buffer.from(message, 'base64'), at));
  }
  // What is kept and taken back in must answer the same.
  if (book) views.unshift(StatusBook.restore(structuredClone(book.exportState()), trust, () => 0));
  const statuses = given.ask_status === false ? null : new StatusViews(views);
  return { verifier: { trust, statuses, policy: { algorithms, features, statusAgeMax, clockSkew } }, outcomes: refusals };
}

function plain(report) {
  const { verdict, code, asOf: as_of, checks, verified } = report;
  const failed = checks.find((check) => check.outcome === 'failed')?.number ?? null;
  const asked = checks.every((check) => check.outcome !== 'not_asked');
  return { verdict, code, step: failed, as_of, asked, verified: verified && plainPass(verified) };
}

function plainPass({ feature, issuer, terms, attributes }) {
  const { product, place } = terms;
  const named = product && `${product.id}/${product.version}`;
  const { issuedAt: issued_at, notBefore: not_before, expires } = terms;
  const photo = attributes.photo && Buffer.from(attributes.photo).toString('base64');
  return {
    feature,
    issuer,
    terms: { issuer: terms.issuer, product: named, issued_at, not_before, expires, place },
    attributes: {
      number: attributes.number,
      name: attributes.name,
      date_of_birth: attributes.dateOfBirth,
      gender: attributes.gender,
      guardian: attributes.guardian,
      address: attributes.address,
      nationality: attributes.nationality,
      region: attributes.region,
      country_of_issuance: attributes.countryOfIssuance,
      family_number: attributes.familyNumber,
      country_of_stay: attributes.countryOfStay,
      passport_number: attributes.passportNumber,
      marks: attributes.marks,
      photo,
    },
  };
}

async function answer(line) {
  const asked = JSON.parse(line);
  if (asked.define) {
    try {
      contexts.set(asked.context, await define(asked.define));
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      contexts.set(asked.context, { refused: refusal.code });
      return { refused: refusal.code };
    }
    return { outcomes: contexts.get(asked.context).outcomes };
  }
  const context = contexts.get(asked.context);
  if (context.refused) return { refused: context.refused };
  return plain(await examine(asked.raw, context.verifier, asked.at));
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
