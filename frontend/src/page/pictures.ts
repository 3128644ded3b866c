// Photographs: decoded here, tried at several sizes, forgotten.
import type { Codes } from './codes';

// A photograph of a telephone has 12 to 50 megapixels and at most some 20 MB; what is larger is none.
export const PICTURE_BYTES_MAX = 25_000_000;
// A pass with a photograph is a code of 150 modules and more, each of which wants three pixels; and a code that
// fills a picture out of focus is read better when it is made smaller.
const SIDES = [2600, 1600, 4000, 1000, 640] as const;
// Turned by this much, rows of modules that lay in the blind angle of the reader's scan lines no longer do.
const TURNED = Math.PI / 6;

export type Trouble = 'verifier.picture_bad' | 'verifier.no_code' | 'verifier.several' | 'verifier.reader_failed';

/** A picture that gave no text, with the sentence that says why. */
export class NoText extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

/** Finds the one code of a picture. Throws `NoText`, `ReaderFailed`. */
export async function readPicture(file: Blob, codes: Codes): Promise<string> {
  const bitmap = await decode(file);
  try {
    for (const [side, angle] of attempts(Math.max(bitmap.width, bitmap.height))) {
      const texts = await codes.read(draw(bitmap, side, angle), true);
      if (texts.length > 1) throw new NoText('verifier.several');
      if (texts[0] !== undefined) return texts[0];
    }
  } finally {
    bitmap.close();
  }
  throw new NoText('verifier.no_code');
}

async function decode(file: Blob): Promise<ImageBitmap> {
  if (file.size > PICTURE_BYTES_MAX) throw new NoText('verifier.picture_bad');
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    throw new NoText('verifier.picture_bad');
  }
}

function* attempts(longest: number): Iterable<readonly [number, number]> {
  const sides = [...new Set(SIDES.map((side) => Math.min(side, longest)))];
  for (const side of sides) yield [side, 0];
  for (const side of sides.slice(0, 2)) yield [side, TURNED];
}

function draw(bitmap: ImageBitmap, side: number, angle: number): ImageData {
  const scale = side / Math.max(bitmap.width, bitmap.height);
  const [wide, high] = [Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale)];
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(wide * cosine + high * sine);
  canvas.height = Math.ceil(wide * sine + high * cosine);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new NoText('verifier.picture_bad');
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = 'high';
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(angle);
  pen.drawImage(bitmap, -wide / 2, -high / 2, wide, high);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
