// The three ways in: camera, picture, text. What they bring goes to `found`, what went wrong is told.
import { Camera, troubleOf } from './camera';
import { Codes, ReaderFailed } from './codes';
import { byId, tell } from './elements';
import { NoText, readPicture } from './pictures';
import { say } from './words';

export type Way = 'camera' | 'photo' | 'text';
export type Found = (text: string, way: Way) => void;

const lens = byId('lens');
const open = byId<HTMLButtonElement>('camera');
const close = byId<HTMLButtonElement>('camera-stop');
const view = byId<HTMLVideoElement>('view');
const photo = byId<HTMLInputElement>('photo');
const paste = byId<HTMLDetailsElement>('paste');
const text = byId<HTMLTextAreaElement>('text');
const trouble = byId('trouble');

export class Ways {
  #codes = new Codes();
  #camera = new Camera(view, this.#codes);
  #trouble: string | undefined;

  /** `begin` is called when a picture comes while something else may stand on the screen. */
  constructor(
    private readonly found: Found,
    private readonly begin: () => void,
  ) {
    open.addEventListener('click', () => void this.look());
    close.addEventListener('click', () => {
      this.#camera.close();
      this.#showCamera(false);
      open.focus();
    });
    photo.addEventListener('change', () => {
      const file = photo.files?.[0];
      photo.value = '';
      if (file) void this.#readPhoto(file);
    });
    byId('text-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#readText();
    });
    this.#takeDrops();
    // A camera that nobody looks through is closed.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.#camera.close();
    });
  }

  /** Opens the camera until it sees a code or is closed. */
  async look(): Promise<void> {
    this.tellTrouble();
    this.#showCamera(true);
    try {
      const looking = this.#camera.look();
      close.focus();
      const seen = await looking;
      if (seen !== undefined) this.found(seen, 'camera');
    } catch (error) {
      this.tellTrouble(troubleOf(error));
    } finally {
      this.#showCamera(this.#camera.isOpen);
    }
  }

  /** Leaves nothing behind of what was read. */
  forget(): void {
    this.#camera.close();
    text.value = '';
    photo.value = '';
    this.tellTrouble();
  }

  /** Makes ready for the next pass, on the way on which the last one came. */
  resume(way: Way): void {
    if (way === 'camera') void this.look();
    else if (way === 'photo') photo.focus();
    else {
      paste.open = true;
      text.focus();
    }
  }

  /** Tells what went wrong, by its key; without one, that nothing did. */
  tellTrouble(key?: string): void {
    this.#trouble = key;
    this.retell();
  }

  retell(): void {
    trouble.hidden = this.#trouble === undefined;
    tell(trouble, this.#trouble === undefined ? '' : say(this.#trouble));
  }

  #showCamera(isOpen: boolean): void {
    open.hidden = isOpen;
    for (const one of [view, close, byId('aim')]) one.hidden = !isOpen;
  }

  async #readPhoto(file: Blob): Promise<void> {
    this.begin();
    this.tellTrouble('verifier.reading');
    try {
      const seen = await readPicture(file, this.#codes);
      this.tellTrouble();
      this.found(seen, 'photo');
    } catch (error) {
      if (error instanceof NoText) this.tellTrouble(error.trouble);
      else if (error instanceof ReaderFailed) this.tellTrouble('verifier.reader_failed');
      else throw error;
    }
  }

  #readText(): void {
    const written = text.value.trim();
    if (!written) {
      this.tellTrouble('verifier.text_empty');
      text.focus();
      return;
    }
    this.tellTrouble();
    this.found(written, 'text');
  }

  #takeDrops(): void {
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      lens.classList.add('is-dropping');
    });
    document.addEventListener('dragleave', () => lens.classList.remove('is-dropping'));
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      lens.classList.remove('is-dropping');
      const file = event.dataTransfer?.files[0];
      if (file) void this.#readPhoto(file);
    });
    document.addEventListener('paste', (event) => {
      const file = event.clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      void this.#readPhoto(file);
    });
  }
}
