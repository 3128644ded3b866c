// Keeps the page and every file of it on the device, so that it opens with the network off.
//
// The server writes the list of files in front of this text, with a version made of all of them. A version is kept
// whole or not at all, and a page is served from one version alone: its parts always fit one another. Passes,
// status and trust never come through here.
export {};

interface Kept {
  readonly version: string;
  readonly page: string;
  readonly files: readonly string[];
}

declare const self: ServiceWorkerGlobalScope & { readonly kept: Kept };

const PREFIX = 'rahdari-verifier-';
const { version, page, files } = self.kept;
const name = PREFIX + version;

self.addEventListener('install', (event) => event.waitUntil(fill()));
self.addEventListener('activate', (event) => event.waitUntil(begin()));
self.addEventListener('message', (event) => {
  // Said by the page when its reader asks for the new version; otherwise it waits until the old one is closed.
  if (event.data === 'begin') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname === page) event.respondWith(serve(page, event.request));
  else if (isFile(url.pathname)) event.respondWith(serve(url.pathname + url.search, event.request));
});

// The reader of codes and its module lie below the page, in this worker's scope: what begins a worker must.
function isFile(path: string): boolean {
  return path.startsWith('/static/') || path.startsWith(`${page}/assets/`);
}

async function fill(): Promise<void> {
  const cache = await caches.open(name);
  // `reload`: a copy that some cache on the way holds could be of another version.
  await cache.addAll([page, ...files].map((file) => new Request(file, { cache: 'reload' })));
}

async function begin(): Promise<void> {
  const old = (await caches.keys()).filter((one) => one.startsWith(PREFIX) && one !== name);
  await Promise.all(old.map((one) => caches.delete(one)));
  await self.clients.claim();
}

async function serve(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  return (await cache.match(address)) ?? fetch(request);
}
