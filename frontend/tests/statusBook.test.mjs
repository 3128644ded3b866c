// What the conformance folders cannot say of the status book: clocks, keeping, order, size. node --test frontend/tests
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { examine, ONLINE, PublicKey, StatusBook, StatusRefused, Trust } from '../../src/rahdari/web/static/verifier/verifier.js';

const FOLDER = new URL('../../tests/conformance/verifier/', import.meta.url);
const load = (path) => JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'));
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const context = load('contexts/stream.json');
const NOW = context.accepted_at;
const ISSUER = 'https://authority.example';
const [delta, lift] = load('stream_delta_lifts/context.json').changes.messages.map(bytes);
const [head] = load('stream_head_keeps_fresh/context.json').changes.messages.map(bytes);
const good = readFileSync(new URL('stream_good/input.txt', FOLDER), 'utf8');
const place = (index, number = 1) => ({ uri: `${context.prefix}${number}`, index });

async function trusted(text = context.trust) {
  const roots = await Promise.all(context.roots.map((jwk) => PublicKey.fromRoot(jwk)));
  return Trust.accept(text, roots, 0, NOW);
}

async function opened(tick = () => 0) {
  return StatusBook.bootstrap(bytes(context.bundle), context.prefix, await trusted(), NOW, undefined, tick);
}

test('what is handed over at once is taken in its order', async () => {
  const book = await opened();
  const outcomes = await Promise.all([book.apply(delta, NOW), book.apply(lift, NOW), book.apply(delta, NOW)]);
  assert.deepEqual(outcomes, ['applied', 'applied', 'ignored']);
  assert.equal(book.sequence, 4);
  assert.equal(book.findStanding(place(10), ISSUER).standing, 'valid');
  assert.equal(book.findStanding(place(10, 2), ISSUER).standing, 'invalid');
});

test('a state that was kept answers as before, and keeping it again gives the same', async () => {
  const book = await opened();
  await book.apply(delta, NOW);
  const kept = structuredClone(book.exportState());
  await book.apply(lift, NOW);
  const restored = StatusBook.restore(kept, await trusted());
  assert.equal(restored.sequence, 3);
  assert.equal(restored.findStanding(place(10), ISSUER).standing, 'suspended');
  assert.deepEqual(structuredClone(restored.exportState()), kept);
  assert.equal(await restored.apply(lift, NOW), 'applied');
  assert.deepEqual(restored.exportState().shards, book.exportState().shards);
});

test('a refused message leaves everything as it was', async () => {
  const book = await opened();
  const before = structuredClone(book.exportState());
  const damaged = delta.slice();
  damaged[damaged.length - 1] ^= 1;
  await assert.rejects(book.apply(damaged, NOW), StatusRefused);
  assert.deepEqual(structuredClone(book.exportState()), before);
  assert.equal(await book.apply(delta, NOW), 'applied');
});

test('a copy that ends before what is held is refused, and so the suspension stays', async () => {
  const book = await opened();
  await book.apply(delta, NOW);
  const again = StatusBook.bootstrap(bytes(context.bundle), context.prefix, await trusted(), NOW, book);
  await assert.rejects(again, { code: 'credentials.status_stream_refused' });
});

test('a wall clock that is set back does not make a good standing younger', async () => {
  let seconds = 0;
  const book = await opened(() => seconds);
  await book.apply(head, NOW);
  const verifier = { trust: await trusted(), statuses: book, policy: ONLINE };
  const asked = async (at) => (await examine(good, verifier, at)).verdict;
  assert.equal(await asked(NOW), 'valid');
  seconds = 60;
  assert.equal(await asked(NOW), 'valid');
  seconds = 61;
  assert.equal(await asked(NOW), 'stale');
  assert.equal(await asked(NOW - 30), 'stale');
});

test('a book that was kept counts from when it is taken back in, whatever the wall clock says', async () => {
  let seconds = 1000;
  const tick = () => seconds;
  const first = await opened(tick);
  await first.apply(head, NOW);
  const kept = structuredClone(first.exportState());
  seconds = 5;
  const trust = await trusted();
  const book = StatusBook.restore(kept, trust, tick);
  const asked = async (at) => (await examine(good, { trust, statuses: book, policy: ONLINE }, at)).verdict;
  assert.equal(await asked(book.asOf), 'valid');
  seconds = 65;
  assert.equal(await asked(book.asOf), 'valid');
  seconds = 66;
  assert.equal(await asked(book.asOf), 'stale');
  assert.equal(await asked(book.asOf - 30), 'stale');
  assert.equal(book.findStanding(place(10), ISSUER).heardAgo, 61);
});

test('the age by the wall clock counts beside the other one, whichever is more', async () => {
  const trust = await trusted();
  const book = StatusBook.restore((await opened()).exportState(), trust, () => 0);
  const asked = async (at) => (await examine(good, { trust, statuses: book, policy: ONLINE }, at)).verdict;
  assert.equal(await asked(book.asOf + 60), 'valid');
  assert.equal(await asked(book.asOf + 61), 'stale');
});

test('a head, a delta or a copy that says nothing new does not make what is held younger', async () => {
  let seconds = 0;
  const tick = () => seconds;
  const book = await opened(tick);
  await book.apply(delta, NOW);
  await book.apply(lift, NOW);
  const trust = await trusted();
  const restored = StatusBook.restore(structuredClone(book.exportState()), trust, tick);
  seconds = 50;
  for (const old of [delta, lift, head]) {
    assert.equal(await restored.apply(old, NOW), 'ignored');
  }
  assert.equal(restored.findStanding(place(11), ISSUER).heardAgo, 50);
  const before = await opened(tick);
  await before.apply(head, NOW);
  seconds = 90;
  assert.equal(await before.apply(head, NOW), 'ignored');
  const again = await StatusBook.bootstrap(bytes(context.bundle), context.prefix, trust, NOW, before);
  assert.equal(again.findStanding(place(11), ISSUER).heardAgo, 40);
});

test('a trust list that withdraws the signing key takes away what stands on it', async () => {
  const book = await opened();
  const kept = structuredClone(book.exportState());
  kept.signers = ['00'.repeat(32)];
  const trust = await trusted();
  assert.throws(() => StatusBook.restore(kept, trust), StatusRefused);
  assert.doesNotThrow(() => book.useTrust(trust));
});

test('240 million places of which one in a hundred is not valid fit into 80 MB', async () => {
  const book = await opened();
  const kept = book.exportState();
  const words = Uint32Array.from({ length: 10_486 }, (_, at) => ((at * 100) << 2) | 2);
  const shards = Array.from({ length: 229 }, (_, at) => ({ number: at + 1, size: 1 << 20, sequence: 2, words, waiting: [] }));
  const restored = StatusBook.restore({ ...kept, shards }, await trusted());
  assert.equal(restored.places, 229 * 2 ** 20);
  assert.ok(restored.bytes < 12_000_000, `${restored.bytes} bytes`);
  assert.equal(restored.findStanding(place(100, 229), ISSUER).standing, 'suspended');
  assert.equal(restored.findStanding(place(101, 229), ISSUER).standing, 'valid');
  const began = performance.now();
  for (let at = 0; at < 100_000; at += 1) {
    restored.findStanding(place(at * 10, (at % 229) + 1), ISSUER);
  }
  const each = ((performance.now() - began) / 100_000) * 1000;
  assert.ok(each < 20, `${each} microseconds a lookup`);
});
