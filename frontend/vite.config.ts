import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

// Five builds, one a mode, each a single file with a name that never changes: `core` is the verifier by itself
// (Node 20 and browsers, no other file), `page` imports that very file, `worker` is the page's service worker,
// `roadmap` moves the roadmap's sliders, and `holder` makes and uses a holder's passkeys.
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ENTRIES: Record<string, { file: string; source: string; format: 'es' | 'iife' }> = {
  core: { file: 'verifier.js', source: 'src/verifier/index.ts', format: 'es' },
  page: { file: 'page.js', source: 'src/page/main.ts', format: 'es' },
  worker: { file: 'service-worker.js', source: 'src/page/service-worker.ts', format: 'iife' },
  roadmap: { file: 'roadmap.js', source: 'src/roadmap/main.ts', format: 'es' },
  holder: { file: 'holder.js', source: 'src/holder/main.ts', format: 'es' },
};

// The Brotli decoder travels inside verifier.js as text, so that the core is one file wherever it runs.
const INLINED = 'virtual:brotli-wasm';
const inlineBrotli: Plugin = {
  name: 'inline-brotli',
  enforce: 'pre',
  resolveId: (id) => (id === INLINED ? `\0${INLINED}` : undefined),
  load: (id) =>
    id === `\0${INLINED}`
      ? `export default '${readFileSync(here('node_modules/brotli-dec-wasm/pkg/brotli_dec_wasm_bg.wasm'), 'base64')}';`
      : undefined,
  // The address from which it would be fetched by itself never comes to be used.
  transform: (code, id) =>
    id.endsWith('brotli_dec_wasm.js')
      ? { code: code.replace('new URL("brotli_dec_wasm_bg.wasm",import.meta.url)', 'undefined'), map: null }
      : undefined,
};

export default defineConfig(({ mode }) => {
  const entry = ENTRIES[mode] ?? ENTRIES['core']!;
  return {
    // Relative addresses: the folder works wherever it is served from.
    base: './',
    publicDir: false,
    plugins: [inlineBrotli],
    resolve: { alias: mode === 'page' ? {} : { '@verifier': here('src/verifier/index.ts') } },
    // The reader's worker and its module keep their names too; the service worker tells versions apart.
    worker: {
      format: 'es',
      rollupOptions: { output: { entryFileNames: 'assets/[name].js', assetFileNames: 'assets/[name][extname]' } },
    },
    build: {
      outDir: process.env['RAHDARI_OUT_DIR'] ?? here('../src/rahdari/web/static'),
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: false,
      cssCodeSplit: false,
      assetsInlineLimit: 0,
      sourcemap: false,
      reportCompressedSize: false,
      rollupOptions: {
        input: here(entry.source),
        // What runs on the page is the file that the conformance folder runs through, not another copy of it.
        external: mode === 'page' ? ['@verifier'] : [],
        preserveEntrySignatures: 'strict',
        output: {
          format: entry.format,
          entryFileNames: entry.file,
          assetFileNames: '[name][extname]',
          paths: { '@verifier': './verifier.js' },
          codeSplitting: false,
        },
      },
    },
  };
});
