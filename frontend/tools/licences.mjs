// Writes THIRD-PARTY-LICENSES.txt: the licence of each package whose code the bundles hold.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// What the packages themselves were compiled from; their licences are compatible with Apache-2.0.
const CONTAINS = {
  'brotli-dec-wasm': 'brotli-decompressor (BSD-3-Clause/MIT), alloc-no-stdlib (BSD-3-Clause), wasm-bindgen (MIT OR Apache-2.0)',
  'zxing-wasm': 'ZXing-C++ (Apache-2.0)',
};

export function writeLicences(root, out) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const parts = Object.keys(dependencies).sort().map((name) => section(join(root, 'node_modules', name), name));
  const head = 'The bundles in this folder hold code of the packages below, each under its own licence.\n';
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), [head, ...parts].join(`\n${'='.repeat(78)}\n\n`));
}

function section(folder, name) {
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = existsSync(folder) ? readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file)).sort() : [];
  const contains = CONTAINS[name] ? `compiled from: ${CONTAINS[name]}\n` : '';
  const bodies = texts.map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return `${name} ${version} (${license})\n${contains}\n${bodies.join('\n\n----\n\n')}\n`;
}
