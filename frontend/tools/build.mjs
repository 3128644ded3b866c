// Builds the bundles and the licences beside them. Usage: node tools/build.mjs [folder [core] [page] [worker] [roadmap] [holder]]
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { writeLicences } from './licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = process.argv[2] ?? fileURLToPath(new URL('../../src/rahdari/web/static', import.meta.url));
const BUNDLES = {
  core: { source: 'src/verifier/index.ts', folder: 'verifier' },
  page: { source: 'src/page/main.ts', folder: 'verifier' },
  worker: { source: 'src/page/service-worker.ts', folder: 'verifier' },
  roadmap: { source: 'src/roadmap/main.ts', folder: 'roadmap' },
  holder: { source: 'src/holder/main.ts', folder: 'holder' },
};
const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(BUNDLES);
const isWhole = wanted.length === Object.keys(BUNDLES).length;
const folders = [...new Set(wanted.map((mode) => BUNDLES[mode].folder))];

// A build that fails half-way leaves what was there.
const fresh = mkdtempSync(join(tmpdir(), 'rahdari-build-'));
process.chdir(root);
for (const mode of wanted) {
  const { source, folder } = BUNDLES[mode];
  if (!existsSync(source)) {
    console.log(`${source} is not there yet; the ${mode} bundle is left out`);
    continue;
  }
  mkdirSync(join(fresh, folder), { recursive: true });
  process.env.RAHDARI_OUT_DIR = join(fresh, folder);
  // oxlint-disable-next-line no-await-in-loop
  await build({ mode, root, logLevel: 'warn', configFile: 'vite.config.ts' });
}
if (folders.includes('verifier')) {
  // The other bundles hold nobody else's code.
  writeLicences(root, join(fresh, 'verifier'));
}
chmodSync(fresh, 0o755);
if (isWhole) {
  for (const folder of folders) {
    rmSync(join(out, folder), { recursive: true, force: true });
  }
}
cpSync(fresh, out, { recursive: true });
rmSync(fresh, { recursive: true });
