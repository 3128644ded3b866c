// Builds the bundles and the licences beside them. Usage: node tools/build.mjs [folder [core] [page] [worker]]
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { writeLicences } from './licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = process.argv[2] ?? fileURLToPath(new URL('../../src/rahdari/web/static/verifier', import.meta.url));
const SOURCES = { core: 'src/verifier/index.ts', page: 'src/page/main.ts', worker: 'src/page/service-worker.ts' };
const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(SOURCES);
const isWhole = wanted.length === Object.keys(SOURCES).length;

// A build that fails half-way leaves what was there.
const fresh = mkdtempSync(join(tmpdir(), 'rahdari-build-'));
process.env.RAHDARI_OUT_DIR = fresh;
process.chdir(root);
for (const mode of wanted) {
  if (!existsSync(SOURCES[mode])) {
    console.log(`${SOURCES[mode]} is not there yet; the ${mode} bundle is left out`);
    continue;
  }
  // oxlint-disable-next-line no-await-in-loop
  await build({ mode, root, logLevel: 'warn', configFile: 'vite.config.ts' });
}
writeLicences(root, fresh);
chmodSync(fresh, 0o755);
if (isWhole) {
  rmSync(out, { recursive: true, force: true });
}
cpSync(fresh, out, { recursive: true });
rmSync(fresh, { recursive: true });
