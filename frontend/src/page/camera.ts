// The camera: open, look frame by frame until there is a code, close. No frame is kept.
import { ReaderFailed, type Codes } from './codes';

// A pass with a photograph is a code of 150 modules and more: smaller frames lose it.
const FRAME_SIDE_MAX = 1920;
// Every so many frames one is tried with patience: turned, shrunk, cleaned of noise.
const PATIENT_EVERY = 5;
// Between two frames the page breathes.
const PAUSE_MS = 40;

export type Trouble = 'verifier.camera_denied' | 'verifier.camera_absent' | 'verifier.camera_failed' | 'verifier.reader_failed';

export class Camera {
  #stream: MediaStream | undefined;
  #round = 0;

  constructor(
    private readonly view: HTMLVideoElement,
    private readonly codes: Codes,
  ) {}

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Opens the camera and looks until a code is seen or `close` is called; then gives the text, or nothing. */
  async look(): Promise<string | undefined> {
    const round = ++this.#round;
    const stream = await openStream();
    if (round !== this.#round) {
      stop(stream);
      return undefined;
    }
    this.#stream = stream;
    this.view.srcObject = stream;
    try {
      await this.view.play();
      return await this.#watch(round);
    } finally {
      if (round === this.#round) this.close();
    }
  }

  close(): void {
    this.#round += 1;
    if (this.#stream) stop(this.#stream);
    this.#stream = undefined;
    this.view.srcObject = null;
  }

  async #watch(round: number): Promise<string | undefined> {
    const canvas = document.createElement('canvas');
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    for (let frame = 1; pen && round === this.#round; frame += 1) {
      const pixels = grab(this.view, canvas, pen);
      const texts = pixels ? await this.codes.read(pixels, frame % PATIENT_EVERY === 0) : [];
      // Two codes at once: none is the one that was shown. Wait until there is one.
      if (texts.length === 1 && round === this.#round) return texts[0];
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return undefined;
  }
}

async function openStream(): Promise<MediaStream> {
  // Absent where the page came over plain HTTP from another machine (W3C Media Capture, 10.2).
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new DOMException('no camera without a secure address', 'NotFoundError');
  const video = { facingMode: { ideal: 'environment' }, width: { ideal: 1920 }, height: { ideal: 1080 } };
  return devices.getUserMedia({ video, audio: false });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function grab(view: HTMLVideoElement, canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D): ImageData | undefined {
  if (!view.videoWidth || !view.videoHeight) return undefined;
  const scale = Math.min(1, FRAME_SIDE_MAX / Math.max(view.videoWidth, view.videoHeight));
  canvas.width = Math.round(view.videoWidth * scale);
  canvas.height = Math.round(view.videoHeight * scale);
  pen.drawImage(view, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** Says which sentence fits what went wrong (W3C Media Capture, 10.2.1: names of the errors). */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof ReaderFailed) return 'verifier.reader_failed';
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'verifier.camera_denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'verifier.camera_absent';
  return 'verifier.camera_failed';
}
