// The page on the device: kept by its worker, installed if its reader wants, renewed when its reader agrees.
import { byId } from './elements';
import { putUp } from './notices';

const WORKER = '/verify/worker.js';
const SCOPE = '/verify';
// How often a page that stays open asks whether there is a newer one.
const ASK_MS = 3_600_000;

type Offer = globalThis.Event & { prompt(): Promise<unknown> };

export async function keepPage(): Promise<void> {
  offerInstall();
  // Absent on plain HTTP from another machine, and in some private windows: the page then works while it is open.
  if (!('serviceWorker' in navigator)) {
    putUp('storage', { text: 'verifier.storage_failed' });
    return;
  }
  try {
    const registration = await navigator.serviceWorker.register(WORKER, { scope: SCOPE, updateViaCache: 'none' });
    watch(registration);
    setInterval(() => void registration.update().catch(() => undefined), ASK_MS);
  } catch {
    // Without a network the worker that is already there goes on; without one, there is nothing to keep the page.
    if (!navigator.serviceWorker.controller) putUp('storage', { text: 'verifier.storage_failed' });
  }
}

function watch(registration: ServiceWorkerRegistration): void {
  const offer = (worker: ServiceWorker | null): void => {
    if (!worker || !navigator.serviceWorker.controller) return;
    const run = (): void => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      worker.postMessage('begin');
    };
    putUp('update', { text: 'verifier.update_ready', act: { key: 'verifier.update_now', run } });
  };
  offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') offer(worker);
    });
  });
}

function offerInstall(): void {
  const button = byId<HTMLButtonElement>('install');
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    button.hidden = false;
    button.onclick = () => {
      button.hidden = true;
      void (event as Offer).prompt();
    };
  });
  window.addEventListener('appinstalled', () => {
    button.hidden = true;
  });
}
