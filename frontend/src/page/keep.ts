// What the device keeps: one store, one transaction an update. After a power cut it is the state before or after.

const DATABASE = 'rahdari-verifier';
const STORE = 'held';
const VERSION = 1;

export type Record = readonly [key: string, value: unknown];

/** Tells what to write in view of what stands there; nothing if that is better. */
export type Draft = (held: unknown) => readonly Record[] | undefined;

/** Keeps records under names. Where the browser keeps nothing, `isKept` is false and every call is idle. */
export class Keep {
  private constructor(private readonly database: IDBDatabase | undefined) {}

  /** Opens the store; never fails: a device that keeps nothing still verifies while the page is open. */
  static async open(): Promise<Keep> {
    try {
      const opening = indexedDB.open(DATABASE, VERSION);
      opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE));
      const database = await settle(opening);
      // Another tab wants a newer version of the store: let it.
      database.addEventListener('versionchange', () => database.close());
      return new Keep(database);
    } catch {
      return new Keep(undefined);
    }
  }

  get isKept(): boolean {
    return this.database !== undefined;
  }

  /** Reads everything as it stands at one instant. */
  async readAll(): Promise<Map<string, unknown>> {
    if (!this.database) return new Map();
    const store = this.database.transaction(STORE, 'readonly').objectStore(STORE);
    const [keys, values] = await Promise.all([settle(store.getAllKeys()), settle(store.getAll())]);
    return new Map(keys.map((key, at) => [String(key), values[at] as unknown]));
  }

  /**
   * Writes all records that `draft` names or none; tells, once they are on the disk, whether they were written.
   *
   * `draft` is asked inside the transaction with what stands there under `guard`: two tabs never write an older
   * state over a newer one, nor a part beside parts of another's. Throws where the disk does not take it.
   */
  async write(guard: string, draft: Draft): Promise<boolean> {
    if (!this.database) return false;
    // W3C Indexed Database 3.0, 4.9 (durability): "strict" waits for the disk, not only for the system's memory.
    const transaction = this.database.transaction(STORE, 'readwrite', { durability: 'strict' });
    const done = new Promise<void>((resolve, reject) => {
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('the store refused')));
    });
    const store = transaction.objectStore(STORE);
    const held = store.get(guard);
    let records: readonly Record[] | undefined;
    held.addEventListener('success', () => {
      records = draft(held.result);
      for (const [key, value] of records ?? []) store.put(value, key);
    });
    await done;
    return records !== undefined;
  }

  /** Writes `records` in the place of everything, in one transaction. */
  async replaceAll(records: readonly Record[]): Promise<void> {
    if (!this.database) return;
    const transaction = this.database.transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    store.clear();
    for (const [key, value] of records) store.put(value, key);
    await new Promise((resolve, reject) => {
      transaction.addEventListener('complete', resolve);
      transaction.addEventListener('abort', reject);
    });
  }
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('the store failed')));
  });
}
